// What is open in the side panel: opening an event, making a new one, putting it aside.
import { computed, effect, signal } from "@preact/signals";

import type { CalendarEvent } from "../api/events";
import { isNarrow } from "../preferences";
import { date, go, route } from "../route";
import { type Draft, draftAt, draftOf, keptNewDraft } from "../store/drafts";
import { asOf, zone } from "../store/entries";
import { say } from "../store/undo";
import { Editing } from "./editing";

/** The event that is open, or that is being made. */
export const editing = signal<Editing | null>(null);

/** Whether the panel lies over everything else, as it does on phones: then nothing behind it can be reached. */
export const isCovered = computed(() => isNarrow.value && editing.value !== null);

/** Whether somebody wants to type as soon as what they asked for is open. */
export const typing = signal(false);

/** Make a new event; one that was being typed is gone on with, at the times that it had. */
export function openNew(): void {
  goOn(draftAt(date.peek(), zone.peek()), {});
}

/** Make a new event at times that were chosen; one that was being typed moves there. */
export function openAt(draft: Draft): void {
  const { allDay, start, end, zone: at } = draft;
  goOn(draft, { allDay, start, end, zone: at });
}

function goOn(draft: Draft, chosen: Partial<Draft>): void {
  if (isPast()) return;
  const kept = editing.peek()?.saving.peek() ? null : keptNewDraft();
  if (editing.peek()?.event.peek()) tellKept();
  close();
  editing.value = new Editing(null, draft, kept && { ...kept, draft: { ...kept.draft, ...chosen } });
}

/** What is past is only looked at; whoever wants more is told so. */
export function isPast(): boolean {
  if (asOf.peek() !== null) say("This is the calendar as it was. Go back to now to change it.");
  return asOf.peek() !== null;
}

/** Make another new event of what was typed in one line; what else was being typed stays kept. Tells whether it could. */
export function openTyped(typed: Partial<Draft>): boolean {
  if (isPast()) return false;
  openFilled(draftAt(date.peek(), zone.peek())).set(typed);
  return true;
}

function openFilled(draft: Draft): Editing {
  tellKept();
  close();
  return (editing.value = new Editing(null, draft));
}

/** Go on with a new event that was being typed before a reload. */
export function recoverNew(): void {
  const kept = keptNewDraft();
  if (kept && !editing.peek() && route.peek().event === null) editing.value = new Editing(null, kept.base, kept);
}

export function openEvent(event: CalendarEvent): void {
  go({ event: event.id, occurrence: event.occurrence ?? null, panel: "details" });
}

/** Open an event, and begin with its title. */
export function edit(event: CalendarEvent): void {
  openEvent(event);
  typing.value = true;
}

/** Say that what is open is not saved, and not lost either. */
export function tellKept(): void {
  const open = editing.peek();
  if (!open?.isChanged.peek() || open.gone.peek()) return;
  const event = open.event.peek();
  if (event) say(`“${event.title}” is not saved. What you typed is kept for when you open it again.`);
  else say("The new event is not saved. What you typed is kept for the next one.");
}

/** Close what is open without saving it. */
export function putAside(): void {
  tellKept();
  close();
}

/** Close what has been saved, unless something else is open by now. */
export function finish(saved: Editing): void {
  if (editing.peek() === saved) close();
}

export function close(): void {
  editing.peek()?.close();
  editing.value = null;
  go({ event: null, occurrence: null, panel: "details" });
}

// Whoever turns back the calendar, or comes back, has another state of the event before them.
let moment = asOf.peek();
effect(() => {
  if (moment !== asOf.value) close();
  moment = asOf.value;
});

/** A copy to make another event of. */
export function duplicate(event: CalendarEvent): void {
  if (!isPast()) openFilled({ ...draftOf(event), pattern: null });
}
