// One field before and after: in a sentence, or side by side with what differs marked word by word.
import type { CalendarEvent } from "../api/events";
import { zone } from "../store/entries";
import { type Mark, marks } from "../text/marks";
import { type Around, dateFieldWords, isDateField, pastWords } from "../text/past";
import { repeatWords } from "../text/repeat";
import { dayWords, momentWords } from "../time/words";
import { today } from "../time/zones";

const NAMES: Record<string, string> = {
  start_time: "start",
  end_time: "end",
  time_zone: "time zone",
  all_day: "all-day",
  free_busy_status: "availability",
  recurrence_pattern: "repetition",
  is_recurring: "repetition",
  schedule: "time",
};

/** How the words of an event's history depend on the event, and on when they are read. */
export const around = (event: CalendarEvent): Around => ({ allDay: event.all_day, year: today(zone.value).slice(0, 4) });

export const fieldWords = (field: string, seen: Around) =>
  isDateField(field) ? dateFieldWords(field, seen) : (NAMES[field] ?? field.replaceAll("_", " "));

/** A value of the API as people read it. */
export function valueWords(field: string, value: unknown): string {
  if (value === null || value === undefined || value === "") return "";
  if (field === "recurrence_pattern") return repeatWords(value as Record<string, unknown>);
  if (typeof value === "boolean") return value ? "yes" : "no";
  if (Array.isArray(value)) return value.join(", ");
  const text = String(value);
  if (/^\d{4}-\d\d-\d\d$/.test(text)) return dayWords(text);
  if (/_time$/.test(field) && /^\d{4}-\d\d-\d\dT.*(Z|[+-]\d\d:\d\d)$/.test(text)) return momentWords(text, zone.value);
  return text;
}

interface Changed {
  field: string;
  before: unknown;
  after: unknown;
  seen: Around;
}

export function Difference({ field, before, after, seen }: Changed) {
  const sentence = pastWords(field, before, after, seen);
  if (sentence) return <p class="as-text">{sentence}</p>;
  const found = marks(valueWords(field, before), valueWords(field, after));
  return (
    <div class="difference">
      <Side name="Before" marks={found} hides="added" />
      <Side name="After" marks={found} hides="removed" />
    </div>
  );
}

function Side({ name, marks: found, hides }: { name: string; marks: Mark[]; hides: Mark["kind"] }) {
  const seen = found.filter((mark) => mark.kind !== hides && mark.text);
  return (
    <div class="difference-side">
      <span class="hidden">{name}: </span>
      {seen.length === 0 && <span class="muted">(empty)</span>}
      {seen.map((mark, place) =>
        mark.kind === "same" ? (
          <span key={place}>{mark.text}</span>
        ) : mark.kind === "added" ? (
          <ins key={place}>{mark.text}</ins>
        ) : (
          <del key={place}>{mark.text}</del>
        ),
      )}
    </div>
  );
}
