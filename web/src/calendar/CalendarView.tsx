// The calendar itself: which events it shows, and in which of its forms.
import type { CalendarRef } from "@fullcalendar/preact";
import { useComputed } from "@preact/signals";
import { useEffect, useLayoutEffect, useMemo, useRef, useState } from "preact/hooks";

import type { CalendarEvent } from "../api/events";
import { editing, openAt } from "../panel/opening";
import { isDark, locale } from "../preferences";
import { growing, usePainted } from "../parts/painted";
import { date, type View, view } from "../route";
import { newDraft } from "../store/drafts";
import { asOf, calendars, entries, entriesIn, hiddenKinds, shown, zone } from "../store/entries";
import { leaving } from "../store/parting";
import { addMinutes, wallOf } from "../time/zones";
import { Agenda } from "./Agenda";
import { abreast, leftOut, lines, type Seen, thinned, watchWidth, wholeDay } from "./crowded";
import { drawn, Grid } from "./Grid";
import { draftInput, type DraftTimes, entryInput, type Input } from "./inputs";

const HOUR = 60;
const REST_MS = 250;

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
  const grid = useRef<CalendarRef>(null);
  const self = useRef<HTMLDivElement>(null);
  useLayoutEffect(() => watchWidth(self.current!), []);
  const isPast = asOf.value !== null;
  // Another view of thousands of events takes longer than a frame: the button that was pressed shows it before.
  const [kind, day] = usePainted(`${view.value} ${date.value}`).split(" ") as [View, string];
  const openId = editing.value?.id ?? null;
  useEffect(() => {
    for (const element of document.querySelectorAll<HTMLElement>("[data-event]")) {
      element.toggleAttribute("data-open", element.dataset.event === String(openId));
    }
  }, [openId]);
  // One view goes, and another comes a frame later; what is in it, another frame later.
  const days = `${kind} ${drawn.value} ${shown.value?.from}`;
  const isSettled = usePainted(days) === days;
  const inputs = useInputs(isSettled ? (kind === "agenda" ? kind : drawn.value) : null);
  // Its shadow moves when the choosing rests: each new list of events is looked through as a whole.
  const chosen = useRested(useComputed(draftTimes).value);
  const made = useMemo(() => (chosen ? draftInput(JSON.parse(chosen) as DraftTimes) : null), [chosen]);
  // The form comes first, and its shadow a frame later.
  const fresh = usePainted(made);
  // Whoever chooses a time sees where it is, once it has its place.
  useEffect(() => {
    if (!fresh || fresh.allDay) return;
    const { time } = wallOf(fresh.start, zone.peek());
    return keepInSight(".calendar .is-draft", () => grid.current?.getApi().scrollToTime(time));
  }, [fresh]);
  return (
    <div
      ref={self}
      class={isPast ? "calendar past" : "calendar"}
      aria-busy={growing.value}
      data-color-scheme={isDark.value ? "dark" : "light"}
      onDblClick={doubleClicked}
    >
      {kind === "agenda" ? (
        <Agenda from={day} inputs={inputs} fresh={fresh} />
      ) : (
        <Grid key={zone.value} kind={kind} day={day} events={inputs} fresh={fresh} api={grid} />
      )}
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

/** What is to be drawn of the days that are shown, in the view in which they are. */
function useInputs(kind: View | null): Input[] {
  const [all, hiding, isPast] = [entries.value, hiddenKinds.value, asOf.value !== null];
  const { inputs, left } = useMemo(
    () => (kind && shown.value ? seenOf(kind, inputsOf(all, hiding), shown.value) : { inputs: [], left: ALL }),
    [all, hiding, isPast, kind, shown.value, calendars.value, zone.value, locale.value, wholeDay.value, leaving.value, lines.value],
  );
  useLayoutEffect(() => {
    leftOut.value = left;
  }, [left]);
  return inputs;
}

function inputsOf(all: readonly CalendarEvent[], hiding: Set<string>): Input[] {
  return (shown.value ? entriesIn(shown.value, all) : all)
    .filter((entry) => !leaving.value.has(entry.id))
    .map(entryInput)
    .filter((input) => !hiding.has(input.kind));
}

/** What may be seen of events, and how many of each day of a month may not. */
function seenOf(kind: View, inputs: Input[], days: { from: string; to: string }): Seen {
  const [from, to] = [days.from.slice(0, 10), days.to.slice(0, 10)];
  if (kind === "agenda") return { inputs, left: ALL };
  return kind === "month" ? thinned(inputs, from, to) : { inputs: abreast(inputs, from, to), left: ALL };
}

const ALL: ReadonlyMap<string, number> = new Map();
