// A slider through the past, and a field for a moment: the whole calendar as it was.
import { useEffect, useMemo, useRef, useState } from "preact/hooks";

import { me } from "../api/session";
import { asOf, zone } from "../store/entries";
import { momentWords } from "../time/words";
import { instantOf, isDate, wallOf } from "../time/zones";
import { Icon } from "./icons";

const STEPS = 1000;
/** While the slider is dragged, the calendar follows it at rests this long, in milliseconds. */
const REST = 150;

/** Begin to look at the past, or come back from it. */
export function travel(): void {
  asOf.value = asOf.value === null ? new Date().toISOString() : null;
}

/** Opened anew it stands at now again. */
export function TimeMachine() {
  return asOf.value === null ? null : <Machine />;
}

/** What the field of date and time holds, as an instant. */
function momentOf(text: string): string | null {
  const [date = "", time = ""] = text.split("T");
  if (!isDate(date) || !/^\d{2}:\d{2}/.test(time)) return null;
  return new Date(instantOf({ date, time: time.slice(0, 5) }, zone.peek())).toISOString();
}

function Machine() {
  const [began, ended] = useMemo(() => [new Date(me.peek()?.created_at ?? 0).getTime(), Date.now()], []);
  const [moment, setMoment] = useState(() => new Date(ended).toISOString());
  const rest = useRef<ReturnType<typeof setTimeout>>();
  useEffect(() => () => clearTimeout(rest.current), []);
  const length = Math.max(ended - began, 1);
  const place = Math.round(((new Date(moment).getTime() - began) / length) * STEPS);
  const at = (step: number) => new Date(began + (length * step) / STEPS).toISOString();
  const go = (to: string, after: number) => {
    setMoment(to);
    clearTimeout(rest.current);
    rest.current = setTimeout(() => (asOf.value = to), after);
  };
  const wall = wallOf(moment, zone.value);
  const [first, last] = [began, ended].map((one) => wallOf(new Date(one).toISOString(), zone.value));
  return (
    <section class="machine" aria-label="Time machine">
      <Icon name="history" />
      <p>
        The calendar as it was on <strong>{momentWords(moment, zone.value)}</strong>
      </p>
      <input
        type="range"
        min={0}
        max={STEPS}
        value={place}
        aria-label="Moment"
        aria-valuetext={momentWords(moment, zone.value)}
        onInput={(event) => go(at(Number(event.currentTarget.value)), REST)}
      />
      <input
        type="datetime-local"
        aria-label="Date and time"
        min={`${first?.date}T${first?.time}`}
        max={`${last?.date}T${last?.time}`}
        value={`${wall.date}T${wall.time}`}
        onChange={(event) => {
          const to = momentOf(event.currentTarget.value);
          if (to) go(new Date(Math.min(Math.max(Date.parse(to), began), ended)).toISOString(), 0);
        }}
      />
      <button type="button" onClick={travel}>
        Back to now
      </button>
    </section>
  );
}
