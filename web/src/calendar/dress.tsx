// How FullCalendar's parts look: its options that name classes and draw content.
import type { CalendarOptions } from "@fullcalendar/preact";
import { useLayoutEffect, useRef, useState } from "preact/hooks";

import type { CalendarEvent } from "../api/events";
import { editing } from "../panel/opening";
import { wallIn } from "../time/zones";
import { leftOut, wholeDay } from "./crowded";
import { NEW } from "./inputs";

type Shown = Parameters<Extract<CalendarOptions["eventContent"], (...input: never[]) => unknown>>[0];

/** Between the list of a day and the edges of the window, in pixels. */
const SPACE = 12;
/** What lasts as long may begin above what can be seen of a day. */
const LONG_MS = 6 * 3_600_000;

/** In columns of hours the title comes first: the place says the time already. One line has no room for where it is. */
function columnContent({ event, timeText, isShort }: Shown) {
  const entry = event.extendedProps.entry as CalendarEvent | undefined;
  return (
    <div class={isShort ? "entry-text short" : isLong(event) ? "entry-text tall long" : "entry-text tall"}>
      <span class="name">{isDraft(event) ? <DraftTitle /> : event.title}</span>{" "}
      {timeText && !event.extendedProps.rest && <span class="time">{timeText} </span>}
      {!isShort && entry?.location && <span class="place">{entry.location}</span>}
    </div>
  );
}

/** In views that have a line for each. */
function lineContent({ event, timeText }: Shown) {
  return (
    <div class="entry-line">
      {timeText && <span class="time">{timeText} </span>}
      {isDraft(event) ? <DraftTitle /> : event.title}
    </div>
  );
}

type Drawn = Shown["event"];
const isLong = ({ start, end }: Drawn) => Number(end) - Number(start) >= LONG_MS;
const isDraft = (event: Drawn) => event.extendedProps.isDraft === true;

/** Follows the typing by itself: FullCalendar would look through all events for it. */
export function DraftTitle() {
  return <>{editing.value?.draft.value.title || NEW}</>;
}

/** How many events of a day are not seen: FullCalendar knows of some of them only. */
function More({ listed, isShort }: { listed: number; isShort: boolean }) {
  const self = useRef<HTMLSpanElement>(null);
  const [day, setDay] = useState("");
  useLayoutEffect(() => setDay(self.current?.closest<HTMLElement>("[data-date]")?.dataset.date ?? ""), []);
  const count = listed + (leftOut.value.get(day) ?? 0);
  return <span ref={self}>{isShort ? `+${count}` : `+${count} more`}</span>;
}

/** FullCalendar lets the list of a day begin where the day does, however far down the window that is; and it grows. */
function keepInside(): void {
  const list = document.querySelector<HTMLElement>(".more-list");
  if (!list) return;
  const growing = new ResizeObserver(() => {
    if (!list.isConnected) growing.disconnect();
    const { top, height } = list.getBoundingClientRect();
    list.style.top = `${Math.max(Math.min(top, innerHeight - height - SPACE), SPACE)}px`;
  });
  growing.observe(list);
}

export const DRESS: CalendarOptions = {
  eventContent: (shown) => {
    const isInColumn = shown.view.type.startsWith("timeGrid") && !shown.event.allDay;
    if (isInColumn) return columnContent(shown);
    return shown.event.allDay && !isDraft(shown.event) ? true : lineContent(shown);
  },
  displayEventEnd: false,
  blockEventClass: "entry-block",
  blockEventInnerClass: "entry-block-inner",
  rowEventTitleClass: "entry-row-title",
  listItemEventClass: "entry-dot",
  rowMoreLinkClass: "more-link",
  popoverClass: "more-list",
  popoverCloseClass: "more-list-close",
  moreLinkContent: ({ num, numericText, text }) => <More listed={num} isShort={text === numericText} />,
  moreLinkHint: "Show the whole day",
  moreLinkClick: ({ date }) => {
    wholeDay.value = wallIn(date).date;
    requestAnimationFrame(keepInside);
    return "popover";
  },
  dayHeaderContent: ({ weekdayText, dayNumberText, isToday, inPopover, text }) =>
    inPopover || !weekdayText ? (
      text
    ) : (
      <span class={isToday ? "day-head today" : "day-head"}>
        <span>{weekdayText}</span>
        {dayNumberText && <span class="number">{dayNumberText}</span>}
      </span>
    ),
  dayCellTopInnerClass: ({ isToday, isOther }) => `cell-number${isToday ? " today" : ""}${isOther ? " other" : ""}`,
  slotHeaderInnerClass: "slot-label",
  allDayHeaderInnerClass: "all-day-label",
};
