// A line like "Lunch with Ben tomorrow 12:30-13:30 at Luigi's", read as an event. English, and whatever is not
// understood stays in the title: nothing that was typed gets lost.
import { addDays, addMinutes, isDate, type Wall, weekdayOf } from "../time/zones";
import { DAYS } from "./repeat";

export interface QuickLine {
  title: string;
  start: Wall;
  end: Wall;
  allDay: boolean;
  location: string | null;
  pattern: Record<string, unknown> | null;
}

const WEEKDAYS = ["monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"];
const MONTHS = ["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"];
const WEEKDAY = "(mon(?:day)?|tue(?:s(?:day)?)?|wed(?:nesday)?|thu(?:rs(?:day)?)?|fri(?:day)?|sat(?:urday)?|sun(?:day)?)";
const MONTH =
  "(jan(?:uary)?|feb(?:ruary)?|mar(?:ch)?|apr(?:il)?|may|june?|july?|aug(?:ust)?|sept?(?:ember)?|oct(?:ober)?|nov(?:ember)?|dec(?:ember)?)";
const TIME = "(\\d{1,2})(?::(\\d{2}))?\\s*(am|pm)?";

class Reader {
  constructor(
    public rest: string,
    readonly now: Wall,
  ) {}

  /** Take what matches out of the line, unless it makes no sense. */
  take(pattern: string, makesSense: (found: RegExpExecArray) => unknown = () => true): RegExpExecArray | null {
    const found = new RegExp(`(?:^|\\s)${pattern}(?=$|[\\s,.;])`, "i").exec(this.rest);
    if (!found || !makesSense(found)) return null;
    this.rest = `${this.rest.slice(0, found.index)} ${this.rest.slice(found.index + found[0].length)}`;
    return found;
  }
}

const weekdayNumber = (name: string) => WEEKDAYS.findIndex((day) => day.startsWith(name.toLowerCase().slice(0, 3))) + 1;
const monthNumber = (name: string) => MONTHS.indexOf(name.toLowerCase().slice(0, 3)) + 1;
const two = (number: number) => String(number).padStart(2, "0");

/** Read a line typed when the clock shows `now`; null when there is nothing in it. */
export function quickLine(line: string, now: Wall): QuickLine | null {
  if (!line.trim()) return null;
  const reader = new Reader(` ${line.trim()} `, now);
  const until = readUntil(reader);
  const repeat = readRepeat(reader);
  const clock = readClock(reader);
  const spent = clock ? null : readDuration(reader);
  const day = readDay(reader);
  const location = readLocation(reader);
  const title = reader.rest.replace(/\s+/g, " ").replace(/^[\s,;]+|[\s,;]+$/g, "");
  const pattern = repeat && { ...repeat.pattern, ...(until ? { until: `${until}T23:59:59` } : {}) };
  const first = firstDay(day ?? now.date, day !== null, repeat?.days ?? [], clock, now);
  const base = { title: title || line.trim(), location, pattern };
  if (!clock) {
    if (spent !== null) {
      const start = { date: first, time: nextHour(now) };
      return { ...base, start, end: addMinutes(start, spent), allDay: false };
    }
    return { ...base, start: { date: first, time: "09:00" }, end: { date: first, time: "10:00" }, allDay: true };
  }
  const start = { date: first, time: clock.from };
  const plain = { date: first, time: clock.to ?? clock.from };
  if (!clock.to) return { ...base, start, end: addMinutes(start, clock.minutes ?? 60), allDay: false };
  const end = clock.to > clock.from ? plain : { ...plain, date: addDays(first, 1) };
  return { ...base, start, end, allDay: false };
}

const nextHour = (now: Wall) => `${two(Math.min(Number(now.time.slice(0, 2)) + 1, 23))}:00`;

interface Repeated {
  pattern: Record<string, unknown>;
  days: number[];
}

function readRepeat(reader: Reader): Repeated | null {
  if (reader.take("(?:every|each)\\s+(?:week|work)day")) {
    return { pattern: { frequency: "weekly", byDay: DAYS.slice(0, 5).map((day) => ({ day })) }, days: [1, 2, 3, 4, 5] };
  }
  const step = "(second|other|third|\\d{1,3}(?:st|nd|rd|th)?)?\\s*";
  const days = reader.take(`(?:every|each)\\s+${step}${WEEKDAY}s?((?:\\s*(?:,|and|,\\s*and)\\s+${WEEKDAY})*)`);
  if (days) {
    const more = days[3]?.match(new RegExp(WEEKDAY, "gi")) ?? [];
    const numbers = [...new Set([days[2]!, ...more].map(weekdayNumber))].sort();
    const byDay = numbers.map((number) => ({ day: DAYS[number - 1] }));
    return { pattern: { frequency: "weekly", ...interval(days[1]), byDay }, days: numbers };
  }
  const unit = reader.take(`(?:every|each)\\s+${step}(day|week|month|year)s?`);
  const frequencies: Record<string, string> = { day: "daily", week: "weekly", month: "monthly", year: "yearly" };
  if (unit) return { pattern: { frequency: frequencies[unit[2]!.toLowerCase()], ...interval(unit[1]) }, days: [] };
  const word = reader.take("(daily|weekly|monthly|yearly)");
  return word ? { pattern: { frequency: word[1]!.toLowerCase() }, days: [] } : null;
}

function interval(step: string | undefined): { interval?: number } {
  const words: Record<string, number> = { second: 2, other: 2, third: 3 };
  const number = step ? (words[step.toLowerCase()] ?? Number.parseInt(step, 10)) : 1;
  return number > 1 && number <= 1000 ? { interval: number } : {};
}

interface Clock {
  from: string;
  to: string | null;
  minutes: number | null;
}

function readClock(reader: Reader): Clock | null {
  let from: string | null = null;
  let to: string | null = null;
  const isRange = (found: RegExpExecArray) => {
    const said = found[2] || found[3] || found[5] || found[6] || /from|at\s/i.test(found[0]);
    const half = found[3] ?? (found[6] && Number(found[1]) <= Number(found[4]) % 12 ? found[6] : undefined);
    [from, to] = [clockText(found[1], found[2], half), clockText(found[4], found[5], found[6])];
    return said && from && to;
  };
  if (reader.take(`(?:from\\s+|at\\s+)?${TIME}\\s*(?:-|–|to|until)\\s*${TIME}`, isRange) && from) {
    return { from, to, minutes: null };
  }
  if (reader.take("(?:at\\s+)?noon")) return { from: "12:00", to: null, minutes: readDuration(reader) };
  if (reader.take("(?:at\\s+)?midnight")) return { from: "00:00", to: null, minutes: readDuration(reader) };
  const isTime = (found: RegExpExecArray) => {
    from = clockText(found[1], found[2], found[3]);
    return from;
  };
  const taken =
    reader.take("(?:at\\s+)?(\\d{1,2}):(\\d{2})\\s*(am|pm)?", isTime) ??
    reader.take("(?:at\\s+)?(\\d{1,2})()\\s*(am|pm)", isTime) ??
    reader.take("at\\s+(\\d{1,2})(?!\\s*(?:min|hour|h\\b))", isTime);
  return taken && from ? { from, to: null, minutes: readDuration(reader) } : null;
}

function clockText(hours = "", minutes = "0", half?: string): string | null {
  let hour = Number(hours);
  if (half && (hour < 1 || hour > 12)) return null;
  if (half) hour = (hour % 12) + (half.toLowerCase() === "pm" ? 12 : 0);
  return hour < 24 && Number(minutes) < 60 ? `${two(hour)}:${two(Number(minutes))}` : null;
}

function readDuration(reader: Reader): number | null {
  const found = reader.take("(?:for\\s+)?(\\d{1,3}(?:\\.5)?)\\s*(minutes?|mins?|m|hours?|hrs?|h)");
  if (!found) return null;
  return Math.min(Number(found[1]) * (found[2]!.toLowerCase().startsWith("m") ? 1 : 60), 24 * 60);
}

function readUntil(reader: Reader): string | null {
  const kept = reader.rest;
  const found = /\suntil\s+(?=\D|\d{1,2}\s+[a-z]|\d{4}-)/i.exec(reader.rest);
  if (!found) return null;
  const after = new Reader(` ${reader.rest.slice(found.index + found[0].length)}`, reader.now);
  const date = readDay(after);
  if (!date) return null;
  reader.rest = `${kept.slice(0, found.index)} ${after.rest}`;
  return date;
}

function readDay(reader: Reader): string | null {
  const { date } = reader.now;
  if (reader.take("(?:the\\s+)?day\\s+after\\s+tomorrow")) return addDays(date, 2);
  if (reader.take("tomorrow")) return addDays(date, 1);
  if (reader.take("(?:today|tonight)")) return date;
  const later = reader.take("in\\s+(\\d{1,3})\\s+(day|week)s?");
  if (later) return addDays(date, Number(later[1]) * (later[2]!.toLowerCase() === "week" ? 7 : 1));
  const iso = reader.take("(?:on\\s+)?(\\d{4}-\\d{2}-\\d{2})", (found) => isDate(found[1]!));
  if (iso) return iso[1]!;
  return readNamedDay(reader);
}

function readNamedDay(reader: Reader): string | null {
  const { date } = reader.now;
  const number = "(?<day>\\d{1,2})(?:st|nd|rd|th)?\\.?";
  const month = MONTH.replace("(", "(?<month>");
  let said = "";
  const isDay = ({ groups }: RegExpExecArray) => {
    const inYear = (year: number) => `${year}-${two(monthNumber(groups!.month!))}-${two(Number(groups!.day))}`;
    const year = Number(groups!.year ?? date.slice(0, 4));
    said = groups!.year || inYear(year) >= date ? inYear(year) : inYear(year + 1);
    return isDate(said);
  };
  const dayFirst = reader.take(`(?:on\\s+)?${number}\\s+${month}(?:\\s+(?<year>\\d{4}))?`, isDay);
  if (dayFirst ?? reader.take(`(?:on\\s+)?${month}\\s+${number}(?:,?\\s+(?<year>\\d{4}))?`, isDay)) return said;
  const named = reader.take(`(?:on\\s+)?(next\\s+|this\\s+)?${WEEKDAY}`);
  if (!named) return null;
  const ahead = (weekdayNumber(named[2]!) - weekdayOf(date) + 7) % 7;
  return addDays(date, ahead === 0 ? 7 : ahead);
}

function readLocation(reader: Reader): string | null {
  const found = /\s(?:at|@|in)\s+([^\d\s][^,;]*?)\s*(?:[,;]|$)/i.exec(reader.rest);
  if (!found) return null;
  reader.rest = `${reader.rest.slice(0, found.index)} ${reader.rest.slice(found.index + found[0].length)}`;
  return found[1]!.trim().replace(/\.$/, "") || null;
}

/** A series begins on one of its days; a time of today that has passed means tomorrow, when no day was said. */
function firstDay(day: string, said: boolean, days: number[], clock: Clock | null, now: Wall): string {
  let first = !said && clock && day === now.date && clock.from <= now.time ? addDays(day, 1) : day;
  if (!days.length) return first;
  while (!days.includes(weekdayOf(first))) first = addDays(first, 1);
  return first;
}
