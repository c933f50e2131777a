// Days with more events than can be seen: FullCalendar would draw and measure each of them to find that out. It gets as
// many as may be seen, and how many others there are.
import { signal } from "@preact/signals";

import { zone } from "../store/entries";
import { addDays, instantOf } from "../time/zones";
import { type Input, restInput } from "./inputs";
import { columnOf } from "./lanes";

/** The day that was asked for as a whole. */
export const wholeDay = signal<string | null>(null);
/** How many events of a day FullCalendar does not know of, in the month. */
export const leftOut = signal<ReadonlyMap<string, number>>(new Map());

/** No line of the month is lower, in pixels, nor is the number of a day above them; and a month has six weeks. */
const LINE_PX = 24;
const WEEKS = 6;
/** Beside the columns of hours stand the hours themselves, and a lane that is narrower cannot be read. */
const HOURS_PX = 60;
const LANE_PX = 42;
const LANES = { least: 2, most: 12 };

/** One more than can be seen of a day, and never none: what is not seen is what makes FullCalendar tell of more. */
const linesMax = () => Math.max(Math.floor(innerHeight / WEEKS / LINE_PX), 1);

/** How many lines a day of the month gets. */
export const lines = signal(linesMax());
addEventListener("resize", () => (lines.value = linesMax()));

/** How wide the calendar is, in pixels: to ask for it while a view is drawn would have what is half drawn laid out. */
let width = innerWidth;

/** Follow the width of the calendar; gives what ends it. */
export function watchWidth(calendar: Element): () => void {
  width = calendar.clientWidth;
  const watching = new ResizeObserver(([found]) => (width = found!.contentRect.width));
  watching.observe(calendar);
  return () => watching.disconnect();
}

function lanesMax(columns: number): number {
  return Math.min(Math.max(Math.floor((width - HOURS_PX) / columns / LANE_PX), LANES.least), LANES.most);
}

export interface Seen {
  inputs: Input[];
  left: ReadonlyMap<string, number>;
}

/** Keep of each day between two dates the events that may be seen in the month, and those that go on to another day. */
export function thinned(inputs: readonly Input[], from: string, to: string): Seen {
  const { ofDay, others } = byDay(inputs, from, to);
  const [kept, most] = [others, lines.value];
  const left = new Map<string, number>();
  for (const [day, its] of ofDay) {
    const isWhole = day === wholeDay.value || its.length <= most;
    if (!isWhole) left.set(day, its.length - most);
    kept.push(...(isWhole ? its : firstOf(its, most)));
  }
  return { inputs: kept, left };
}

const firstOf = (inputs: readonly Input[], most: number) =>
  inputs
    .map(timed)
    .sort(inOrder)
    .slice(0, most)
    .map(({ input }) => input);

/** The events of columns of hours: as many side by side as can be read, and the number of the others. */
export function abreast(inputs: readonly Input[], from: string, to: string): Input[] {
  const { ofDay, others, days } = byDay(inputs, from, to);
  const most = lanesMax(days.length);
  const staying = others.filter((one) => !one.allDay).map((input) => spanOf(input, true));
  const whole = [...ofDay.values()].flat().filter((one) => one.allDay);
  const columns = days.flatMap(({ date, begin }, index) => {
    const end = days[index + 1]?.begin ?? Infinity;
    const own = (ofDay.get(date) ?? []).filter((one) => !one.allDay).map((input) => spanOf(input, false));
    const through = staying.filter((span) => span.start < end && span.end > begin);
    const spans = [...through, ...own].sort((one, other) => one.start - other.start || other.end - one.end);
    const { kept, rest } = columnOf(spans, begin, most);
    return [...kept.filter((span) => !span.stays).map((span) => span.input), ...rest.map((one) => restInput(date, one))];
  });
  return [...others, ...whole, ...columns];
}

const spanOf = (input: Input, stays: boolean) => ({ ...timed(input), stays });

/** An event with its times in milliseconds: they are compared many times. */
export interface Timed {
  input: Input;
  start: number;
  end: number;
}

export const timed = (input: Input): Timed => ({ input, start: Date.parse(input.start), end: Date.parse(input.end) });

/** The order of a day. */
export function inOrder(one: Timed, other: Timed): number {
  if (one.input.allDay !== other.input.allDay) return one.input.allDay ? -1 : 1;
  return one.start - other.start || other.end - one.end || one.input.title.localeCompare(other.input.title);
}

interface Day {
  date: string;
  /** The instant at which it begins, in milliseconds. */
  begin: number;
}

/** The days between two dates, the last one exclusive. */
export function daysOf(from: string, to: string): Day[] {
  const days: Day[] = [];
  for (let date = from; date < to; date = addDays(date, 1)) {
    days.push({ date, begin: Date.parse(instantOf({ date, time: "00:00" }, zone.value)) });
  }
  return days;
}

/** Events by the day on which they are, if they are on one alone. */
function byDay(inputs: readonly Input[], from: string, to: string) {
  const days = daysOf(from, to);
  const last = Date.parse(instantOf({ date: to, time: "00:00" }, zone.value));
  const dayOf = ({ allDay, start, end }: Input): string | null => {
    if (allDay) return addDays(start, 1) === end ? start : null;
    const began = Date.parse(start);
    const index = days.findLastIndex(({ begin }) => begin <= began);
    return index >= 0 && Date.parse(end) <= (days[index + 1]?.begin ?? last) ? days[index]!.date : null;
  };
  const ofDay = new Map<string, Input[]>();
  const others: Input[] = [];
  for (const input of inputs) {
    const day = dayOf(input);
    const its = day && ofDay.get(day);
    if (its) its.push(input);
    else if (day) ofDay.set(day, [input]);
    else others.push(input);
  }
  return { ofDay, others, days };
}
