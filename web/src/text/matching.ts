// On which day a series can begin: the first that its rule names. A rule whose start does not match is refused.
import { DAYS, type Day, type Repeat } from "./repeat";

const DAY = 86_400_000;
const LONGEST = 30 * 366;

interface At {
  year: number;
  /** 1 is January. */
  month: number;
  day: number;
  /** 0 is Monday. */
  weekday: number;
  length: number;
  yearDay: number;
  yearLength: number;
  text: string;
}

function at(moment: number): At {
  const date = new Date(moment);
  const [year, month] = [date.getUTCFullYear(), date.getUTCMonth()];
  return {
    year,
    month: month + 1,
    day: date.getUTCDate(),
    weekday: (date.getUTCDay() + 6) % 7,
    length: new Date(Date.UTC(year, month + 1, 0)).getUTCDate(),
    yearDay: (moment - Date.UTC(year, 0, 1)) / DAY + 1,
    yearLength: (Date.UTC(year + 1, 0, 1) - Date.UTC(year, 0, 1)) / DAY,
    text: date.toISOString().slice(0, 10),
  };
}

const counts = (wanted: number, number: number, length: number) => wanted === number || wanted === number - length - 1;

function isOn({ day, nthOfPeriod: nth }: Day, date: At, inMonth: boolean): boolean {
  if (DAYS.indexOf(day as (typeof DAYS)[number]) !== date.weekday) return false;
  const [number, length] = inMonth ? [date.day, date.length] : [date.yearDay, date.yearLength];
  if (!nth) return true;
  return Math.ceil((nth > 0 ? number : length - number + 1) / 7) === Math.abs(nth);
}

/** The number of a day's week in the year that has most of that week, and that year (RFC 5545: weeks have four days of it). */
function weekOf({ firstDayOfWeek = "mo" }: Repeat, date: At): [number, number] {
  const begin = DAYS.indexOf(firstDayOfWeek as (typeof DAYS)[number]);
  const middle = at(Date.parse(`${date.text}T00:00:00Z`) + (3 - ((date.weekday - begin + 7) % 7)) * DAY);
  return [Math.floor((middle.yearDay - 1) / 7) + 1, middle.year];
}

function isInWeek(repeat: Repeat, wanted: readonly number[], date: At): boolean {
  const [number, year] = weekOf(repeat, date);
  const [last] = weekOf(repeat, at(Date.UTC(year, 11, 28)));
  return wanted.some((one) => counts(one, number, last));
}

/** Whether a rule, set positions apart, names a day; what it leaves out is as on `start`. */
function names(repeat: Repeat, date: At, start: At): boolean {
  const { frequency, byDay, byMonthDay, byMonth, byYearDay, byWeekNo } = repeat;
  if (byMonth?.length && !byMonth.some((one) => Number.parseInt(one, 10) === date.month)) return false;
  if (byMonthDay?.length && !byMonthDay.some((one) => counts(one, date.day, date.length))) return false;
  if (byYearDay?.length && !byYearDay.some((one) => counts(one, date.yearDay, date.yearLength))) return false;
  if (byWeekNo?.length && !isInWeek(repeat, byWeekNo, date)) return false;
  if (byDay?.length) return byDay.some((one) => isOn(one, date, frequency === "monthly" || Boolean(byMonth?.length)));
  if (byMonthDay?.length || byYearDay?.length || frequency === "daily") return true;
  if (frequency === "weekly" || byWeekNo?.length) return date.weekday === start.weekday;
  return date.day === start.day && (frequency === "monthly" || Boolean(byMonth?.length) || date.month === start.month);
}

function periodBegins({ frequency, firstDayOfWeek = "mo" }: Repeat, date: At): boolean {
  if (frequency === "weekly") return DAYS[date.weekday] === firstDayOfWeek;
  if (frequency === "monthly") return date.day === 1;
  return frequency === "daily" || date.yearDay === 1;
}

/** The first day from `from` on that a rule names; null when none does, or the page does not know the rule's parts. */
export function firstMatch(pattern: Record<string, unknown>, from: string): string | null {
  const repeat = pattern as unknown as Repeat;
  const begin = Date.parse(`${from}T00:00:00Z`);
  const start = at(begin);
  const positions = repeat.bySetPosition ?? [];
  let moment = begin;
  if (positions.length) while (!periodBegins(repeat, at(moment))) moment -= DAY;
  let period: At[] = [];
  for (const end = begin + LONGEST * DAY; moment < end; moment += DAY) {
    const date = at(moment);
    if (positions.length && periodBegins(repeat, date)) {
      const found = picked(period, positions).find((one) => one.text >= from);
      if (found) return found.text;
      period = [];
    }
    if (!names(repeat, date, start)) continue;
    if (!positions.length) return date.text;
    period.push(date);
  }
  return null;
}

const two = (number: number) => String(number).padStart(2, "0");

/** The first time of the day from `time` on that a rule names, or else the first of all. */
export function firstTime(pattern: Record<string, unknown>, time: string): string {
  const { byHour, byMinute } = pattern as unknown as Repeat;
  const [hour = 0, minute = 0] = time.split(":").map(Number);
  const hours = byHour?.length ? byHour : [hour];
  const minutes = byMinute?.length ? byMinute : [minute];
  const times = hours.flatMap((one) => minutes.map((other) => `${two(one)}:${two(other)}`)).sort();
  return times.find((one) => one >= time) ?? times[0] ?? time;
}

const picked = (period: At[], positions: number[]) =>
  period.filter((_, place) => positions.some((one) => counts(one, place + 1, period.length)));
