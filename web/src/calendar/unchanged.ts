// Which events FullCalendar need not draw again: it makes new objects of all of them whenever one changes.
import { StandardEvent } from "@fullcalendar/preact/protected-api";

import type { Input } from "./inputs";

/** What FullCalendar knows of an event, as far as it can be seen. */
interface Known {
  def: { title: string; allDay: boolean; extendedProps: Partial<Input["extendedProps"]> };
  ui: { color?: string; startEditable: boolean | null };
  range: { start: Date; end: Date };
  isStart: boolean;
  isEnd: boolean;
}

const isSameTime = (one?: Date, other?: Date) => one?.getTime() === other?.getTime();

/** Whether two states of an event look the same, and lead to the same event. */
function looksSame(one: Known, other: Known): boolean {
  if (one === other) return true;
  const [was, is] = [one.def.extendedProps, other.def.extendedProps];
  return (
    was.entry === is.entry &&
    was.kindClass === is.kindClass &&
    was.rest?.label === is.rest?.label &&
    one.def.title === other.def.title &&
    one.def.allDay === other.def.allDay &&
    one.ui.color === other.ui.color &&
    one.ui.startEditable === other.ui.startEditable &&
    one.isStart === other.isStart &&
    one.isEnd === other.isEnd &&
    isSameTime(one.range.start, other.range.start) &&
    isSameTime(one.range.end, other.range.end)
  );
}

/** Have FullCalendar keep what it has drawn of an event that looks the same. */
export function keepUnchanged(): void {
  StandardEvent.addPropsEquality({ eventRange: looksSame, slicedStart: isSameTime, slicedEnd: isSameTime });
}
