// Which events FullCalendar need not draw again: it makes new objects of all of them whenever one changes.
import { BaseComponent, StandardEvent } from "@fullcalendar/preact/protected-api";

import type { Input } from "./inputs";

/** What FullCalendar knows of an event, as far as it can be seen. */
interface Known {
  def: { title: string; allDay: boolean; extendedProps: Partial<Input["extendedProps"]> };
  ui: { color?: string; startEditable: boolean | null };
  instance: { instanceId: string } | null;
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
    one.instance?.instanceId === other.instance?.instanceId &&
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

/** A part of an event, or of now, as FullCalendar hands it to what draws a day or a week. */
type Piece = Record<string, unknown> & { eventRange: Known };

const isSame = (one: unknown, other: unknown) =>
  one === other || (one instanceof Date && other instanceof Date && isSameTime(one, other));

function samePiece(one: Piece, other: Piece): boolean {
  const names = Object.keys(other);
  if (Object.keys(one).length !== names.length || !looksSame(one.eventRange, other.eventRange)) return false;
  return names.every((name) => name === "eventRange" || isSame(one[name], other[name]));
}

const samePieces = (some: readonly Piece[], others: readonly Piece[]) =>
  some.length === others.length && some.every((one, index) => samePiece(one, others[index]!));

/** Have FullCalendar keep what it has drawn of an event that looks the same, and of days on which all do. */
export function keepUnchanged(): void {
  const event = { eventRange: looksSame, slicedStart: isSameTime, slicedEnd: isSameTime };
  const days = { fgEventSegs: samePieces, bgEventSegs: samePieces, nowIndicatorSegs: samePieces, dateSelectionSegs: samePieces };
  BaseComponent.addPropsEquality({ ...event, ...days });
  // It has rules of its own, which those of all do not reach.
  StandardEvent.addPropsEquality(event);
}
