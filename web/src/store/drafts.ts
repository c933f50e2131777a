// What a person types about an event: form fields, what of them differs from what was read, and where they survive
// a reload, a closed panel and an expired session.
import type { CalendarEvent, Fields, Pattern } from "../api/events";
import { me } from "../api/session";
import { tooLongWords } from "../text/lengths";
import { addDays, addMinutes, instantOf, nowWall, type Wall, wallOf } from "../time/zones";

const HOUR = 60;

/** An event as the form holds it; of all-day events, `end.date` is the last day. */
export interface Draft {
  title: string;
  allDay: boolean;
  start: Wall;
  end: Wall;
  zone: string;
  /** The instants that were read: on the night that clocks go back, a wall time does not tell which of two it is. */
  read?: { start: string; end: string };
  location: string;
  description: string;
  tags: string;
  pattern: Pattern | null;
  status: Fields["status"];
  busy: boolean;
}

export function draftOf(event: CalendarEvent): Draft {
  const day = event.all_day;
  return {
    title: event.title,
    allDay: day,
    start: day ? { date: event.start_time, time: "09:00" } : wallOf(event.start_time, event.time_zone),
    end: day ? { date: addDays(event.end_time, -1), time: "10:00" } : wallOf(event.end_time, event.time_zone),
    zone: event.time_zone,
    read: day ? undefined : { start: event.start_time, end: event.end_time },
    location: event.location ?? "",
    description: event.description ?? "",
    tags: event.tags.join(", "),
    pattern: (event.recurrence_pattern as Pattern | null) ?? null,
    status: event.status,
    busy: event.free_busy_status === "busy",
  };
}

export function newDraft(start: Wall, end: Wall, zone: string, allDay = false): Draft {
  const empty = { title: "", location: "", description: "", tags: "", pattern: null };
  return { ...empty, allDay, start, end, zone, status: "confirmed", busy: !allDay };
}

/** Where a new event begins on a day: today with the next full hour, else in the morning. */
export function draftAt(date: string, zone: string): Draft {
  const now = nowWall(zone);
  const hour = { date, time: `${now.time.slice(0, 2)}:00` };
  const begin = date === now.date ? addMinutes(hour, HOUR) : { date, time: "09:00" };
  return newDraft(begin, addMinutes(begin, HOUR), zone);
}

export function timesOf(draft: Draft): Pick<Fields, "start_time" | "end_time"> {
  if (draft.allDay) return { start_time: draft.start.date, end_time: draft.end.date && addDays(draft.end.date, 1) };
  const { start, end, zone, read } = draft;
  return { start_time: instantLike(start, zone, read?.start), end_time: instantLike(end, zone, read?.end) };
}

/** The instant that was read, as long as the form still says its wall time; nothing for a date that is not complete. */
function instantLike(wall: Wall, zone: string, read?: string): string {
  if (!wall.date) return "";
  if (read) {
    const was = wallOf(read, zone);
    if (was.date === wall.date && was.time === wall.time) return read;
  }
  return instantOf(wall, zone);
}

export function fieldsOf(draft: Draft): Fields {
  return {
    ...timesOf(draft),
    title: draft.title.trim(),
    description: draft.description || null,
    time_zone: draft.zone,
    all_day: draft.allDay,
    location: draft.location.trim() || null,
    status: draft.status,
    free_busy_status: draft.busy ? "busy" : "free",
    tags: tagsOf(draft),
    recurrence_pattern: draft.pattern,
  };
}

const tagsOf = (draft: Draft) => [...new Set(draft.tags.split(",").map((tag) => tag.trim()))].filter(Boolean);

const SCHEDULE = ["start_time", "end_time", "time_zone", "all_day"] as const;

/** What differs; the four fields of a time go together, because one of them alone means another time. */
export function differences(before: Draft, after: Draft): Partial<Fields> {
  const [old, young] = [fieldsOf(before), fieldsOf(after)];
  const changed = (Object.keys(young) as (keyof Fields)[]).filter(
    (name) => JSON.stringify(old[name]) !== JSON.stringify(young[name]),
  );
  const times = SCHEDULE.some((name) => changed.includes(name)) ? SCHEDULE : [];
  return Object.fromEntries([...new Set([...changed, ...times])].map((name) => [name, young[name]]));
}

/** Which text is too long, and by how much; null when all of them fit. */
function lengthFaultOf(draft: Draft): string | null {
  const { title, location, description } = draft;
  return (
    tooLongWords("title", title.trim()) ??
    tooLongWords("location", location.trim()) ??
    tooLongWords("description", description) ??
    tagsOf(draft).map((tag) => tooLongWords("tag", tag)).find(Boolean) ??
    null
  );
}

/** What is wrong with a draft, for the person who types it; null when it can be saved. */
export function faultOf(draft: Draft): string | null {
  if (!draft.title.trim()) return "Give the event a title.";
  const tooLong = lengthFaultOf(draft);
  if (tooLong) return tooLong;
  if (!draft.start.date || !draft.end.date) return "Choose a start and an end.";
  if (draft.allDay) return draft.end.date < draft.start.date ? "The last day is before the first." : null;
  if (!draft.start.time || !draft.end.time) return "Choose a time, or make it all-day.";
  const { start_time: start, end_time: end } = timesOf(draft);
  return new Date(end) <= new Date(start) ? "The end is not after the start." : null;
}

// -- what survives -------------------------------------------------------------------------------------------

export interface Kept {
  draft: Draft;
  /** What the form showed before anything was typed. */
  base: Draft;
  version: number | null;
  at: string;
  /** Of a new event: what tells it from others that are not saved yet. */
  name?: string;
}

const randomName = () => Math.random().toString(36).slice(2);

/** Each tab has its own, so that saving in one loses nothing in another; a reload keeps its name. */
const TAB = (() => {
  const named = sessionStorage.getItem("convene.tab") ?? randomName();
  sessionStorage.setItem("convene.tab", named);
  return named;
})();

const mine = () => `convene.draft.${me.peek()?.id}.`;
/** Where a draft is kept: by its event and occurrence, a new one by a name of its own. */
export type Place = readonly [event: number | null, occurrence: string | null];
export const newPlace = (kept: Kept | null): Place => [null, kept?.name ?? randomName()];

const keyOf = ([event, occurrence]: Place) => `${mine()}${event ?? "new"}${occurrence ? `.${occurrence}` : ""}@`;

const keysLike = (beginning: string) => Object.keys(localStorage).filter((key) => key.startsWith(beginning));
const keptAt = (key: string) => JSON.parse(localStorage.getItem(key)!) as Kept;

export function keepDraft(place: Place, kept: Kept): void {
  localStorage.setItem(keyOf(place) + TAB, JSON.stringify(kept));
}

/** What was typed in this tab, or else, last, in another one that may be gone. */
export function keptDraft(place: Place): Kept | null {
  return newest(keysLike(keyOf(place)));
}

/** The same, of new events. */
export function keptNewDraft(): Kept | null {
  return newest(keysLike(`${mine()}new.`));
}

function newest(keys: string[]): Kept | null {
  const own = keys.filter((key) => key.endsWith(`@${TAB}`));
  const all = (own.length ? own : keys).map(keptAt);
  return all.sort((one, other) => other.at.localeCompare(one.at))[0] ?? null;
}

/** Forget what was typed in this tab, and copies of it in tabs that are gone. */
export function dropDraft(place: Place): void {
  const key = keyOf(place);
  const text = localStorage.getItem(key + TAB);
  const typed = text && JSON.stringify((JSON.parse(text) as Kept).draft);
  localStorage.removeItem(key + TAB);
  for (const other of keysLike(key)) {
    if (typed && JSON.stringify(keptAt(other).draft) === typed) localStorage.removeItem(other);
  }
}

const lineKey = () => `${mine()}line@${TAB}`;

/** The quick line that was typed in this tab and not entered yet. */
export const keptLine = () => localStorage.getItem(lineKey()) ?? "";

export function keepLine(text: string): void {
  if (text) localStorage.setItem(lineKey(), text);
  else localStorage.removeItem(lineKey());
}

/** Forget everything that was typed: whoever signs out leaves nothing behind. */
export function dropDrafts(): void {
  for (const key of keysLike(mine())) localStorage.removeItem(key);
}
