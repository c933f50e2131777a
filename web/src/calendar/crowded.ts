// Days with more events than a cell of the month can show: FullCalendar would draw and measure each of them to find that
// out. It gets as many as may be seen, and the others when somebody asks for the list of that day.
import { signal } from "@preact/signals";

import { zone } from "../store/entries";
import { addDays, instantOf } from "../time/zones";
import type { entryInput } from "./inputs";

type Input = ReturnType<typeof entryInput>;

/** The day that was asked for as a whole. */
export const wholeDay = signal<string | null>(null);
/** How many events of a day FullCalendar does not know of. */
export const leftOut = signal<ReadonlyMap<string, number>>(new Map());

/** A line of the month is higher, in pixels, and a month has six weeks. */
const LINE_PX = 20;
const WEEKS = 6;

const linesMax = () => Math.ceil(Math.max(innerHeight, screen.height) / WEEKS / LINE_PX);

interface Thinned {
  inputs: Input[];
  left: ReadonlyMap<string, number>;
}

/** Keep of each day between two dates the events that may be seen in the month, and those that go on to another day. */
export function thinned(inputs: readonly Input[], from: string, to: string): Thinned {
  const [most, dayOf] = [linesMax(), daysBetween(from, to)];
  const days = new Map<string, Input[]>();
  const kept: Input[] = [];
  for (const input of inputs) {
    const day = dayOf(input);
    if (day === null || day === wholeDay.value) kept.push(input);
    else days.set(day, [...(days.get(day) ?? []), input]);
  }
  const left = new Map<string, number>();
  for (const [day, its] of days) {
    if (its.length > most) left.set(day, its.length - most);
    kept.push(...(its.length > most ? its.sort(inOrder).slice(0, most) : its));
  }
  return { inputs: kept, left };
}

/** The order of a day in FullCalendar. */
function inOrder(one: Input, other: Input): number {
  if (one.allDay !== other.allDay) return one.allDay ? -1 : 1;
  const length = (input: Input) => Date.parse(input.end) - Date.parse(input.start);
  return Date.parse(one.start) - Date.parse(other.start) || length(other) - length(one) || one.title.localeCompare(other.title);
}

/** Tells on which day an event is, if it is on one alone; null for others. */
function daysBetween(from: string, to: string): (input: Input) => string | null {
  const days: string[] = [];
  for (let day = from; day <= to; day = addDays(day, 1)) days.push(day);
  const begins = days.map((date) => Date.parse(instantOf({ date, time: "00:00" }, zone.value)));
  return ({ allDay, start, end }) => {
    if (allDay) return addDays(start, 1) === end ? start : null;
    const began = Date.parse(start);
    const next = begins.findIndex((begin) => began < begin);
    return next > 0 && Date.parse(end) <= begins[next]! ? days[next - 1]! : null;
  };
}
