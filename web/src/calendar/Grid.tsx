// Month, week and day: FullCalendar, told what to show, and what dragging and clicking mean.
import { Calendar, type CalendarOptions, type CalendarRef, type EventInput } from "@fullcalendar/preact";
import dayGrid from "@fullcalendar/preact/daygrid";
import interaction from "@fullcalendar/preact/interaction";
import classic from "@fullcalendar/preact/themes/classic";
import type { CalendarApiImpl } from "@fullcalendar/preact/protected-api";
import timeGrid from "@fullcalendar/preact/timegrid";
import { signal } from "@preact/signals";
import type { RefObject } from "preact";
import { useEffect, useLayoutEffect, useMemo, useRef, useState } from "preact/hooks";

import type { CalendarEvent } from "../api/events";
import { close, editing, openAt, openEvent } from "../panel/opening";
import { isDark, isNarrow, locale, weekStart } from "../preferences";
import { useGrowing } from "../parts/painted";
import { go, type View, view } from "../route";
import { move } from "../store/actions";
import { newDraft } from "../store/drafts";
import { asOf, shown, zone } from "../store/entries";
import { clockWords } from "../time/words";
import { addDays, clockAt, instantOf, wallIn } from "../time/zones";
import { DRESS } from "./dress";
import { clockInput, type Input, label } from "./inputs";
import { keepUnchanged } from "./unchanged";

const VIEW_TYPES = { month: "dayGridMonth", week: "timeGridWeek", day: "timeGridDay" };
const KINDS: Record<string, Exclude<View, "agenda">> = { dayGridMonth: "month", timeGridWeek: "week", timeGridDay: "day" };
const PLUGINS = [dayGrid, timeGrid, interaction, classic];
const HOUR = 60;
/** As many events as FullCalendar draws within a frame or two. */
const STEP = 40;

keepUnchanged();

// FullCalendar is told what the clock of the person's zone shows, as if that were UTC: with a zone of its own it would
// ask how far that is from UTC several times for each event, whenever it draws one.
const instantIn = (clock: Date) => instantOf({ date: clock.toISOString().slice(0, 10), time: clock.toISOString().slice(11, 19) }, zone.peek());

const clockNow = () => clockAt(new Date().toISOString(), zone.peek());

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
    : { start_time: instantIn(start), end_time: instantIn(end) };
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
  openAt(newDraft(wallIn(start), wallIn(end), zone.peek()));
}

function clicked(): void {
  const open = editing.peek();
  if (open?.event.peek() && !open.isChanged.peek()) close();
}

/** Whether the days that are shown are those of a view of a day. */
function isShown(kind: Exclude<View, "agenda">, day: string): boolean {
  const [from, to] = [shown.value?.from.slice(0, 10) ?? "", shown.value?.to.slice(0, 10) ?? ""];
  // Six weeks begin in the month before, as a rule: two weeks later it is the month that is meant.
  if (kind === "month") return from !== "" && addDays(from, 14).slice(0, 7) === day.slice(0, 7);
  return from <= day && day < to;
}

interface GridProps {
  kind: Exclude<View, "agenda">;
  day: string;
  events: readonly Input[];
  /** The event that is being made. */
  fresh: Input | null;
  api: RefObject<CalendarRef>;
}

export function Grid({ kind, day, events, fresh, api }: GridProps) {
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
  // What another view showed is gone before that view comes, and what a view shows comes a few events at a time.
  const room = useGrowing(events.length, STEP, `${drawn.value} ${shown.value?.from}`);
  const isThere = drawn.value === kind && isShown(kind, day);
  const fed = useMemo(() => {
    const some = isThere ? events.slice(0, room) : [];
    return fresh ? [...some, fresh] : some;
  }, [events, fresh, room, isThere]);
  useLayoutEffect(() => feed(api.current!.getApi() as CalendarApiImpl, fed), [fed]);
  // The same element as before is not looked at again.
  return useMemo(
    () => (
      <Calendar
        ref={api}
        plugins={PLUGINS}
        {...first}
        {...SHAPE}
        {...LISTENERS}
        colorScheme={isDark.value ? "dark" : "light"}
        timeZone="UTC"
        now={clockNow}
        locale={locale.value}
        firstDay={Number(weekStart.value)}
        editable={!isPast}
        selectable={!isPast}
        // Side by side nothing covers what another is called; on a phone that would be too narrow to touch.
        slotEventOverlap={isNarrow.value}
        events={NONE}
      />
    ),
    [isDark.value, locale.value, weekStart.value, isPast, isNarrow.value],
  );
}

const NONE: EventInput[] = [];

/** Give FullCalendar other events. As an option they would make it draw everything anew that knows of any option. */
function feed(api: CalendarApiImpl, events: readonly Input[]): void {
  const [{ internalEventSource: source }] = api.getEventSources() as [ReturnType<CalendarApiImpl["getEventSources"]>[number]];
  api.dispatch({ type: "RESET_RAW_EVENTS", sourceId: source.sourceId, rawEvents: events as readonly unknown[] as EventInput[] });
}

const clock = ({ date: { hour, minute } }: { date: { hour: number; minute: number } }) => clockWords(hour, minute);

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
  // As functions: of what is a format, FullCalendar makes another one for each hour that it draws.
  eventTimeFormat: clock,
  slotHeaderFormat: clock,
  longPressDelay: 350,
  eventDataTransform: (input) => clockInput(input as Input) as EventInput,
  eventClass: ({ event }) => event.extendedProps.kindClass as string,
  ...DRESS,
  eventDidMount: ({ el, event, isMirror }) => {
    const { entry, rest } = event.extendedProps as Input["extendedProps"];
    if (rest) el.setAttribute("aria-label", rest.label);
    if (!entry || isMirror) return;
    const words = label(entry);
    el.setAttribute("aria-label", words);
    el.setAttribute("title", words);
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
  navLinkDayClick: (at) => go({ view: "day", date: wallIn(at).date }),
};
