// Four weeks as a list. Thousands of lines are drawn a few at a time: the first ones at once, the others frame by frame.
import { useLayoutEffect, useMemo } from "preact/hooks";

import { editing, openEvent } from "../panel/opening";
import { locale } from "../preferences";
import { useGrowing, usePainted } from "../parts/painted";
import { go } from "../route";
import { loading, shown, zone } from "../store/entries";
import { timeWords, wholeDayWords } from "../time/words";
import { addDays, today } from "../time/zones";
import { daysOf, inOrder } from "./crowded";
import { DraftTitle } from "./dress";
import { drawn } from "./Grid";
import { type Input, label } from "./inputs";

const AGENDA_DAYS = 28;
/** More than two screens of lines. */
const STEP = 60;

interface Line {
  input: Input;
  /** Which part of a day it takes, in words. */
  time: string;
}

interface Day {
  date: string;
  lines: Line[];
}

export function Agenda({ from, inputs }: { from: string; inputs: readonly Input[] }) {
  const to = addDays(from, AGENDA_DAYS);
  useLayoutEffect(() => {
    drawn.value = null;
    const [first, last] = [`${from}T00:00:00`, `${to}T00:00:00`];
    if (shown.peek()?.from !== first || shown.peek()?.to !== last) shown.value = { from: first, to: last };
  }, [from]);
  const days = useMemo(() => agendaOf(inputs, from, to), [inputs, from, zone.value, locale.value]);
  const total = days.reduce((sum, { lines }) => sum + lines.length, 0);
  let room = useGrowing(total, STEP, from);
  const isEmpty = usePainted(total === 0 && !loading.value);
  if (!total) {
    return (
      <div class="no-events" role="status">
        {isEmpty && "Nothing in these four weeks. Press c to plan something."}
      </div>
    );
  }
  return (
    // A key of its own: another four weeks begin at their top.
    <div key={from} class="agenda">
      {days.map(({ date, lines }) => {
        const drawn = lines.slice(0, Math.max(room, 0));
        room -= lines.length;
        return drawn.length > 0 && <DayLines key={date} date={date} lines={drawn} count={lines.length} />;
      })}
    </div>
  );
}

function DayLines({ date, lines, count }: { date: string; lines: readonly Line[]; count: number }) {
  return (
    <section data-date={date} aria-current={date === today(zone.value) ? "date" : undefined}>
      <h2 class="agenda-head">
        <button type="button" class="link" onClick={() => go({ view: "day", date })}>
          {wholeDayWords(date)}
        </button>
        <span class="muted">{count === 1 ? "1 event" : `${count} events`}</span>
      </h2>
      <ul>
        {lines.map(({ input, time }, index) => (
          <li key={input.id} aria-setsize={count} aria-posinset={index + 1}>
            <LineButton input={input} time={time} />
          </li>
        ))}
      </ul>
    </section>
  );
}

function LineButton({ input: { title, color, extendedProps }, time }: Line) {
  const { entry, kindClass, isDraft } = extendedProps;
  return (
    <button
      type="button"
      class={`agenda-line ${kindClass}`}
      title={entry && label(entry)}
      aria-label={entry && label(entry)}
      data-event={entry?.id}
      data-occurrence={entry && (entry.occurrence ?? "")}
      data-open={entry && editing.peek()?.id === entry.id ? "" : undefined}
      disabled={isDraft}
      onClick={() => entry && openEvent(entry)}
    >
      <span class="agenda-time">{time}</span>
      <span class="dot" style={{ background: color }} />
      <span class="agenda-title">
        {isDraft ? <DraftTitle /> : title}
        {entry?.location && <span class="agenda-place">{entry.location}</span>}
      </span>
    </button>
  );
}

/** The days between two dates that have events, with what is on each. */
function agendaOf(inputs: readonly Input[], from: string, to: string): Day[] {
  const days = daysOf(from, to).map((day) => ({ ...day, lines: [] as Line[] }));
  for (const input of [...inputs].sort(inOrder)) {
    const [start, end] = [Date.parse(input.start), Date.parse(input.end)];
    days.forEach(({ date, begin, lines }, index) => {
      const next = days[index + 1]?.begin ?? Infinity;
      const isOn = input.allDay ? input.start <= date && date < input.end : start < next && end > begin;
      if (isOn) lines.push({ input, time: input.allDay ? "all day" : timeOn(input, start >= begin, end <= next) });
    });
  }
  return days.filter(({ lines }) => lines.length);
}

function timeOn({ start, end }: Input, begins: boolean, ends: boolean): string {
  const [from, to] = [timeWords(start, zone.value), timeWords(end, zone.value)];
  if (begins && ends) return `${from} – ${to}`;
  if (begins) return `from ${from}`;
  return ends ? `until ${to}` : "all day";
}
