// The calendar itself: FullCalendar, told what to show, and what dragging and clicking mean.
import { Calendar, type CalendarOptions, type CalendarRef } from "@fullcalendar/preact";
import dayGrid from "@fullcalendar/preact/daygrid";
import interaction from "@fullcalendar/preact/interaction";
import list from "@fullcalendar/preact/list";
import classic from "@fullcalendar/preact/themes/classic";
import timeGrid from "@fullcalendar/preact/timegrid";
import { signal, useComputed } from "@preact/signals";
import { useEffect, useLayoutEffect, useMemo, useRef, useState } from "preact/hooks";

import type { CalendarEvent } from "../api/events";
import { close, editing, openEvent, openAt } from "../panel/opening";
import { isDark, isNarrow, locale, weekStart } from "../preferences";
import { date, go, view } from "../route";
import { move } from "../store/actions";
import { usePainted } from "../parts/painted";
import { newDraft } from "../store/drafts";
import { asOf, calendars, entries, entriesIn, hiddenKinds, shown, zone } from "../store/entries";
import { leaving } from "../store/parting";
import { addMinutes, wallOf } from "../time/zones";
import { leftOut, thinned, wholeDay } from "./crowded";
import { AGENDA_DRESS, DRESS } from "./dress";
import { draftInput, type DraftTimes, entryInput, label } from "./inputs";

const VIEW_TYPES = { month: "dayGridMonth", week: "timeGridWeek", day: "timeGridDay", agenda: "agenda" };
const PLUGINS = [dayGrid, timeGrid, list, interaction, classic];
const HOUR = 60;
const REST_MS = 250;

/** FullCalendar writes instants with the zone's name behind; the API wants RFC 3339. */
const plain = (text: string) => text.replace(/\[.*\]$/, "");

/** The view that FullCalendar shows: what is drawn of another one comes after it. */
const drawn = signal<string | null>(null);

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

/** FullCalendar does not tell of double clicks, and not of every first click: what lies under the pointer does. */
function doubleClicked(event: MouseEvent): void {
  const target = event.target as Element;
  if (asOf.peek() !== null || target.closest("[data-event], a, button")) return;
  const under = document.elementsFromPoint(event.clientX, event.clientY);
  const found = (name: string) => under.map((one) => one.getAttribute(name)).find(Boolean);
  const [day, time] = [found("data-date"), found("data-time")?.slice(0, 5)];
  if (!day) return;
  if (!time) {
    openAt(newDraft({ date: day, time: "09:00" }, { date: day, time: "10:00" }, zone.peek(), true));
    return;
  }
  const start = { date: day, time };
  openAt(newDraft(start, addMinutes(start, HOUR), zone.peek()));
}

export function CalendarView() {
  const calendar = useRef<CalendarRef>(null);
  const [isPast, kind, day] = [asOf.value !== null, view.value, date.value];
  // Any option that changes makes FullCalendar look through all events again, these two as well.
  const [first] = useState({ initialView: VIEW_TYPES[kind], initialDate: day });
  // Another view of thousands of events takes longer than a frame: the button that was pressed shows it before.
  const painted = usePainted(`${kind} ${day}`);
  useEffect(() => {
    // FullCalendar renders while it changes views: not while Preact renders it.
    queueMicrotask(() => calendar.current?.getApi().changeView(VIEW_TYPES[kind], day));
  }, [painted]);
  const openId = editing.value?.id ?? null;
  useEffect(() => {
    for (const element of document.querySelectorAll<HTMLElement>("[data-event]")) {
      element.toggleAttribute("data-open", element.dataset.event === String(openId));
    }
  }, [openId]);
  const [all, hiding, colors] = [entries.value, hiddenKinds.value, calendars.value];
  const thins = painted.startsWith("month") || drawn.value === VIEW_TYPES.month;
  const { inputs, left } = useMemo(
    () => entryInputs(all, hiding, !isPast, thins),
    [all, hiding, colors, isPast, zone.value, locale.value, thins, shown.value, wholeDay.value, leaving.value],
  );
  useLayoutEffect(() => {
    leftOut.value = left;
  }, [left]);
  // Its shadow moves when the choosing rests: each new list of events is looked through as a whole.
  const chosen = useRested(useComputed(draftTimes).value);
  const fresh = useMemo(() => chosen && draftInput(JSON.parse(chosen) as DraftTimes), [chosen]);
  const shownInputs = useMemo(() => (fresh ? [...inputs, fresh] : inputs), [inputs, fresh]);
  // Whoever chooses a time sees where it is, once it has its place.
  useEffect(() => {
    if (!fresh || fresh.allDay) return;
    const { time } = wallOf(fresh.start, zone.peek());
    return keepInSight(".calendar .is-draft", () => calendar.current?.getApi().scrollToTime(time));
  }, [fresh]);
  return (
    <div class={isPast ? "calendar past" : "calendar"} data-color-scheme={isDark.value ? "dark" : "light"} onDblClick={doubleClicked}>
      <Calendar
        ref={calendar}
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
        events={shownInputs}
      />
    </div>
  );
}

/** When the event is that is being made, as text; nothing else that is typed moves its shadow. */
function draftTimes(): string | null {
  const open = editing.value;
  if (!open || open.event.value) return null;
  const { start, end, zone: at, allDay } = open.draft.value;
  return JSON.stringify({ start, end, zone: at, allDay } satisfies DraftTimes);
}

/** A value once it has not changed for a moment; at once when it comes or goes. */
function useRested<T>(value: T | null): T | null {
  const [rested, setRested] = useState(value);
  useEffect(() => {
    const soon = setTimeout(() => setRested(value), REST_MS);
    return () => clearTimeout(soon);
  }, [value]);
  return value === null ? null : (rested ?? value);
}

/** Bring an element into sight when it is not, also when it moves later, until the person looks elsewhere in the calendar. */
function keepInSight(place: string, bring: () => void): () => void {
  const looking = new IntersectionObserver((found) => found.at(-1)?.isIntersecting || bring());
  const placed = requestAnimationFrame(() => {
    const element = document.querySelector(place);
    if (element) looking.observe(element);
  });
  const elsewhere = new AbortController();
  const stop = () => {
    elsewhere.abort();
    cancelAnimationFrame(placed);
    looking.disconnect();
  };
  const { signal } = elsewhere;
  for (const kind of ["wheel", "touchmove", "pointerdown", "keydown"]) {
    document.querySelector(".calendar")?.addEventListener(kind, stop, { signal, passive: true });
  }
  return stop;
}

function entryInputs(all: readonly CalendarEvent[], hiding: Set<string>, isEditable: boolean, thins: boolean) {
  const days = shown.value;
  const inputs = (days ? entriesIn(days, all) : all)
    .filter((entry) => !leaving.value.has(entry.id))
    .map((entry) => entryInput(entry, isEditable))
    .filter((input) => !hiding.has(input.kind));
  return days && thins ? thinned(inputs, days.from.slice(0, 10), days.to.slice(0, 10)) : { inputs, left: ALL };
}

const ALL: ReadonlyMap<string, number> = new Map();

const SHAPE: CalendarOptions = {
  views: {
    agenda: { type: "list", duration: { days: 28 }, ...AGENDA_DRESS },
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
  eventMaxStack: 6,
  rowEventTitleSticky: false,
  eventTimeFormat: { hour: "2-digit", minute: "2-digit" },
  slotHeaderFormat: { hour: "2-digit", minute: "2-digit" },
  noEventsText: "Nothing in these four weeks. Press c to plan something.",
  longPressDelay: 350,
  eventClass: ({ event }) => event.extendedProps.kindClass as string,
  ...DRESS,
  eventDidMount: ({ el, event, isMirror }) => {
    const entry = event.extendedProps.entry as CalendarEvent | undefined;
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
    drawn.value = type;
    const [from, to] = [`${startStr.slice(0, 10)}T00:00:00`, `${endStr.slice(0, 10)}T00:00:00`];
    if (shown.peek()?.from !== from || shown.peek()?.to !== to) shown.value = { from, to };
  },
  eventClick: ({ event, jsEvent }) => {
    jsEvent.preventDefault();
    const entry = event.extendedProps.entry as CalendarEvent | undefined;
    if (entry) openEvent(entry);
  },
  eventDrop: dropped,
  eventResize: dropped,
  select: selected,
  dateClick: clicked,
  navLinkDayClick: (at) => go({ view: "day", date: wallOf(at.toISOString(), zone.peek()).date }),
};
