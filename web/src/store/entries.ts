// The events and occurrences between two dates, as the calendar shows them: now, or as they were.
import { computed, effect, signal } from "@preact/signals";

import { askFor, Problem } from "../api/client";
import { type CalendarEvent, listBetween } from "../api/events";
import { me, sessionState } from "../api/session";
import { hidden } from "../preferences";
import { instantOf } from "../time/zones";

export interface Calendar {
  id: number;
  name: string;
  color: string | null;
}

interface Days {
  from: string;
  to: string;
}

/** What is shown: whole days in the person's zone, the end exclusive. */
export const shown = signal<Days | null>(null);
/** The moment at which the time machine stands; null is now. */
export const asOf = signal<string | null>(null);
export const entries = signal<readonly CalendarEvent[]>([]);
export const loading = signal(false);
export const trouble = signal<string | null>(null);
export const calendars = signal<readonly Calendar[]>([]);

export const zone = computed(() => me.value?.time_zone ?? "UTC");
export const hiddenKinds = computed(() => new Set(hidden.value.split(",").filter(Boolean)));

/** What an event is to the person, as the legend names it: their own calendar, or a role. */
export function kindOf(event: CalendarEvent): string {
  return event.role === "owner" ? `calendar-${event.calendar_id}` : event.role;
}

/** What was read, with what says the same as before as it was before: that is not drawn again. */
function withKnown(found: readonly CalendarEvent[]): readonly CalendarEvent[] {
  const keyOf = ({ id, occurrence }: CalendarEvent) => `${id} ${occurrence}`;
  const before = new Map(entries.peek().map((entry) => [keyOf(entry), entry]));
  return found.map((entry) => {
    const known = before.get(keyOf(entry));
    return known && JSON.stringify(known) === JSON.stringify(entry) ? known : entry;
  });
}

/** Whether what was read of some days is all that is there of them. */
function isShown(found: readonly CalendarEvent[], days: Days): boolean {
  const shown = entriesIn(days, entries.peek());
  return shown.length === found.length && shown.every((entry, index) => entry === found[index]);
}

/** Those that are in some days, if only in part. */
export function entriesIn({ from, to }: Days, all: readonly CalendarEvent[]): readonly CalendarEvent[] {
  const [first, last] = [from.slice(0, 10), to.slice(0, 10)];
  const [begin, end] = [first, last].map((date) => Date.parse(instantOf({ date, time: "00:00" }, zone.value)));
  const isIn = ({ all_day: isDay, start_time: start, end_time: stop }: CalendarEvent) =>
    isDay ? start < last && stop > first : Date.parse(start) < end! && Date.parse(stop) > begin!;
  return all.filter(isIn);
}

let asking: AbortController | null = null;

/** Read what is shown anew; a request that is overtaken is given up. */
export async function reload(): Promise<void> {
  const window = shown.peek();
  if (!window || sessionState.peek() !== "in") return;
  asking?.abort();
  const mine = (asking = new AbortController());
  loading.value = true;
  try {
    const found = withKnown(await listBetween(window.from, window.to, asOf.peek(), mine.signal));
    if (!isShown(found, window)) entries.value = found;
    trouble.value = null;
  } catch (error) {
    if (mine.signal.aborted) return;
    if (!(error instanceof Problem)) throw error;
    if (error.status === 401) return; // whose session has ended is asked to sign in
    trouble.value = error.words;
  } finally {
    if (asking === mine) loading.value = false;
  }
}

effect(() => {
  if (shown.value && sessionState.value === "in") void reload();
  void asOf.value;
});

let soon: ReturnType<typeof setTimeout> | undefined;

/** Read anew in a moment: many changes at once are one request. */
export function reloadSoon(): void {
  clearTimeout(soon);
  soon = setTimeout(() => void reload(), 120);
}

export async function loadCalendars(): Promise<void> {
  calendars.value = await askFor<Calendar[]>("GET", "/calendars");
}
