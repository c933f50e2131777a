// A slider through the past: the whole calendar as it was at a moment.
import { useState } from "preact/hooks";

import { me } from "../api/session";
import { asOf, zone } from "../store/entries";
import { momentWords } from "../time/words";
import { Icon } from "./icons";

const STEPS = 1000;

export function TimeMachine() {
  const [place, setPlace] = useState(STEPS);
  if (asOf.value === null) return null;
  const began = new Date(me.value?.created_at ?? 0).getTime();
  const ended = Date.now();
  const at = (step: number) => new Date(began + ((ended - began) * step) / STEPS).toISOString();
  const leave = () => {
    asOf.value = null;
    setPlace(STEPS);
  };
  return (
    <section class="machine" aria-label="Time machine">
      <Icon name="history" />
      <p>
        The calendar as it was on <strong>{momentWords(at(place), zone.value)}</strong>
      </p>
      <input
        type="range"
        min={0}
        max={STEPS}
        value={place}
        aria-label="Moment"
        aria-valuetext={momentWords(at(place), zone.value)}
        onInput={(event) => setPlace(Number(event.currentTarget.value))}
        onChange={(event) => (asOf.value = at(Number(event.currentTarget.value)))}
      />
      <button type="button" onClick={leave}>
        Back to now
      </button>
    </section>
  );
}
