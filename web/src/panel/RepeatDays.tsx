// On which days a series occurs: weekdays, days of the month, the nth weekday, the nth of several, and in which months.
import type { ComponentChildren } from "preact";

import { DAYS, type Day, ordinal, type Repeat } from "../text/repeat";
import { monthNameWords, weekdayWords } from "../time/words";
import { weekdayOf } from "../time/zones";

export interface PartProps {
  repeat: Repeat;
  date: string;
  onChange: (repeat: Repeat) => void;
}

const WORKDAYS = DAYS.slice(0, 5);
const NTHS = [1, 2, 3, 4, 5, -1];

/** The choice with one of its parts turned over, in the order of all; the last one stays. */
function toggled<T>(all: readonly T[], chosen: readonly T[], one: T): T[] | null {
  const next = all.filter((other) => (other === one ? !chosen.includes(other) : chosen.includes(other)));
  return next.length ? next : null;
}

interface GroupProps<T> {
  name: string;
  all: readonly T[];
  chosen: readonly T[];
  label: (one: T) => string;
  short: (one: T) => ComponentChildren;
  onChange: (chosen: T[]) => void;
  /** Whether none may be chosen. */
  isOptional?: boolean;
}

function Group<T extends string | number>({ name, all, chosen, label, short, onChange, isOptional }: GroupProps<T>) {
  return (
    <div class={all.length === 12 ? "weekdays many in-twelve" : all.length > 7 ? "weekdays many" : "weekdays"} role="group" aria-label={name}>
      {all.map((one) => (
        <button
          key={one}
          type="button"
          class="day"
          aria-label={label(one)}
          aria-pressed={chosen.includes(one)}
          onClick={() => {
            const next = toggled(all, chosen, one);
            if (next || isOptional) onChange(next ?? []);
          }}
        >
          {short(one)}
        </button>
      ))}
    </div>
  );
}

const nameOf = (day: string) => weekdayWords(DAYS.indexOf(day as (typeof DAYS)[number]) + 1);

function DayGroup({ chosen, onChange }: { chosen: readonly string[]; onChange: (days: string[]) => void }) {
  return (
    <Group<string>
      name="On"
      all={DAYS}
      chosen={chosen}
      label={nameOf}
      short={(day) => weekdayWords(DAYS.indexOf(day as (typeof DAYS)[number]) + 1, "narrow")}
      onChange={onChange}
    />
  );
}

export function Weekdays({ repeat, onChange }: PartProps) {
  const chosen = repeat.byDay?.map((one) => one.day) ?? [];
  return <DayGroup chosen={chosen} onChange={(days) => onChange({ ...repeat, byDay: days.map((day) => ({ day })) })} />;
}

/** In which months; of a yearly rule without any, in that of its start. */
export function Months({ repeat, onChange }: PartProps) {
  const { byMonth, ...rest } = repeat;
  const all = Array.from({ length: 12 }, (_, place) => String(place + 1));
  return (
    <Group<string>
      name="In"
      all={all}
      chosen={byMonth ?? []}
      label={(month) => monthNameWords(Number(month))}
      short={(month) => monthNameWords(Number(month), "short")}
      onChange={(months) => onChange(months.length ? { ...rest, byMonth: months } : rest)}
      isOptional
    />
  );
}

// -- days of a month or a year -------------------------------------------------------------------------------

/** How the days are named: as on the start, by their number, as nth weekdays, or as the nth of several weekdays. */
type Kind = "start" | "dates" | "nth" | "position" | "other";

const isProduct = (days: Day[]) => {
  const [names, nths] = [new Set(days.map((one) => one.day)), new Set(days.map((one) => one.nthOfPeriod))];
  return names.size * nths.size === days.length && [...nths].every((nth) => nth !== undefined && NTHS.includes(nth));
};

function kindOf({ byDay, byMonthDay, bySetPosition, ...rest }: Repeat): Kind {
  if ("byWeekNo" in rest || "byYearDay" in rest || (byDay?.length && byMonthDay?.length)) return "other";
  if (byMonthDay?.length) return bySetPosition ? "other" : "dates";
  if (!byDay?.length) return bySetPosition ? "other" : "start";
  if (!bySetPosition) return isProduct(byDay) ? "nth" : "other";
  const plain = byDay.every((one) => !one.nthOfPeriod);
  return plain && bySetPosition.every((one) => NTHS.includes(one)) ? "position" : "other";
}

function partsOf(kind: Kind, date: string): Partial<Repeat> {
  const [day, number] = [DAYS[weekdayOf(date) - 1] ?? "mo", Number(date.slice(8))];
  const nth = Math.ceil(number / 7);
  if (kind === "dates") return { byMonthDay: [number] };
  if (kind === "nth") return { byDay: [{ day, nthOfPeriod: nth > 4 ? -1 : nth }] };
  return kind === "position" ? { byDay: WORKDAYS.map((one) => ({ day: one })), bySetPosition: [-1] } : {};
}

export function MonthDays({ repeat, date, onChange }: PartProps) {
  const kind = kindOf(repeat);
  const { byDay: _, byMonthDay: __, bySetPosition: ___, ...rest } = repeat;
  const choose = (chosen: Kind) => {
    const month = repeat.frequency === "yearly" && chosen !== "start" && !rest.byMonth;
    onChange({ ...rest, ...(month ? { byMonth: [String(Number(date.slice(5, 7)))] } : {}), ...partsOf(chosen, date) });
  };
  return (
    <>
      <select aria-label="Which days" value={kind} onChange={(event) => choose(event.currentTarget.value as Kind)}>
        {kind === "other" && <option value="other">as it is</option>}
        <option value="start">on the day of the start</option>
        <option value="dates">on days of the month</option>
        <option value="nth">on the 1st, 2nd … weekday</option>
        <option value="position">on the 1st, 2nd … of several weekdays</option>
      </select>
      {kind === "dates" && <Dates repeat={repeat} onChange={onChange} date={date} />}
      {kind === "nth" && <Nths repeat={repeat} onChange={onChange} date={date} />}
      {kind === "position" && <Positions repeat={repeat} onChange={onChange} date={date} />}
    </>
  );
}

function Dates({ repeat, onChange }: PartProps) {
  const all = [...Array.from({ length: 31 }, (_, place) => place + 1), -1];
  const chosen = repeat.byMonthDay ?? [];
  const others = chosen.filter((one) => !all.includes(one));
  return (
    <Group<number>
      name="Days of the month"
      all={[...all, ...others]}
      chosen={chosen}
      label={(day) => (day > 0 ? ordinal(day) : `${ordinal(day)} day`)}
      short={(day) => (day > 0 ? day : ordinal(day))}
      onChange={(days) => onChange({ ...repeat, byMonthDay: [...days].sort((one, other) => one - other) })}
    />
  );
}

function NthGroup({ chosen, onChange }: { chosen: readonly number[]; onChange: (nths: number[]) => void }) {
  return <Group<number> name="Which" all={NTHS} chosen={chosen} label={ordinal} short={ordinal} onChange={onChange} />;
}

function Nths({ repeat, onChange }: PartProps) {
  const byDay = repeat.byDay ?? [];
  const [days, nths] = [byDay.map((one) => one.day), byDay.map((one) => one.nthOfPeriod ?? 1)];
  const set = (names: readonly string[], numbers: readonly number[]) => {
    const known = DAYS.filter((day) => names.includes(day));
    const sorted = [...new Set(numbers)].sort((one, other) => one - other);
    onChange({ ...repeat, byDay: known.flatMap((day) => sorted.map((nthOfPeriod) => ({ day, nthOfPeriod }))) });
  };
  return (
    <>
      <NthGroup chosen={nths} onChange={(next) => set(days, next)} />
      <DayGroup chosen={days} onChange={(next) => set(next, nths)} />
    </>
  );
}

function Positions({ repeat, onChange }: PartProps) {
  const sorted = (numbers: number[]) => [...numbers].sort((one, other) => one - other);
  return (
    <>
      <NthGroup
        chosen={repeat.bySetPosition ?? []}
        onChange={(positions) => onChange({ ...repeat, bySetPosition: sorted(positions) })}
      />
      <Weekdays repeat={repeat} onChange={onChange} date="" />
    </>
  );
}
