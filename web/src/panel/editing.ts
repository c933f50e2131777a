// One event in the side panel: what was read, what is typed, what others do to it meanwhile, and saving it.
import { computed, effect, type Signal, signal } from "@preact/signals";

import { Problem } from "../api/client";
import {
  type CalendarEvent,
  changeEvent,
  type Part,
  readReminders,
  setReminders,
  type Slot,
  type Taken,
} from "../api/events";
import { askPart, create, seenAs, takeBack } from "../store/actions";
import {
  differences,
  type Draft,
  draftOf,
  dropDraft,
  faultOf,
  fieldsOf,
  keepDraft,
  type Kept,
  keptDraft,
  newPlace,
  type Place,
} from "../store/drafts";
import { asOf, reload } from "../store/entries";
import { say, sayProblem } from "../store/undo";
import { type Clash, merged, settled } from "./merging";
import { authorOf, readEntry } from "./reading";

export interface Refused {
  conflicts: readonly Taken[];
  free: readonly Slot[];
}

/** An event that is being looked at or typed; `event` is null while it is new. */
export class Editing {
  readonly event: Signal<CalendarEvent | null>;
  readonly draft: Signal<Draft>;
  readonly base: Signal<Draft>;
  readonly clashes = signal<readonly Clash[]>([]);
  /** What has happened while it was open, one line each. */
  readonly notes = signal<readonly string[]>([]);
  readonly fault = signal<string | null>(null);
  readonly refused = signal<Refused | null>(null);
  readonly saving = signal(false);
  /** How many minutes ahead the person hears of it; of a new event, once it has been made. */
  readonly reminders = signal<readonly number[]>([]);
  readonly recovered: Signal<string | null> = signal(null);
  /** Why it cannot be saved any more: it is gone, or this date of it. What was typed is still there to be copied. */
  readonly gone = signal<string | null>(null);
  readonly isChanged = computed(() => Object.keys(differences(this.base.value, this.draft.value)).length > 0);
  readonly mayEdit = computed(() => asOf.value === null && this.event.value?.role !== "viewer");
  /** The version that the person's changes are merged with. */
  private version: number | null;
  private stop: () => void = () => undefined;
  private reminding: Promise<unknown> | null = null;
  private readonly place: Place;

  constructor(event: CalendarEvent | null, draft: Draft, kept: Kept | null = null) {
    this.event = signal(event);
    this.version = event?.version ?? null;
    this.place = event ? [event.id, event.occurrence ?? null] : newPlace(kept);
    this.base = signal(event ? draftOf(event) : draft);
    this.draft = signal(kept?.draft ?? draft);
    this.recovered.value = kept?.at ?? null;
    this.recover();
    this.stop = effect(() => this.keep());
  }

  get id(): number | null {
    return this.event.peek()?.id ?? null;
  }

  get occurrence(): string | null {
    return this.event.peek()?.occurrence ?? null;
  }

  set(change: Partial<Draft>): void {
    this.draft.value = { ...this.draft.value, ...change };
    this.fault.value = null;
    this.refused.value = null;
  }

  private keep(): void {
    const [base, draft] = [this.base.value, this.draft.value];
    if (this.isChanged.value) {
      const name = this.id === null ? this.place[1]! : undefined;
      keepDraft(this.place, { base, draft, version: this.version, at: new Date().toISOString(), name });
    } else {
      dropDraft(this.place);
    }
  }

  /** Bring back what was typed before a reload. What others changed since is merged when it is saved. */
  private recover(): void {
    const kept = this.id === null ? null : keptDraft(this.place);
    if (!kept || !this.mayEdit.peek()) return;
    const found = merged(kept.base, kept.draft, this.base.peek());
    this.draft.value = found.draft;
    this.clashes.value = found.clashes.map((group) => ({ group, theirs: this.base.peek(), chosen: null }));
    this.recovered.value = kept.at;
  }

  discard(): void {
    this.draft.value = this.base.value;
    this.clashes.value = [];
    this.recovered.value = null;
    dropDraft(this.place);
  }

  close(): void {
    this.stop();
  }

  async readReminders(): Promise<void> {
    if (this.id === null) return;
    const { minutes } = await readReminders(this.id);
    if (!this.reminding) this.reminders.value = minutes;
  }

  /** Set when the person hears of it, at once on the screen; requests go one after the other. Tells whether one went. */
  async remind(minutes: readonly number[]): Promise<boolean> {
    this.reminders.value = minutes;
    const { id } = this;
    if (id === null) return false;
    const before = this.reminding ?? Promise.resolve();
    const mine = (this.reminding = before.catch(() => undefined).then(() => setReminders(id, minutes)));
    try {
      await mine;
      return true;
    } finally {
      if (this.reminding === mine) this.reminding = null;
    }
  }

  /** Take in what somebody else has made of the event. */
  async follow(theirs: CalendarEvent | null): Promise<void> {
    const known = this.event.peek();
    if (!known) return;
    this.gone.value = theirs ? null : "This date is not part of the series any more.";
    if (!theirs) return;
    if (theirs.role !== known.role) {
      this.note(`You are ${theirs.role} now.`);
      this.event.value = { ...known, role: theirs.role };
    }
    if (theirs.version <= known.version) return;
    const author = await authorOf(theirs);
    if (this.saving.peek() || theirs.version <= (this.event.peek()?.version ?? 0)) return;
    const now = draftOf(theirs);
    const found = merged(this.base.peek(), this.draft.peek(), now);
    this.event.value = theirs;
    const linesMerge = found.clashes.length === 1 && found.clashes[0]?.name === "description";
    if (author && found.taken.length) {
      const typing = this.isChanged.peek() ? " while you typed" : "";
      this.note(`${author} changed the ${found.taken.join(" and the ")}${typing}.`);
    }
    if (linesMerge) {
      this.note(`${author ?? "You"} changed the description too; different lines are merged when you save.`);
      this.draft.value = found.draft;
      this.base.value = { ...now, description: this.base.peek().description };
      return;
    }
    this.takeIn(theirs, now, found);
  }

  /** Take both sides of what clashes: what others changed besides is taken, and each clash waits for a choice. */
  private takeIn(theirs: CalendarEvent, now: Draft, found: ReturnType<typeof merged>): void {
    this.event.value = theirs;
    this.version = theirs.version;
    this.base.value = now;
    this.draft.value = found.draft;
    const open = this.clashes.peek().filter((one) => !found.clashes.includes(one.group));
    this.clashes.value = [...open, ...found.clashes.map((group) => ({ group, theirs: now, chosen: null }))];
  }

  private note(text: string): void {
    if (this.notes.peek().at(-1) !== text) this.notes.value = [...this.notes.peek(), text].slice(-4);
  }

  choose(clash: Clash, chosen: "mine" | "theirs"): void {
    this.clashes.value = this.clashes.value.map((one) => (one === clash ? { ...one, chosen } : one));
  }

  /** Save; gives the event as it is now, or null when the person has to do something first. */
  async save(anyway = false): Promise<CalendarEvent | null> {
    const draft = settled(this.draft.peek(), this.clashes.peek());
    this.fault.value = this.gone.peek() ?? faultOf(draft);
    if (this.fault.value) return null;
    if (this.clashes.peek().some((one) => one.chosen === null)) {
      this.fault.value = "Choose which side to keep, field by field.";
      return null;
    }
    this.saving.value = true;
    try {
      const saved = await (this.event.peek() ? this.change(draft, anyway) : this.create(draft, anyway));
      if (saved) {
        dropDraft(this.place);
        this.stop();
      }
      return saved;
    } catch (error) {
      await this.explain(error);
      return null;
    } finally {
      this.saving.value = false;
    }
  }

  private async create(draft: Draft, anyway: boolean): Promise<CalendarEvent | null> {
    const made = await create(fieldsOf(draft), anyway);
    const minutes = this.reminders.peek();
    if (made && minutes.length) await setReminders(made.id, minutes).catch(sayProblem);
    return made;
  }

  private async change(draft: Draft, anyway: boolean): Promise<CalendarEvent | null> {
    const event = this.event.peek()!;
    const fields = differences(this.base.peek(), draft);
    if (!Object.keys(fields).length) return event;
    // A rule belongs to the whole series: nobody can give one occurrence another.
    const part: Part | null =
      "recurrence_pattern" in fields && !event.occurrence ? { scope: "all" } : await askPart(event, "change");
    if (!part) return null;
    const seen = part.scope === "all" ? seenAs(event) : {};
    const body = { ...fields, ...seen, base_version: this.version ?? event.version };
    const saved = await changeEvent(event.id, part, body, anyway);
    await reload();
    say(`“${saved.title}” was changed`, () => takeBack(event, saved));
    return saved;
  }

  private async explain(error: unknown): Promise<void> {
    if (!(error instanceof Problem)) throw error;
    if (error.is("schedule-conflict")) {
      const { conflicts, nearest_free: free } = error.body as { conflicts: Taken[]; nearest_free: Slot[] };
      this.refused.value = { conflicts, free };
    } else if (error.is("edit-conflict") && this.id !== null) {
      const theirs = await readEntry(this.id, this.occurrence);
      if (!theirs) {
        await this.follow(null);
        return;
      }
      const now = draftOf(theirs);
      const found = merged(this.base.peek(), this.draft.peek(), now);
      if (found.clashes.length) this.takeIn(theirs, now, found);
      else this.fault.value = error.words;
    } else {
      this.fault.value = error.words;
    }
  }
}
