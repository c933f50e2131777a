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
  byYearDay?: number[];
  byWeekNo?: number[];
  byHour?: number[];
  byMinute?: number[];
  bySecond?: number[];
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
  return [every(repeat), on(repeat), inMonths(repeat), times(repeat), end(repeat)].filter(Boolean).join(" ");
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
  return repeat.frequency === "weekly" && workdays(repeat.byDay ?? []) && (repeat.interval ?? 1) === 1;
}

function every(repeat: Repeat): string {
  if (isEveryWeekday(repeat)) return "every weekday";
  const interval = repeat.interval ?? 1;
  const unit = UNITS[repeat.frequency];
  if (interval === 1) return `every ${unit}`;
  return interval === 2 ? `every second ${unit}` : `every ${interval} ${unit}s`;
}

const workdays = (days: Day[]) => days.map((one) => (one.nthOfPeriod ? "" : one.day)).join(",") === WORKDAYS;

/** "Monday and Friday", "the 1st and 3rd Monday"; weekdays of which the same ones are meant share their number. */
function weekdayList(days: Day[]): string {
  if (workdays(days)) return "weekdays";
  const nths = [...new Set(days.map((one) => one.nthOfPeriod))];
  const names = [...new Set(days.map((one) => one.day))];
  if (nths.length * names.length !== days.length || nths.some((nth) => !nth)) return listed(days.map(dayWords));
  return listed(names.map((name) => `the ${listed(nths.map((nth) => ordinal(nth!)))} ${dayName(name)}`));
}

const numbered = (numbers: number[], what: string) =>
  listed(numbers.map((one) => (one < 0 ? `the ${ordinal(one)} ${what}` : `the ${ordinal(one)}`)));

function on(repeat: Repeat): string {
  const { byDay = [], byMonthDay = [], byYearDay = [], byWeekNo = [], bySetPosition } = repeat;
  const others = [
    byMonthDay.length ? numbered(byMonthDay, "day") : "",
    byYearDay.length ? `${numbered(byYearDay, "day")}${byYearDay.some((one) => one > 0) ? " day" : ""} of the year` : "",
  ].filter(Boolean);
  const weeks = weekWords(byWeekNo);
  if (bySetPosition?.length) return [positions(repeat, bySetPosition, others), weeks].filter(Boolean).join(" ");
  if (isEveryWeekday(repeat)) return weeks;
  const parts = [byDay.length ? weekdayList(byDay) : "", ...others].filter(Boolean).map((one) => `on ${one}`);
  return [parts.join(" that falls "), weeks].filter(Boolean).join(" ");
}

/** "In weeks 20 and 30 and the last week". */
function weekWords(numbers: number[]): string {
  const [counted, fromEnd] = [numbers.filter((one) => one > 0), numbers.filter((one) => one < 0)];
  const plain = counted.length ? [`week${counted.length > 1 ? "s" : ""} ${listed(counted.map(String))}`] : [];
  const parts = [...plain, ...fromEnd.map((one) => `the ${ordinal(one)} week`)];
  return parts.length ? `in ${parts.join(" and ")}` : "";
}

/** "The last weekday": which of all that the other parts name. */
function positions({ byDay = [] }: Repeat, numbers: number[], others: string[]): string {
  const which = `the ${listed(numbers.map(ordinal))}`;
  const hasNth = byDay.some((one) => one.nthOfPeriod);
  if (!byDay.length || hasNth) return `on ${which} of ${listed([hasNth ? weekdayList(byDay) : "", ...others].filter(Boolean))}`;
  const names = byDay.map(dayWords);
  const joined = names.length < 3 ? names.join(" or ") : `${names.slice(0, -1).join(", ")} or ${names.at(-1)}`;
  const kind = byDay.length === 7 ? "day" : workdays(byDay) ? "weekday" : joined;
  return [`on ${which} ${kind}`, ...others.map((one) => `on ${one}`)].join(" that falls ");
}

const two = (number: number) => String(number).padStart(2, "0");

/** At which times of the day, when the rule says that itself. */
function times({ byHour, byMinute, bySecond }: Repeat): string {
  if (!byHour && !byMinute && !bySecond) return "";
  const seconds = bySecond ? [`second ${listed(bySecond.map(String))}`] : [];
  if (!byHour) return `at ${[...(byMinute ? [`minute ${listed(byMinute.map(String))}`] : []), ...seconds].join(" and ")}`;
  if (!byMinute) return `at ${listed(byHour.map((hour) => `${hour} o’clock`))}${seconds.length ? ` and ${seconds[0]}` : ""}`;
  const clock = byHour.flatMap((hour) => byMinute.map((minute) => `${two(hour)}:${two(minute)}`));
  return `at ${listed(clock)}${seconds.length ? ` and ${seconds[0]}` : ""}`;
}

function inMonths(repeat: Repeat): string {
  const months = repeat.byMonth?.map((one) => MONTHS[Number.parseInt(one, 10) - 1] ?? one) ?? [];
  return months.length ? `in ${listed(months)}` : "";
}

function end(repeat: Repeat): string {
  if (repeat.count) return repeat.count === 1 ? "once" : `${repeat.count} times`;
  return repeat.until ? `until ${dateWords(repeat.until)}` : "";
}
