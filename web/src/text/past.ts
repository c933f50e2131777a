// What was done to a series, in words: "Tue 9 March was moved to 14:00", "The repetition changed from every week to ...".
import { weekdayOf } from "../time/zones";
import { repeatWords } from "./repeat";

const DATE = "overrides/";
const MONTHS = "January February March April May June July August September October November December".split(" ");
const WEEKDAYS = ["Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"];

/** What one date of a series has of its own. */
interface Own {
  excluded?: boolean;
  start?: string;
  duration?: string;
  [field: string]: unknown;
}

/** What is known of the series around a change. */
export interface Around {
  allDay: boolean;
  /** The year that need not be said. */
  year: string;
}

const NAMES: Record<string, string> = { free_busy_status: "availability" };
const fieldName = (field: string) => NAMES[field] ?? field.replaceAll("_", " ");

export const isDateField = (field: string) => field.startsWith(DATE);

/** "Tue 9 March", with the year if it is another one. */
function dateWords(date: string, { year }: Around): string {
  const [own, month, day] = date.slice(0, 10).split("-");
  const words = `${WEEKDAYS[weekdayOf(date.slice(0, 10)) - 1]} ${Number(day)} ${MONTHS[Number(month) - 1]}`;
  return own === year ? words : `${words} ${own}`;
}

/** The date of a series that a field is about. */
export const dateFieldWords = (field: string, around: Around) => dateWords(field.slice(DATE.length), around);

const UNITS: [RegExp, string][] = [
  [/(\d+)W/, "week"],
  [/(\d+)D/, "day"],
  [/T.*?(\d+)H/, "hour"],
  [/T.*?(\d+)M/, "minute"],
  [/T.*?(\d+)(?:\.\d+)?S/, "second"],
];

/** "1 hour and 30 minutes" of PT1H30M. */
function durationWords(duration: string): string {
  const parts = UNITS.flatMap(([unit, name]) => {
    const number = Number(unit.exec(duration)?.[1] ?? 0);
    return number ? [`${number} ${name}${number === 1 ? "" : "s"}`] : [];
  });
  return parts.join(" and ") || "no time";
}

/** A sentence about a change of how a series repeats, or of one of its dates; null for other fields. */
export function pastWords(field: string, before: unknown, after: unknown, around: Around): string | null {
  if (field === "recurrence_pattern") return repetitionWords(before as Pattern, after as Pattern);
  if (!isDateField(field)) return null;
  const date = field.slice(DATE.length);
  return `${dateWords(date, around)} ${ownWords(date, (before ?? {}) as Own, (after ?? {}) as Own, around)}.`;
}

type Pattern = Record<string, unknown> | null;

function repetitionWords(before: Pattern, after: Pattern): string {
  if (!after) return "It does not repeat any more.";
  if (!before) return `It repeats ${repeatWords(after)} now.`;
  return `The repetition changed from ${repeatWords(before)} to ${repeatWords(after)}.`;
}

function ownWords(date: string, before: Own, after: Own, around: Around): string {
  if (after.excluded) return "was taken out";
  if (!Object.keys(after).length) return before.excluded ? "takes place again" : "is like all the others again";
  const parts = [moveWords(date, before, after, around), lengthWords(before, after), ...textWords(before, after)];
  const said = parts.filter(Boolean).join(", ");
  return before.excluded ? `takes place again, and ${said}` : said || "has nothing new";
}

function moveWords(date: string, before: Own, after: Own, around: Around): string {
  if (before.start === after.start) return "";
  const to = after.start ?? date;
  const isElsewhen = to.slice(0, 10) !== date.slice(0, 10);
  const time = around.allDay ? "" : to.slice(11, 16);
  const where = [isElsewhen || !time ? dateWords(to, around) : "", time].filter(Boolean).join(", ");
  return after.start ? `was moved to ${where}` : `was moved back to ${where}`;
}

function lengthWords(before: Own, after: Own): string {
  if (before.duration === after.duration) return "";
  return after.duration ? `lasts ${durationWords(after.duration)}` : "lasts as long as all the others";
}

function textWords(before: Own, after: Own): string[] {
  const names = [...new Set([...Object.keys(before), ...Object.keys(after)])];
  const own = names.filter((name) => !["excluded", "start", "duration"].includes(name) && before[name] !== after[name]);
  return own.map((name) => {
    if (!(name in after)) return `has the ${fieldName(name)} of all the others`;
    const value = after[name];
    return value === null || value === "" ? `has no ${fieldName(name)}` : `has the ${fieldName(name)} “${String(value)}”`;
  });
}
