// A line like "Lunch with Ben tomorrow 12:30-13:30 at Luigi's", read as an event. English, and whatever is not
// understood stays in the title: nothing that was typed gets lost.
import { addDays, addMinutes, isDate, minutesBetween, type Wall, weekdayOf } from "../time/zones";
import { type Clock, readAhead, readClock, readDuration, readHours } from "./quickclock";
import { GAP, MONTH, monthNumber, Reader, two, WEEKDAY, weekdayNumber } from "./reader";
import { DAYS } from "./repeat";

export interface QuickLine {
  title: string;
  start: Wall;
  end: Wall;
  allDay: boolean;
  location: string | null;
  pattern: Record<string, unknown> | null;
}

/** Read a line typed when the clock shows `now`; null when there is nothing in it. */
export function quickLine(line: string, now: Wall): QuickLine | null {
  if (!line.trim()) return null;
  return understood(line, now, true) ?? understood(line, now, false);
}

/** Null when the line says until when, and that makes no sense with the rest of it: then it is a part of the title. */
function understood(line: string, now: Wall, mayEnd: boolean): QuickLine | null {
  const reader = new Reader(` ${line.trim()} `, now);
  const repeat = readRepeat(reader);
  const until = mayEnd ? readUntil(reader) : null;
  const said = readClock(reader);
  const day = readDay(reader);
  const clock = said ?? (day ? readHours(reader) : null);
  const ahead = clock || day || repeat ? null : readAhead(reader);
  const spent = clock ? null : readDuration(reader);
  const location = readLocation(reader);
  const title = reader.rest.replace(/\s+/g, " ").replace(/^[\s,;]+|[\s,;.]+$/g, "");
  const first = firstDay(day ?? now.date, day !== null, repeat?.fits, clock, now);
  const start = startOf(first, clock, ahead, spent, now);
  const last = until && lastDay(until, first, now);
  if (until && !last) return null;
  const pattern = repeat && { ...repeat.pattern, ...(last ? { until: `${last}T23:59:59` } : {}) };
  const base = { title: title || line.trim(), location, pattern };
  if (!start) {
    const end = { date: (!repeat && last) || first, time: "10:00" };
    return { ...base, start: { date: first, time: "09:00" }, end, allDay: true };
  }
  if (!last || repeat) return { ...base, start, end: addMinutes(start, clock?.minutes ?? spent ?? 60), allDay: false };
  const end = until.time && !clock?.minutes && !spent ? { date: last, time: until.time } : null;
  return end && minutesBetween(start, end) > 0 ? { ...base, start, end, allDay: false } : null;
}

/** Null when nothing was said that makes it begin at a time. */
function startOf(date: string, clock: Clock | null, ahead: number | null, spent: number | null, now: Wall): Wall | null {
  if (clock) return { date, time: clock.from };
  if (ahead !== null) return addMinutes(now, ahead);
  return spent === null ? null : { date, time: nextHour(now) };
}

const nextHour = (now: Wall) => `${two(Math.min(Number(now.time.slice(0, 2)) + 1, 23))}:00`;

// -- how often -----------------------------------------------------------------------------------------------

interface Repeated {
  pattern: Record<string, unknown>;
  /** Whether the series can begin on a day. */
  fits: (date: string) => boolean;
}

const onDays = (numbers: number[]) => (date: string) => numbers.includes(weekdayOf(date));

function readRepeat(reader: Reader): Repeated | null {
  if (reader.take("(?:every|each)\\s+(?:week|work)day")) {
    const byDay = DAYS.slice(0, 5).map((day) => ({ day }));
    return { pattern: { frequency: "weekly", byDay }, fits: onDays([1, 2, 3, 4, 5]) };
  }
  const nth = readNth(reader);
  if (nth) return nth;
  const step = "(second|other|third|\\d{1,3}(?:st|nd|rd|th)?)?\\s*";
  const days = reader.take(`(?:every|each)\\s+${step}${WEEKDAY}s?((?:\\s*(?:/|&|,\\s*and\\s|,|\\sand\\s)\\s*${WEEKDAY}s?)*)`);
  if (days) {
    const more = days[3]?.match(new RegExp(WEEKDAY, "gi")) ?? [];
    const numbers = [...new Set([days[2]!, ...more].map(weekdayNumber))].sort();
    const byDay = numbers.map((number) => ({ day: DAYS[number - 1] }));
    return { pattern: { frequency: "weekly", ...interval(days[1]), byDay }, fits: onDays(numbers) };
  }
  const unit = reader.take(`(?:every|each)\\s+${step}(day|week|month|year)s?`);
  const frequencies: Record<string, string> = { day: "daily", week: "weekly", month: "monthly", year: "yearly" };
  const fits = () => true;
  if (unit) return { pattern: { frequency: frequencies[unit[2]!.toLowerCase()], ...interval(unit[1]) }, fits };
  const word = reader.take("(daily|weekly|monthly|yearly)");
  return word ? { pattern: { frequency: word[1]!.toLowerCase() }, fits } : null;
}

const NTH: Record<string, number> = { first: 1, "1st": 1, second: 2, "2nd": 2, third: 3, "3rd": 3, fourth: 4, "4th": 4, last: -1 };

/** "Every first Monday" is one of the month; "every second Tuesday" is one of two weeks, unless it says "of the month". */
function readNth(reader: Reader): Repeated | null {
  const found =
    reader.take(`(?:every|each)\\s+(${Object.keys(NTH).join("|")})\\s+${WEEKDAY}\\s+(?:of|in)\\s+(?:the|a|each|every)\\s+month`) ??
    reader.take(`(?:every|each)\\s+(first|1st|last)\\s+${WEEKDAY}`);
  if (!found) return null;
  const [nth, number] = [NTH[found[1]!.toLowerCase()]!, weekdayNumber(found[2]!)];
  const fits = (date: string) =>
    weekdayOf(date) === number &&
    (nth < 0 ? addDays(date, 7).slice(0, 7) > date.slice(0, 7) : Math.ceil(Number(date.slice(8)) / 7) === nth);
  return { pattern: { frequency: "monthly", byDay: [{ day: DAYS[number - 1], nthOfPeriod: nth }] }, fits };
}

function interval(step: string | undefined): { interval?: number } {
  const words: Record<string, number> = { second: 2, other: 2, third: 3 };
  const number = step ? (words[step.toLowerCase()] ?? Number.parseInt(step, 10)) : 1;
  return number > 1 && number <= 1000 ? { interval: number } : {};
}

// -- days ----------------------------------------------------------------------------------------------------

interface Until {
  /** The words, which mean a day only once it is known when the event begins. */
  words: string;
  time: string | null;
}

function readUntil(reader: Reader): Until | null {
  const found = /\suntil(?=\s+(?:\D|\d{1,2}(?:st|nd|rd|th)?\s+[a-z]|\d{4}-))/i.exec(reader.rest);
  if (!found) return null;
  const words = reader.rest.slice(found.index + found[0].length);
  const after = new Reader(words, reader.now);
  // Only a day right behind "until" is meant: not that of "until late tomorrow".
  if (!readDay(after) || !after.rest.startsWith(GAP)) return null;
  const behind = /^\s*(?:at\s+)?\d{1,2}(?::\d{2})?\s*(?:[ap]m)?(?=[\s,;])/i.exec(after.rest)?.[0];
  const time = behind ? readClock(new Reader(` at ${behind.trim().replace(/^at\s+/i, "")} `, reader.now)) : null;
  const left = time && behind ? after.rest.slice(behind.length) : after.rest;
  reader.rest = `${reader.rest.slice(0, found.index)}${GAP}${left}`;
  return { words, time: time?.from ?? null };
}

/** "Monday until Friday" means the Friday after that Monday. */
function lastDay({ words }: Until, first: string, now: Wall): string | null {
  const days = [now.date, first].map((date) => readDay(new Reader(words, { ...now, date })));
  return days.find((day) => day !== null && day >= first) ?? null;
}

function readDay(reader: Reader): string | null {
  const { date } = reader.now;
  if (reader.take("(?:the\\s+)?day\\s+after\\s+tomorrow")) return addDays(date, 2);
  if (reader.take("tomorrow")) return addDays(date, 1);
  if (reader.take("(?:today|tonight)")) return date;
  if (reader.take("next\\s+week")) return addDays(date, 8 - weekdayOf(date));
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

/** A series begins on one of its days; a time of today that has passed means tomorrow, when no day was said. */
function firstDay(day: string, said: boolean, fits: Repeated["fits"] | undefined, clock: Clock | null, now: Wall): string {
  let first = !said && clock && day === now.date && clock.from <= now.time ? addDays(day, 1) : day;
  while (fits && !fits(first)) first = addDays(first, 1);
  return first;
}

// -- places --------------------------------------------------------------------------------------------------

const KINDS =
  "home|work|office|room|hall|school|church|gym|park|library|café|cafe|restaurant|pub|bar|station|airport|hotel|house|garden|" +
  "kitchen|lobby|theatre|theater|cinema|museum|studio|clinic|hospital|beach|pool|campus|building|lab|canteen|cafeteria";
const PART = `(?:meeting|conference|main|big|small|of|and|&|${KINDS}|[\\p{Lu}\\d][^\\s,;]*)`;
const PLACE = `(?:the |our |my )?(?:(?:meeting |conference |main |big |small )?(?:${KINDS})|\\p{Lu}[^\\s,;]*)(?: ${PART})*`;

/** "@ anything"; after "at" or "in" only names and kinds of places, up to the end: "Work in progress" is a title. */
function readLocation(reader: Reader): string | null {
  const found =
    /(?:^|\s)@ +([^,;\n]+)/.exec(reader.rest) ??
    new RegExp(`(?:^|\\s)(?:[Aa]t |[Ii]n |@)(${PLACE})(?=\\s*$|${GAP}|[ ]*[,;])`, "u").exec(reader.rest);
  if (!found) return null;
  reader.rest = `${reader.rest.slice(0, found.index)} ${reader.rest.slice(found.index + found[0].length)}`;
  return found[1]!.trim().replace(/\.$/, "") || null;
}
