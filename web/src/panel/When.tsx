// When an event is: dates, times and the zone in which they are meant.
import { useId, useMemo } from "preact/hooks";

import { Icon } from "../parts/icons";
import { useSeen } from "../parts/painted";
import type { Draft } from "../store/drafts";
import { zone } from "../store/entries";
import { spanWords } from "../time/words";
import { addDays, addMinutes, daysBetween, minutesBetween, offsetWords, zoneNames } from "../time/zones";
import { timesOf } from "../store/drafts";
import { followed } from "../text/repeat";
import type { Editing } from "./editing";

/** Moving the start moves the end by as much. */
function withStart(draft: Draft, start: Draft["start"]): Partial<Draft> {
  if (!start.date || !start.time || !draft.start.date || !draft.start.time) return { start };
  const pattern = followed(draft.pattern, draft.start.date, start.date);
  if (draft.allDay) {
    const length = daysBetween(draft.start.date, draft.end.date);
    return { start, pattern, end: { ...draft.end, date: addDays(start.date, Math.max(length, 0)) } };
  }
  const length = minutesBetween(draft.start, draft.end);
  return { start, pattern, end: addMinutes(start, length > 0 ? length : 60) };
}

export function When({ editing }: { editing: Editing }) {
  const draft = editing.draft.value;
  const allDay = useId();
  return (
    <div class="line">
      <span class="line-icon">
        <Icon name="clock" />
      </span>
      <div class="line-body when">
        <Edge name="Starts" edge={draft.start} allDay={draft.allDay} onChange={(start) => editing.set(withStart(draft, start))} />
        <Edge name="Ends" edge={draft.end} allDay={draft.allDay} onChange={(end) => editing.set({ end })} />
        <div class="when-more">
          <label for={allDay} class="switch">
            <input
              id={allDay}
              type="checkbox"
              role="switch"
              checked={draft.allDay}
              onChange={(event) => editing.set({ allDay: event.currentTarget.checked, busy: !event.currentTarget.checked })}
            />
            <span>All day</span>
          </label>
          {!draft.allDay && <ZonePicker value={draft.zone} onChange={(name) => editing.set({ zone: name })} />}
        </div>
        <Elsewhere draft={draft} />
      </div>
    </div>
  );
}

interface EdgeProps {
  name: string;
  edge: Draft["start"];
  allDay: boolean;
  onChange: (edge: Draft["start"]) => void;
}

function Edge({ name, edge, allDay, onChange }: EdgeProps) {
  return (
    <div class="edge">
      <span class="edge-name muted" aria-hidden="true">
        {name}
      </span>
      <input
        type="date"
        aria-label={`${name} on`}
        required
        min="1900-01-01"
        max="2999-12-31"
        value={edge.date}
        onChange={(event) => onChange({ ...edge, date: event.currentTarget.value })}
      />
      {!allDay && (
        <input
          type="time"
          aria-label={`${name} at`}
          required
          value={edge.time}
          onChange={(event) => onChange({ ...edge, time: event.currentTarget.value })}
        />
      )}
    </div>
  );
}

interface ZoneProps {
  value: string;
  onChange: (zone: string) => void;
  label?: string;
}

export function ZonePicker({ value, onChange, label = "Time zone" }: ZoneProps) {
  const isSeen = useSeen();
  // Four hundred names take as long as the whole form: the others come when the form is there, and are made once.
  const names = isSeen ? zoneNames() : NONE;
  const options = useMemo(() => names.map(zoneOption), [names]);
  return (
    <select class="zone" aria-label={label} value={value} onChange={(event) => onChange(event.currentTarget.value)}>
      {!names.includes(value) && zoneOption(value)}
      {!names.includes("UTC") && value !== "UTC" && zoneOption("UTC")}
      {options}
    </select>
  );
}

const NONE: readonly string[] = [];

const zoneOption = (name: string) => (
  <option key={name} value={name}>
    {name.replaceAll("_", " ")}
  </option>
);

/** An event of another zone, said in one's own. */
function Elsewhere({ draft }: { draft: Draft }) {
  const complete = draft.start.date && draft.start.time && draft.end.date && draft.end.time;
  if (draft.allDay || draft.zone === zone.value || !complete) return null;
  const { start_time: start, end_time: end } = timesOf(draft);
  return (
    <p class="muted small">
      {spanWords(start, end, zone.value)} where you are ({offsetWords(zone.value, new Date(start))})
    </p>
  );
}
