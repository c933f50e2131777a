// What an empty calendar offers: a first event, or a week of examples to try things on.
import { signal } from "@preact/signals";
import { useEffect } from "preact/hooks";

import { ask, askFor } from "../api/client";
import { type CalendarEvent, deleteEvent, type Fields } from "../api/events";
import { editing, openNew } from "../panel/opening";
import { entries, reload, zone } from "../store/entries";
import { say, sayProblem } from "../store/undo";
import { addDays, instantOf, today, weekdayOf } from "../time/zones";
import { Icon } from "./icons";

/** Whether the person sees no event at all; null until it is known. */
const isEmpty = signal<boolean | null>(null);

const EXAMPLES: [number, string, string, string, Partial<Fields>][] = [
  [0, "09:30", "10:00", "Plan the week", { recurrence_pattern: { frequency: "weekly" } }],
  [1, "12:30", "13:30", "Lunch together", { location: "The place around the corner" }],
  [2, "10:00", "11:30", "Workshop", { description: "Bring questions\nDecide what comes first", location: "Room 4" }],
  [3, "16:00", "16:45", "Call with the printers", { status: "tentative" }],
  [4, "15:00", "15:30", "Look back", { tags: ["team"] }],
];

async function addExamples(): Promise<void> {
  const now = today(zone.peek());
  const monday = addDays(now, 1 - weekdayOf(now));
  const events = EXAMPLES.map(([day, from, to, title, more]) => {
    const at = (time: string) => instantOf({ date: addDays(monday, day), time }, zone.peek());
    return { title, start_time: at(from), end_time: at(to), time_zone: zone.peek(), ...more };
  });
  try {
    const answer = await ask("POST", "/events/batch", { body: events, query: { on_conflict: "allow" } });
    const made = (await answer.json()) as CalendarEvent[];
    isEmpty.value = false;
    say("A week of examples is there", () => Promise.all(made.map((one) => deleteEvent(one.id, { scope: "all" }))));
    await reload();
  } catch (error) {
    sayProblem(error);
  }
}

export function FirstSteps() {
  useEffect(() => {
    askFor<CalendarEvent[]>("GET", "/events", { query: { limit: 1 } }).then((found) => {
      isEmpty.value = found.length === 0;
    }, sayProblem);
  }, []);
  if (!isEmpty.value || entries.value.length > 0 || editing.value) return null;
  return (
    <section class="first card" aria-label="First steps">
      <h2>Your calendar is empty</h2>
      <p class="muted">Drag over a free time, double-click it, or press c. Or look at how it works with examples first.</p>
      <div class="actions">
        <button type="button" onClick={() => void addExamples()}>
          <Icon name="spark" size={16} /> Try it with examples
        </button>
        <button type="button" class="primary" onClick={openNew}>
          Create your first event
        </button>
      </div>
    </section>
  );
}
