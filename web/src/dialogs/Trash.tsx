// What was deleted in the last thirty days, and the way back.
import { useEffect, useState } from "preact/hooks";

import { type CalendarEvent, deleteEvent, listTrash, restoreEvent } from "../api/events";
import { Dialog } from "../parts/Dialog";
import { reload, zone } from "../store/entries";
import { say, sayProblem } from "../store/undo";
import { spanWords } from "../time/words";

export function Trash({ onClose }: { onClose: () => void }) {
  const [events, setEvents] = useState<CalendarEvent[] | null>(null);
  const read = () => listTrash().then(setEvents, sayProblem);
  useEffect(() => void read(), []);
  const restore = async (event: CalendarEvent) => {
    try {
      await restoreEvent(event.id);
      say(`“${event.title}” is back`, () => deleteEvent(event.id, { scope: "all" }).then(read));
      await Promise.all([read(), reload()]);
    } catch (error) {
      sayProblem(error);
    }
  };
  return (
    <Dialog title="Trash" onClose={onClose}>
      <p class="muted">Deleted events stay here for 30 days.</p>
      {!events && <div class="skeleton" aria-busy="true" />}
      {events?.length === 0 && <p class="empty">The trash is empty.</p>}
      <ul class="people">
        {events?.map((event) => (
          <li key={event.id}>
            <span class="grow">
              <strong>{event.title}</strong>
              <br />
              <span class="muted small">{spanWords(event.start_time, event.end_time, zone.value)}</span>
            </span>
            <button type="button" aria-label={`Restore ${event.title}`} onClick={() => void restore(event)}>
              Restore
            </button>
          </li>
        ))}
      </ul>
    </Dialog>
  );
}
