// When an event repeats: the usual ones in one click, the rest in a form, all of it said in words.
import { useId, useState } from "preact/hooks";

import { Icon } from "../parts/icons";
import { go } from "../route";
import { firstMatch, firstTime } from "../text/matching";
import { DAYS, type Repeat, repeatWords } from "../text/repeat";
import { dayWords } from "../time/words";
import { addDays, addMinutes, addMonths, daysBetween, minutesBetween, weekdayOf } from "../time/zones";
import type { Editing } from "./editing";
import { Months, MonthDays, type PartProps, Weekdays } from "./RepeatDays";
import { RepeatMore } from "./RepeatMore";

type Pattern = Record<string, unknown> | null;

const patternOf = (repeat: Repeat): Pattern => ({ ...repeat });

/** The patterns that a date suggests. */
function suggested(date: string): Repeat[] {
  const day = DAYS[weekdayOf(date) - 1] ?? "mo";
  const dayOfMonth = Number(date.slice(8));
  const nth = Math.ceil(dayOfMonth / 7);
  return [
    { frequency: "daily" },
    { frequency: "weekly", byDay: [{ day }] },
    { frequency: "weekly", byDay: DAYS.slice(0, 5).map((one) => ({ day: one })) },
    { frequency: "monthly", byMonthDay: [dayOfMonth] },
    { frequency: "monthly", byDay: [{ day, nthOfPeriod: nth > 4 ? -1 : nth }] },
    { frequency: "yearly" },
  ];
}

export function RepeatEditor({ editing }: { editing: Editing }) {
  const { pattern, start, allDay } = editing.draft.value;
  const [isCustom, setCustom] = useState(false);
  const date = start.date || "2026-01-05";
  const offers = suggested(date).map((repeat) => JSON.stringify(repeat));
  const now = JSON.stringify(pattern);
  const chosen = pattern === null ? "none" : offers.includes(now) ? now : "custom";
  const [moved, set] = useStart(editing);
  if (editing.event.value?.occurrence) return <OfSeries editing={editing} />;
  return (
    <div class="line">
      <span class="line-icon">
        <Icon name="repeat" />
      </span>
      <div class="line-body">
        <select
          aria-label="Repeat"
          value={isCustom ? "custom" : chosen}
          onChange={(event) => {
            const { value } = event.currentTarget;
            setCustom(value === "custom");
            if (value === "none") set(null);
            else if (value !== "custom") set(JSON.parse(value) as Pattern);
            else if (!pattern) set(patternOf({ frequency: "weekly", byDay: [{ day: DAYS[weekdayOf(date) - 1] ?? "mo" }] }));
          }}
        >
          <option value="none">Does not repeat</option>
          {suggested(date).map((repeat, place) => (
            <option key={offers[place]} value={offers[place]}>
              {capital(repeatWords(patternOf(repeat)))}
            </option>
          ))}
          <option value="custom">{chosen === "custom" ? capital(repeatWords(pattern)) : "Something else…"}</option>
        </select>
        {pattern && <Custom repeat={pattern as unknown as Repeat} date={date} allDay={allDay} onChange={(one) => set(patternOf(one))} />}
        <p role="status" class="muted small">
          {moved && `The start moved to ${dayWords(moved)}, the first day that matches.`}
        </p>
      </div>
    </div>
  );
}

/** A date of a series says how the series repeats, and leads to where that is changed. */
function OfSeries({ editing }: { editing: Editing }) {
  return (
    <div class="line">
      <span class="line-icon">
        <Icon name="repeat" />
      </span>
      <div class="line-body">
        <p class="as-text">Repeats {repeatWords(editing.draft.value.pattern)}</p>
        {editing.mayEdit.value && (
          <button type="button" class="link" onClick={() => go({ event: editing.id, occurrence: null })}>
            Change the repetition
          </button>
        )}
      </div>
    </div>
  );
}

/** A series begins on its rule: setting one moves the start to the first day that matches, from where it was put. */
function useStart(editing: Editing): [string | null, (pattern: Pattern) => void] {
  const [moved, setMoved] = useState<{ from: string; to: string } | null>(null);
  const { start, end, allDay } = editing.draft.value;
  const isMoved = moved !== null && moved.to === start.date;
  const set = (pattern: Pattern) => {
    const from = isMoved ? moved.from : start.date;
    const to = (pattern && from && firstMatch(pattern, from)) || from;
    const time = pattern && start.time && !allDay ? firstTime(pattern, start.time) : start.time;
    setMoved(to === from ? null : { from, to });
    if (to === start.date && time === start.time) editing.set({ pattern });
    else if (time === start.time) {
      const date = end.date && addDays(end.date, daysBetween(start.date, to));
      editing.set({ pattern, start: { ...start, date: to }, end: { ...end, date } });
    } else {
      const begin = { date: to, time };
      const isComplete = start.date && end.date && end.time;
      editing.set({ pattern, start: begin, end: isComplete ? addMinutes(begin, minutesBetween(start, end)) : end });
    }
  };
  return [isMoved ? moved.to : null, set];
}

const capital = (text: string) => text.charAt(0).toUpperCase() + text.slice(1);

function Custom({ repeat, date, allDay, onChange }: PartProps & { allDay: boolean }) {
  const [interval, unit] = [useId(), useId()];
  const hasWeeks = Boolean(repeat.byWeekNo?.length);
  const isLong = repeat.frequency === "monthly" || repeat.frequency === "yearly";
  return (
    <div class="repeat">
      <div class="repeat-row">
        <label for={interval}>Every</label>
        <input
          id={interval}
          type="number"
          min={1}
          max={1000}
          value={repeat.interval ?? 1}
          onChange={(event) => {
            const { interval: _, ...rest } = repeat;
            const number = Number(event.currentTarget.value);
            onChange(number > 1 ? { ...rest, interval: Math.min(number, 1000) } : rest);
          }}
        />
        <label for={unit} class="hidden">
          Unit
        </label>
        <select id={unit} value={repeat.frequency} onChange={(event) => onChange(withUnit(repeat, event.currentTarget.value, date))}>
          <option value="daily">days</option>
          <option value="weekly">weeks</option>
          <option value="monthly">months</option>
          <option value="yearly">years</option>
        </select>
      </div>
      {(repeat.frequency === "weekly" || hasWeeks) && <Weekdays repeat={repeat} date={date} onChange={onChange} />}
      {isLong && !hasWeeks && <MonthDays repeat={repeat} date={date} onChange={onChange} />}
      {repeat.frequency === "yearly" && <Months repeat={repeat} date={date} onChange={onChange} />}
      {repeat.frequency !== "yearly" && (
        <details open={Boolean(repeat.byMonth)}>
          <summary>Only in some months</summary>
          <Months repeat={repeat} date={date} onChange={onChange} />
        </details>
      )}
      <RepeatMore repeat={repeat} date={date} allDay={allDay} onChange={onChange} />
      <End repeat={repeat} date={date} onChange={onChange} />
      <p class="muted small">Repeats {repeatWords(patternOf(repeat))}.</p>
    </div>
  );
}

function withUnit(repeat: Repeat, frequency: string, date: string): Repeat {
  const { interval, count, until } = repeat;
  const kept = { ...(interval ? { interval } : {}), ...(count ? { count } : {}), ...(until ? { until } : {}) };
  const own: Partial<Repeat> =
    frequency === "weekly"
      ? { byDay: [{ day: DAYS[weekdayOf(date) - 1] ?? "mo" }] }
      : frequency === "monthly"
        ? { byMonthDay: [Number(date.slice(8))] }
        : {};
  return { frequency: frequency as Repeat["frequency"], ...kept, ...own };
}

function End({ repeat, date, onChange }: PartProps) {
  const { count, until, ...open } = repeat;
  const kind = count ? "count" : until ? "until" : "never";
  const end = useId();
  return (
    <div class="repeat-row">
      <label for={end}>Ends</label>
      <select
        id={end}
        value={kind}
        onChange={(event) => {
          const { value } = event.currentTarget;
          if (value === "count") onChange({ ...open, count: 10 });
          else onChange(value === "until" ? { ...open, until: `${addMonths(date, 3)}T23:59:59` } : open);
        }}
      >
        <option value="never">never</option>
        <option value="until">on a date</option>
        <option value="count">after some times</option>
      </select>
      {kind === "until" && (
        <input
          type="date"
          aria-label="Last day"
          min={date}
          value={until?.slice(0, 10)}
          onChange={(event) => event.currentTarget.value && onChange({ ...open, until: `${event.currentTarget.value}T23:59:59` })}
        />
      )}
      {kind === "count" && (
        <input
          type="number"
          aria-label="Times"
          min={1}
          max={5000}
          value={count}
          onChange={(event) => onChange({ ...open, count: Math.min(Math.max(Number(event.currentTarget.value), 1), 5000) })}
        />
      )}
    </div>
  );
}
