// Events of the API as FullCalendar takes them, and as a screen reader says them.
import { computed } from "@preact/signals";

import type { CalendarEvent } from "../api/events";
import { locale } from "../preferences";
import { type Draft, faultOf, newDraft, timesOf } from "../store/drafts";
import { asOf, calendars, kindOf, zone } from "../store/entries";
import { repeatWords } from "../text/repeat";
import { spokenSpan, timeWords } from "../time/words";
import { clockAt } from "../time/zones";
import type { Rest } from "./lanes";

const ROLE_COLORS: Record<string, string> = { editor: "#0d9488", viewer: "#71717a" };
export const OWN_COLOR = "#4f46e5";
/** What an event is called as long as nobody has given it a title. */
export const NEW = "New event";

/** The colour of a kind of events, as the legend shows it. */
export function colorOf(kind: string): string {
  const own = calendars.value.find((one) => `calendar-${one.id}` === kind)?.color;
  return ROLE_COLORS[kind] ?? own ?? OWN_COLOR;
}

/** What has been said of events, in a zone and a language: the same is asked for at each drawing. */
const said = computed(() => ({ of: new WeakMap<CalendarEvent, string>(), zone: zone.value, locale: locale.value }));

export function label(entry: CalendarEvent): string {
  const known = said.value.of;
  const words = known.get(entry) ?? labelOf(entry);
  known.set(entry, words);
  return words;
}

function labelOf(entry: CalendarEvent): string {
  const parts = [
    entry.title,
    spokenSpan(entry.start_time, entry.end_time, zone.value),
    entry.location,
    entry.is_recurring && `repeats ${repeatWords(entry.recurrence_pattern as Record<string, unknown> | null)}`,
    entry.role === "owner" ? null : `you are ${entry.role}`,
    entry.status === "confirmed" ? null : entry.status,
  ];
  return parts.filter(Boolean).join(", ");
}

/** An event as FullCalendar takes it, or what stands for several. */
export interface Input {
  id: string;
  title: string;
  start: string;
  end: string;
  allDay: boolean;
  editable: boolean;
  color: string;
  kind: string;
  extendedProps: { kindClass: string; entry?: CalendarEvent; isDraft?: true; rest?: RestOfDay };
}

/** Events of a column of hours of which only the number is drawn. */
export interface RestOfDay {
  count: number;
  date: string;
  label: string;
}

/** What has been made of events: the same one is asked for each time that what is shown changes. */
const made = computed(() => ({
  of: new WeakMap<CalendarEvent, Input>(),
  isPast: asOf.value !== null,
  from: [zone.value, locale.value, calendars.value],
}));

export function entryInput(entry: CalendarEvent): Input {
  const { of: known, isPast } = made.value;
  const input = known.get(entry) ?? inputOf(entry, !isPast);
  known.set(entry, input);
  return input;
}

function inputOf(entry: CalendarEvent, isEditable: boolean): Input {
  const kind = kindOf(entry);
  const classes = ["entry", `is-${entry.status}`, entry.free_busy_status === "free" ? "is-free" : "is-busy"];
  return {
    // A new version is a new element, and so is another role, zone or language: what was said of the old one is said anew.
    id: `${entry.id} ${entry.version} ${entry.role} ${entry.occurrence ?? ""} ${zone.value} ${locale.value}`,
    title: entry.title,
    start: entry.start_time,
    end: entry.end_time,
    allDay: entry.all_day,
    editable: isEditable && entry.role !== "viewer",
    color: colorOf(kind),
    kind,
    extendedProps: { entry, kindClass: classes.join(" ") },
  };
}

/** Inputs with times as the clock shows them. */
const onClock = computed(() => ({ of: new WeakMap<Input, Input>(), zone: zone.value }));

export function clockInput(input: Input): Input {
  const { of: known, zone: at } = onClock.value;
  const clock = (instant: string) => (input.allDay ? instant : clockAt(instant, at));
  const found = known.get(input) ?? { ...input, start: clock(input.start), end: clock(input.end) };
  known.set(input, found);
  return found;
}

export function restInput(date: string, { start, end, count }: Rest): Input {
  const [from, to] = [new Date(start).toISOString(), new Date(end).toISOString()];
  const said = `${count} more from ${timeWords(from, zone.value)} to ${timeWords(to, zone.value)}`;
  return {
    id: `rest ${from} ${count} ${locale.value}`,
    title: `+${count}`,
    start: from,
    end: to,
    allDay: false,
    editable: false,
    color: "",
    kind: "rest",
    extendedProps: { kindClass: "entry is-rest", rest: { count, date, label: said } },
  };
}

export type DraftTimes = Pick<Draft, "start" | "end" | "zone" | "allDay">;

/** The event that is being made, as a shadow of itself; its title is drawn as it is typed. */
export function draftInput(times: DraftTimes): Input | null {
  const draft = { ...newDraft(times.start, times.end, times.zone, times.allDay), title: "x" };
  if (faultOf(draft)) return null;
  const { start_time: start, end_time: end } = timesOf(draft);
  return {
    id: "draft",
    title: NEW,
    start,
    end,
    allDay: draft.allDay,
    editable: false,
    color: OWN_COLOR,
    kind: "draft",
    extendedProps: { isDraft: true, kindClass: "entry is-draft" },
  };
}
