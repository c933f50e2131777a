// Four weeks as a list. Thousands of lines are drawn a few at a time: the first ones at once, the others frame by frame.
import { memo } from "preact/compat";
import { useLayoutEffect, useMemo } from "preact/hooks";

import { editing, openEvent } from "../panel/opening";
import { useGrowing, usePainted } from "../parts/painted";
import { go } from "../route";
import { loading, shown, zone } from "../store/entries";
import { timeWords, wholeDayWords } from "../time/words";
import { addDays, today } from "../time/zones";
import { daysOf, inOrder, type Timed, timed } from "./crowded";
import { DraftTitle } from "./dress";
import { drawn } from "./Grid";
import { type Input, label } from "./inputs";

const AGENDA_DAYS = 28;
/** More than a screen of lines. */
const STEP = 40;

/** An event on one of its days; whether it begins and ends on it. */
interface Line extends Timed {
  begins: boolean;
  ends: boolean;
}

interface Day {
  date: string;
  lines: Line[];
}

interface AgendaProps {
  from: string;
  inputs: readonly Input[];
  /** The event that is being made. */
  fresh: Input | null;
}

export function Agenda({ from, inputs, fresh }: AgendaProps) {
  const to = addDays(from, AGENDA_DAYS);
  useLayoutEffect(() => {
    drawn.value = null;
    const [first, last] = [`${from}T00:00:00`, `${to}T00:00:00`];
    if (shown.peek()?.from !== first || shown.peek()?.to !== last) shown.value = { from: first, to: last };
  }, [from]);
  const planned = useMemo(() => agendaOf(inputs, from, to), [inputs, from, zone.value]);
  const days = useMemo(() => (fresh ? joined(planned, agendaOf([fresh], from, to)) : planned), [planned, fresh, from, zone.value]);
  const total = days.reduce((sum, { lines }) => sum + lines.length, 0);
  const now = today(zone.value);
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
        const drawn = Math.min(Math.max(room, 0), lines.length);
        room -= lines.length;
        return drawn > 0 && <DayLines key={date} date={date} lines={lines} drawn={drawn} isToday={date === now} />;
      })}
    </div>
  );
}

interface DayProps {
  date: string;
  lines: readonly Line[];
  /** How many of them are drawn by now. */
  drawn: number;
  isToday: boolean;
}

/** A day on which nothing changes stays as it is, whatever happens to the others. */
const DayLines = memo(function DayLines({ date, lines, drawn, isToday }: DayProps) {
  const count = lines.length;
  return (
    <section data-date={date} aria-current={isToday ? "date" : undefined}>
      <h2 class="agenda-head">
        <button type="button" class="link" onClick={() => go({ view: "day", date })}>
          {wholeDayWords(date)}
        </button>
        <span class="muted">{count === 1 ? "1 event" : `${count} events`}</span>
      </h2>
      <ul>
        {lines.slice(0, drawn).map((line, index) => (
          <li key={line.input.id} aria-setsize={count} aria-posinset={index + 1}>
            {lineButton(line)}
          </li>
        ))}
      </ul>
    </section>
  );
});

function lineButton(line: Line) {
  const { title, color, extendedProps } = line.input;
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
      <span class="agenda-time">{timeOn(line)}</span>
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
  // With the day after: what begins there is on none of them.
  const days = daysOf(from, addDays(to, 1)).map((day) => ({ ...day, lines: [] as Line[] }));
  for (const one of inputs.map(timed).sort(inOrder)) {
    const { input, start, end } = one;
    const isOn = (index: number) => {
      const { date, begin } = days[index]!;
      return input.allDay ? date < input.end : end > begin;
    };
    const first = days.findLastIndex(({ date, begin }) => (input.allDay ? date <= input.start : begin <= start));
    for (let index = Math.max(first, 0); index < days.length && isOn(index); index++) {
      const [begin, next] = [days[index]!.begin, days[index + 1]?.begin ?? Infinity];
      days[index]!.lines.push({ ...one, begins: !input.allDay && start >= begin, ends: !input.allDay && end <= next });
    }
  }
  return days.filter(({ date, lines }) => date < to && lines.length);
}

/** The days of two agendas; a day of one alone is the same as before. */
function joined(some: readonly Day[], others: readonly Day[]): Day[] {
  const mixed = some.map((day) => {
    const other = others.find(({ date }) => date === day.date);
    if (!other) return day;
    const lines = [...day.lines, ...other.lines].sort(inOrder);
    return { ...day, lines };
  });
  const alone = others.filter(({ date }) => !some.some((day) => day.date === date));
  return [...mixed, ...alone].sort((one, other) => (one.date < other.date ? -1 : 1));
}

/** Which part of a day an event takes, in words. */
function timeOn({ input: { start, end }, begins, ends }: Line): string {
  const [from, to] = [timeWords(start, zone.value), timeWords(end, zone.value)];
  if (begins && ends) return `${from} – ${to}`;
  if (begins) return `from ${from}`;
  return ends ? `until ${to}` : "all day";
}
