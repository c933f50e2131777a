// The nearest free times, one click away, wherever a time turns out to be taken.
import type { Slot } from "../api/events";
import { zone } from "../store/entries";
import { spanWords } from "../time/words";

const MOST = 3;

export function FreeTimes({ slots, onChosen }: { slots: readonly Slot[]; onChosen: (slot: Slot) => void }) {
  if (!slots.length) return null;
  return (
    <>
      <p class="muted small">Nearest free times</p>
      <div class="chips">
        {slots.slice(0, MOST).map((slot) => (
          <button key={slot.start_time} type="button" class="chip" onClick={() => onChosen(slot)}>
            {spanWords(slot.start_time, slot.end_time, zone.value)}
          </button>
        ))}
      </div>
    </>
  );
}
