// Dates and times in words, in the language that a person chose.
import { locale } from "../preferences";
import { addDays } from "./zones";

const formats = new Map<string, Intl.DateTimeFormat>();

function format(options: Intl.DateTimeFormatOptions, key = `${locale.value} ${JSON.stringify(options)}`): Intl.DateTimeFormat {
  let found = formats.get(key);
  if (!found) {
    found = new Intl.DateTimeFormat(locale.value, options);
    formats.set(key, found);
  }
  return found;
}

const atNoon = (date: string) => new Date(`${date}T12:00:00Z`);

export function dayWords(date: string, style: "long" | "short" = "long"): string {
  const long = style === "long";
  return format({
    weekday: long ? "long" : "short",
    day: "numeric",
    month: long ? "long" : "short",
    timeZone: "UTC",
  }).format(atNoon(date));
}

/** A day of any year: "Sunday, 22 November 2026". */
export function wholeDayWords(date: string, style: "long" | "short" = "long"): string {
  return format({ weekday: style, day: "numeric", month: style, year: "numeric", timeZone: "UTC" }).format(atNoon(date));
}

/** "23 Nov" */
export function dateWords(date: string): string {
  return format({ day: "numeric", month: "short", timeZone: "UTC" }).format(atNoon(date));
}

export function monthWords(date: string, style: "long" | "short" = "long"): string {
  return format({ month: style, year: "numeric", timeZone: "UTC" }).format(atNoon(date));
}

export function rangeWords(from: string, to: string): string {
  return format({ day: "numeric", month: "short", year: "numeric", timeZone: "UTC" }).formatRange(atNoon(from), atNoon(to));
}

export function weekdayWords(weekday: number, style: "long" | "short" | "narrow" = "long"): string {
  return format({ weekday: style, timeZone: "UTC" }).format(atNoon(addDays("2024-01-01", weekday - 1)));
}

/** 1 is January. */
export function monthNameWords(month: number, style: "long" | "short" = "long"): string {
  return format({ month: style, timeZone: "UTC" }).format(atNoon(`2024-${String(month).padStart(2, "0")}-01`));
}

export function timeWords(instant: string, zone: string): string {
  // Asked for thousands of times: even its key is made as cheaply as can be.
  const clock = format({ hour: "2-digit", minute: "2-digit", timeZone: zone }, `clock ${locale.value} ${zone}`);
  return clock.format(Date.parse(instant));
}

/** What a clock shows at an hour and a minute. */
export function clockWords(hour: number, minute: number): string {
  return timeWords(new Date(Date.UTC(2024, 0, 1, hour, minute)).toISOString(), "UTC");
}

export function momentWords(instant: string, zone: string): string {
  return format({ dateStyle: "medium", timeStyle: "short", timeZone: zone }).format(new Date(instant));
}

/** "Thu 26 Nov, 10:00 – 11:00"; all-day ends are exclusive. */
export function spanWords(start: string, end: string, zone: string): string {
  if (start.length === 10) {
    const last = addDays(end, -1);
    return last === start ? dayWords(start, "short") : rangeWords(start, last);
  }
  return format({
    weekday: "short",
    day: "numeric",
    month: "short",
    hour: "2-digit",
    minute: "2-digit",
    timeZone: zone,
  }).formatRange(new Date(start), new Date(end));
}

/** "Thu 26 Nov, 10:00 to 11:00": as it is said, and quicker than `spanWords`, for labels of which there are thousands. */
export function spokenSpan(start: string, end: string, zone: string): string {
  if (start.length === 10) return spanWords(start, end, zone);
  const day = format({ weekday: "short", day: "numeric", month: "short", timeZone: zone });
  const [from, to] = [day.format(new Date(start)), day.format(new Date(end))];
  const [begins, ends] = [timeWords(start, zone), timeWords(end, zone)];
  return from === to ? `${from}, ${begins} to ${ends}` : `${from}, ${begins} to ${to}, ${ends}`;
}

const AGO: [Intl.RelativeTimeFormatUnit, number][] = [
  ["year", 31_536_000],
  ["month", 2_592_000],
  ["week", 604_800],
  ["day", 86_400],
  ["hour", 3_600],
  ["minute", 60],
];

export function agoWords(instant: string): string {
  const seconds = (new Date(instant).getTime() - Date.now()) / 1000;
  const words = new Intl.RelativeTimeFormat(locale.value, { numeric: "auto" });
  for (const [unit, size] of AGO) {
    if (Math.abs(seconds) >= size) return words.format(Math.round(seconds / size), unit);
  }
  return words.format(0, "second");
}

const AHEAD: [string, number][] = [
  ["week", 10_080],
  ["day", 1_440],
  ["hour", 60],
  ["minute", 1],
];

/** How long before something begins, in the largest unit that says it exactly. */
export function aheadWords(minutes: number): string {
  const [unit, size] = AHEAD.find(([, one]) => minutes % one === 0)!;
  if (minutes === 0) return "when it begins";
  const count = minutes / size;
  return `${count} ${unit}${count === 1 ? "" : "s"} before`;
}
