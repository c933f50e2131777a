// Finding events by what is in them.
import { useEffect, useLayoutEffect, useRef, useState } from "preact/hooks";

import { type CalendarEvent, findEvents } from "../api/events";
import { colorOf } from "../calendar/inputs";
import { Dialog } from "../parts/Dialog";
import { Icon } from "../parts/icons";
import { go } from "../route";
import { kindOf, zone } from "../store/entries";
import { sayProblem } from "../store/undo";
import { repeatWords } from "../text/repeat";
import { spanWords } from "../time/words";

export function Search({ onClose }: { onClose: () => void }) {
  const [typed, setTyped] = useState("");
  const [found, setFound] = useState<CalendarEvent[] | null>(null);
  const input = useRef<HTMLInputElement>(null);
  useLayoutEffect(() => input.current?.focus(), []);
  useEffect(() => {
    const q = typed.trim();
    if (!q) {
      setFound(null);
      return;
    }
    const asking = new AbortController();
    const soon = setTimeout(() => {
      findEvents(q, asking.signal).then(setFound, (error: unknown) => asking.signal.aborted || sayProblem(error));
    }, 120);
    return () => {
      clearTimeout(soon);
      asking.abort();
    };
  }, [typed]);
  const open = (event: CalendarEvent) => {
    onClose();
    go({ event: event.id, occurrence: null, panel: "details", date: event.start_time.slice(0, 10) });
  };
  return (
    <Dialog title="Search" onClose={onClose}>
      <span class="search-input large">
        <Icon name="search" />
        <input
          ref={input}
          type="search"
          aria-label="Search events"
          placeholder="Title, place, description…"
          maxLength={200}
          value={typed}
          // The first Escape would only empty the field.
          onKeyDown={(event) => event.key === "Escape" && onClose()}
          onInput={(event) => setTyped(event.currentTarget.value)}
        />
      </span>
      <div role="status">
        {found?.length === 0 && <p class="empty">Nothing has “{typed.trim()}” in it. Try fewer letters.</p>}
        {!found && !typed && <p class="empty">Searches all that you see, past and future.</p>}
      </div>
      <ul class="plain results">
        {found?.map((event) => (
          <li key={event.id}>
            <button type="button" class="choice row" onClick={() => open(event)}>
              <span class="dot" style={{ background: colorOf(kindOf(event)) }} />
              <span class="grow">
                <strong>{event.title}</strong>
                {event.location && <span class="muted"> {event.location}</span>}
              </span>
              <span class="muted small">
                {event.is_recurring
                  ? repeatWords(event.recurrence_pattern as Record<string, unknown> | null)
                  : spanWords(event.start_time, event.end_time, zone.value)}
              </span>
            </button>
          </li>
        ))}
      </ul>
    </Dialog>
  );
}
