// What a recurrence_pattern (RFC 8984) says, in words: "every 2 weeks on Tuesday until 5 March 2027".

import { weekdayOf } from "../time/zones";

export interface Day {
  day: string;
  nthOfPeriod?: number;
}

export interface Repeat {
  frequency: "daily" | "weekly" | "monthly" | "yearly";
  interval?: number;
  byDay?: Day[];
  byMonthDay?: number[];
  byMonth?: string[];
  bySetPosition?: number[];
  count?: number;
  until?: string;
  firstDayOfWeek?: string;
}

export const DAYS = ["mo", "tu", "we", "th", "fr", "sa", "su"] as const;
const NAMES = ["Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"];
const MONTHS = "January February March April May June July August September October November December".split(" ");
const WORKDAYS = "mo,tu,we,th,fr";
const UNITS = { daily: "day", weekly: "week", monthly: "month", yearly: "year" };

const listed = (words: string[]) =>
  words.length < 2 ? (words[0] ?? "") : `${words.slice(0, -1).join(", ")} and ${words.at(-1)}`;

export function ordinal(number: number): string {
  if (number === -1) return "last";
  if (number < 0) return `${ordinal(-number)} to last`;
  const tens = number % 100;
  const suffix = tens > 10 && tens < 14 ? "th" : (["th", "st", "nd", "rd"][number % 10] ?? "th");
  return `${number}${suffix}`;
}

const dayName = (day: string) => NAMES[DAYS.indexOf(day as (typeof DAYS)[number])] ?? day;
const dayWords = ({ day, nthOfPeriod }: Day) =>
  nthOfPeriod ? `the ${ordinal(nthOfPeriod)} ${dayName(day)}` : dayName(day);
const dateWords = (date: string) => {
  const [year, month, day] = date.slice(0, 10).split("-").map(Number);
  return `${day} ${MONTHS[(month ?? 1) - 1]} ${year}`;
};

/** Say when something repeats. */
export function repeatWords(pattern: Record<string, unknown> | null): string {
  if (!pattern) return "does not repeat";
  const repeat = pattern as unknown as Repeat;
  return [every(repeat), on(repeat), inMonths(repeat), end(repeat)].filter(Boolean).join(" ");
}

/** A rule that names just the day on which it begins goes along when that day moves: a series begins on its rule. */
export function followed(pattern: Record<string, unknown> | null, from: string, to: string): typeof pattern {
  if (!pattern || from === to) return pattern;
  const { byDay, byMonthDay } = pattern as unknown as Repeat;
  const [before, after] = [DAYS[weekdayOf(from) - 1], DAYS[weekdayOf(to) - 1]];
  const only = byDay?.length === 1 ? byDay[0] : undefined;
  if (only?.day === before && only?.nthOfPeriod === undefined) {
    return { ...pattern, byDay: [{ day: after }] };
  }
  const [old, young] = [Number(from.slice(8)), Number(to.slice(8))];
  return byMonthDay?.length === 1 && byMonthDay[0] === old ? { ...pattern, byMonthDay: [young] } : pattern;
}

function isEveryWeekday(repeat: Repeat): boolean {
  const days = repeat.byDay?.map((one) => (one.nthOfPeriod ? "" : one.day)).join(",");
  return repeat.frequency === "weekly" && days === WORKDAYS && (repeat.interval ?? 1) === 1;
}

function every(repeat: Repeat): string {
  if (isEveryWeekday(repeat)) return "every weekday";
  const interval = repeat.interval ?? 1;
  const unit = UNITS[repeat.frequency];
  if (interval === 1) return `every ${unit}`;
  return interval === 2 ? `every second ${unit}` : `every ${interval} ${unit}s`;
}

function on(repeat: Repeat): string {
  const days = repeat.byDay?.map(dayWords) ?? [];
  const dates = repeat.byMonthDay?.map((one) => (one === -1 ? "the last day" : `the ${ordinal(one)}`)) ?? [];
  const places = repeat.bySetPosition?.map(ordinal);
  if (places?.length && days.length) {
    const kind = days.length === 5 && !days.includes("Saturday") && !days.includes("Sunday") ? "weekday" : listed(days);
    return `on the ${listed(places)} ${days.length === 7 ? "day" : kind}`;
  }
  if (isEveryWeekday(repeat)) return "";
  const parts = [days.length ? `on ${listed(days)}` : "", dates.length ? `on ${listed(dates)}` : ""];
  return parts.filter(Boolean).join(" that falls ");
}

function inMonths(repeat: Repeat): string {
  const months = repeat.byMonth?.map((one) => MONTHS[Number.parseInt(one, 10) - 1] ?? one) ?? [];
  return months.length ? `in ${listed(months)}` : "";
}

function end(repeat: Repeat): string {
  if (repeat.count) return repeat.count === 1 ? "once" : `${repeat.count} times`;
  return repeat.until ? `until ${dateWords(repeat.until)}` : "";
}
