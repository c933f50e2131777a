// The parts of a rule that few series need: weeks and days of the year, hours and minutes of the day.
import { useEffect, useId, useState } from "preact/hooks";

import { DAYS, type Repeat } from "../text/repeat";
import { weekdayOf } from "../time/zones";
import type { PartProps } from "./RepeatDays";

type Name = "byWeekNo" | "byYearDay" | "byHour" | "byMinute";

interface Part {
  name: Name;
  label: string;
  hint: string;
  least: number;
  most: number;
  /** Whether it may be counted from the end. */
  fromEnd: boolean;
}

const OF_YEAR: Part[] = [
  { name: "byWeekNo", label: "Weeks of the year", hint: "1 to 53, or -1 for the last", least: 1, most: 53, fromEnd: true },
  { name: "byYearDay", label: "Days of the year", hint: "1 to 366, or -1 for the last", least: 1, most: 366, fromEnd: true },
];
const OF_DAY: Part[] = [
  { name: "byHour", label: "Hours of the day", hint: "0 to 23", least: 0, most: 23, fromEnd: false },
  { name: "byMinute", label: "Minutes of the hour", hint: "0 to 59", least: 0, most: 59, fromEnd: false },
];

export function RepeatMore({ repeat, date, allDay, onChange }: PartProps & { allDay: boolean }) {
  const parts = [...(repeat.frequency === "yearly" ? OF_YEAR : []), ...(allDay ? [] : OF_DAY)];
  const isUsed = parts.some(({ name }) => repeat[name]?.length);
  if (!parts.length) return null;
  return (
    <details class="repeat-more" open={isUsed}>
      <summary>More</summary>
      <p class="muted small">Numbers, with commas between them.</p>
      {parts.map((part) => (
        <Numbers
          key={part.name}
          part={part}
          chosen={repeat[part.name] ?? []}
          onChange={(numbers) => onChange(withNumbers(repeat, part.name, numbers, date))}
        />
      ))}
    </details>
  );
}

function withNumbers(repeat: Repeat, name: Name, numbers: number[], date: string): Repeat {
  const { [name]: _, ...rest } = repeat;
  if (!numbers.length) return rest;
  const isNth = rest.byDay?.some((one) => one.nthOfPeriod);
  // Weeks have no nth weekday: they have each weekday once.
  if (name === "byWeekNo" && isNth) rest.byDay = [{ day: DAYS[weekdayOf(date) - 1] ?? "mo" }];
  return { ...rest, [name]: numbers };
}

/** Those counted from the end come last. */
const byPlace = (one: number, other: number) => Number(one < 0) - Number(other < 0) || one - other;

/** The numbers of a line such as "1, 20, -1", in order; null where one of them is none. */
function numbersIn(line: string, { least, most, fromEnd }: Part): number[] | null {
  const numbers = line.split(/[\s,;]+/).filter(Boolean).map(Number);
  const fits = (one: number) => Number.isInteger(one) && ((one >= least && one <= most) || (fromEnd && -one >= 1 && -one <= most));
  return numbers.every(fits) ? [...new Set(numbers)].sort(byPlace) : null;
}

function Numbers({ part, chosen, onChange }: { part: Part; chosen: readonly number[]; onChange: (numbers: number[]) => void }) {
  const said = chosen.join(", ");
  const [line, setLine] = useState(said);
  const [field, hint] = [useId(), useId()];
  useEffect(() => setLine(said), [said]);
  const isWrong = numbersIn(line, part) === null;
  return (
    <div class="repeat-numbers">
      <label for={field}>{part.label}</label>
      <input
        id={field}
        inputMode="text"
        autocomplete="off"
        placeholder="any"
        aria-describedby={hint}
        aria-invalid={isWrong}
        value={line}
        onInput={(event) => setLine(event.currentTarget.value)}
        onChange={(event) => {
          const numbers = numbersIn(event.currentTarget.value, part);
          if (numbers) onChange(numbers);
        }}
      />
      <span id={hint} class={isWrong ? "too-long" : "muted small"}>
        {part.hint}
      </span>
    </div>
  );
}
