// What a chosen time overlaps, as soon as it is chosen, and the nearest free times one click away.
import { useEffect, useState } from "preact/hooks";

import { Problem } from "../api/client";
import { type Check, checkEvent, type Part } from "../api/events";
import { Icon } from "../parts/icons";
import { seenAs } from "../store/actions";
import { differences, faultOf, fieldsOf } from "../store/drafts";
import { zone } from "../store/entries";
import { spanWords } from "../time/words";
import { wallOf } from "../time/zones";
import type { Editing } from "./editing";
import { FreeTimes } from "./FreeTimes";

const PAUSE = 200;

/** Ask of a new event, or of what is changed; which part of a series is meant is asked later, and one date is likely. */
function checkOf(editing: Editing, signal: AbortSignal): Promise<Check> {
  const [event, draft] = [editing.event.peek(), editing.draft.peek()];
  if (!event) return checkEvent({ ...fieldsOf(draft), title: "x" }, { scope: "all" }, signal);
  const fields = differences(editing.base.peek(), draft);
  const isOneDate = event.occurrence && !("recurrence_pattern" in fields);
  const which: Part = isOneDate ? { scope: "this", occurrence: event.occurrence! } : { scope: "all" };
  return checkEvent({ ...fields, ...(isOneDate ? {} : seenAs(event)), event_id: event.id }, which, signal);
}

export function Conflicts({ editing }: { editing: Editing }) {
  const [check, setCheck] = useState<Check | null>(null);
  const draft = editing.draft.value;
  const { start, end, zone: at, allDay, pattern, busy, status } = draft;
  const untouched = Boolean(editing.event.value) && !editing.isChanged.value;
  const asked = JSON.stringify({ start, end, at, allDay, pattern, busy, status, untouched });
  useEffect(() => {
    const complete = faultOf({ ...draft, title: "x" }) === null;
    setCheck(null);
    if (!busy || status === "cancelled" || untouched || !complete) return;
    const asking = new AbortController();
    const soon = setTimeout(() => {
      checkOf(editing, asking.signal).then(setCheck, (error: unknown) => {
        // Whoever goes on typing is answered by the next check; saving tells what is wrong with the rest.
        if (!asking.signal.aborted && !(error instanceof Problem)) throw error;
      });
    }, PAUSE);
    return () => {
      clearTimeout(soon);
      asking.abort();
    };
  }, [asked]);
  const taken = check?.conflicts ?? [];
  if (!check || !taken.length) return null;
  return (
    <div class="conflicts" role="status">
      <p>
        <Icon name="warning" size={16} /> <strong>You are busy then</strong>
      </p>
      <ul class="plain">
        {taken.slice(0, 4).map((one) => (
          <li key={`${one.event_id} ${one.start_time}`}>
            {one.title ?? "Busy"} <span class="muted">{spanWords(one.start_time, one.end_time, zone.value)}</span>
          </li>
        ))}
        {(taken.length > 4 || check.more) && <li class="muted">and more</li>}
      </ul>
      <FreeTimes
        slots={check.nearest_free}
        onChosen={(slot) => editing.set({ start: wallOf(slot.start_time, at), end: wallOf(slot.end_time, at) })}
      />
    </div>
  );
}
