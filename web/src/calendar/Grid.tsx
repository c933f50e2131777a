// Month, week and day: FullCalendar, told what to show, and what dragging and clicking mean.
import { Calendar, type CalendarOptions, type CalendarRef } from "@fullcalendar/preact";
import dayGrid from "@fullcalendar/preact/daygrid";
import interaction from "@fullcalendar/preact/interaction";
import classic from "@fullcalendar/preact/themes/classic";
import timeGrid from "@fullcalendar/preact/timegrid";
import { signal } from "@preact/signals";
import type { RefObject } from "preact";
import { useEffect, useRef, useState } from "preact/hooks";

import type { CalendarEvent } from "../api/events";
import { close, editing, openAt, openEvent } from "../panel/opening";
import { isDark, isNarrow, locale, weekStart } from "../preferences";
import { go, type View, view } from "../route";
import { move } from "../store/actions";
import { newDraft } from "../store/drafts";
import { asOf, shown, zone } from "../store/entries";
import { wallOf } from "../time/zones";
import { DRESS } from "./dress";
import { type Input, label } from "./inputs";

const VIEW_TYPES = { month: "dayGridMonth", week: "timeGridWeek", day: "timeGridDay" };
const KINDS: Record<string, Exclude<View, "agenda">> = { dayGridMonth: "month", timeGridWeek: "week", timeGridDay: "day" };
const PLUGINS = [dayGrid, timeGrid, interaction, classic];
const HOUR = 60;

/** FullCalendar writes instants with the zone's name behind; the API wants RFC 3339. */
const plain = (text: string) => text.replace(/\[.*\]$/, "");

/** The view that FullCalendar shows: what is drawn of another one comes after it. */
export const drawn = signal<Exclude<View, "agenda"> | null>(null);

type Dropped = Parameters<NonNullable<CalendarOptions["eventDrop"]>>[0];
type Selected = Parameters<NonNullable<CalendarOptions["select"]>>[0];

function dropped({ event, revert }: Pick<Dropped, "event" | "revert">): void {
  const entry = event.extendedProps.entry as CalendarEvent;
  const start = event.start ?? new Date();
  const length = event.allDay ? 24 * HOUR : HOUR;
  const end = event.end ?? new Date(start.getTime() + length * 60_000);
  const times = event.allDay
    ? { start_time: event.startStr.slice(0, 10), end_time: event.endStr ? event.endStr.slice(0, 10) : nextDay(event.startStr) }
    : { start_time: plain(start.toISOString()), end_time: plain(end.toISOString()) };
  const kind = event.allDay === entry.all_day ? {} : { all_day: event.allDay };
  void move(entry, { ...times, ...kind }, revert);
}

function nextDay(day: string): string {
  return new Date(Date.parse(`${day.slice(0, 10)}T00:00:00Z`) + 86_400_000).toISOString().slice(0, 10);
}

function selected({ start, end, allDay, startStr, endStr }: Selected): void {
  if (allDay) {
    const last = new Date(Date.parse(`${endStr.slice(0, 10)}T00:00:00Z`) - 86_400_000).toISOString().slice(0, 10);
    openAt(newDraft({ date: startStr.slice(0, 10), time: "09:00" }, { date: last, time: "10:00" }, zone.peek(), true));
    return;
  }
  openAt(newDraft(wallOf(start.toISOString(), zone.peek()), wallOf(end.toISOString(), zone.peek()), zone.peek()));
}

function clicked(): void {
  const open = editing.peek();
  if (open?.event.peek() && !open.isChanged.peek()) close();
}

interface GridProps {
  kind: Exclude<View, "agenda">;
  day: string;
  events: Input[];
  api: RefObject<CalendarRef>;
}

export function Grid({ kind, day, events, api }: GridProps) {
  // Any option that changes makes FullCalendar look through all events again, these two as well.
  const [first] = useState({ initialView: VIEW_TYPES[kind], initialDate: day });
  const isFirst = useRef(true);
  useEffect(() => {
    if (isFirst.current) {
      isFirst.current = false;
      return;
    }
    // FullCalendar renders while it changes views: not while Preact renders it.
    queueMicrotask(() => api.current?.getApi().changeView(VIEW_TYPES[kind], day));
  }, [kind, day]);
  const isPast = asOf.value !== null;
  return (
    <Calendar
      ref={api}
      plugins={PLUGINS}
      {...first}
      {...SHAPE}
      {...LISTENERS}
      colorScheme={isDark.value ? "dark" : "light"}
      timeZone={zone.value}
      locale={locale.value}
      firstDay={Number(weekStart.value)}
      editable={!isPast}
      selectable={!isPast}
      // Side by side nothing covers what another is called; on a phone that would be too narrow to touch.
      slotEventOverlap={isNarrow.value}
      events={events}
    />
  );
}

const SHAPE: CalendarOptions = {
  views: {
    timeGrid: { nowIndicator: true },
  },
  headerToolbar: false,
  height: "100%",
  expandRows: true,
  dayMaxEvents: true,
  navLinks: true,
  eventInteractive: true,
  eventResizableFromStart: true,
  selectMirror: true,
  selectMinDistance: 5,
  unselectAuto: true,
  slotDuration: "00:30:00",
  snapDuration: "00:15:00",
  scrollTime: "07:30:00",
  eventMinHeight: 20,
  // What stands for others takes the room that they leave.
  eventOrder: "-rest,start,-duration,allDay,title",
  rowEventTitleSticky: false,
  eventTimeFormat: { hour: "2-digit", minute: "2-digit" },
  slotHeaderFormat: { hour: "2-digit", minute: "2-digit" },
  longPressDelay: 350,
  eventClass: ({ event }) => event.extendedProps.kindClass as string,
  ...DRESS,
  eventDidMount: ({ el, event, isMirror }) => {
    const { entry, rest } = event.extendedProps as Input["extendedProps"];
    if (rest) el.setAttribute("aria-label", rest.label);
    if (!entry || isMirror) return;
    el.setAttribute("aria-label", label(entry));
    el.setAttribute("title", label(entry));
    el.dataset.event = String(entry.id);
    el.dataset.occurrence = entry.occurrence ?? "";
    // Events are buttons, which a list may not hold.
    if (el.parentElement?.role === "list") el.parentElement.role = "group";
    el.toggleAttribute("data-open", editing.peek()?.id === entry.id);
  },
};

const LISTENERS: CalendarOptions = {
  datesSet: ({ startStr, endStr, view: { type } }) => {
    drawn.value = KINDS[type] ?? null;
    const [from, to] = [`${startStr.slice(0, 10)}T00:00:00`, `${endStr.slice(0, 10)}T00:00:00`];
    if (shown.peek()?.from !== from || shown.peek()?.to !== to) shown.value = { from, to };
  },
  eventClick: ({ event, jsEvent }) => {
    jsEvent.preventDefault();
    const { entry, rest } = event.extendedProps as Input["extendedProps"];
    if (entry) openEvent(entry);
    // A day has more room than a week, and its list has room for all.
    if (rest) go({ view: view.peek() === "week" ? "day" : "agenda", date: rest.date });
  },
  eventDrop: dropped,
  eventResize: dropped,
  select: selected,
  dateClick: clicked,
  navLinkDayClick: (at) => go({ view: "day", date: wallOf(at.toISOString(), zone.peek()).date }),
};
