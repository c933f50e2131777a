// One field before and after, side by side, with what differs marked word by word.
import { zone } from "../store/entries";
import { type Mark, marks } from "../text/marks";
import { repeatWords } from "../text/repeat";
import { dayWords, momentWords } from "../time/words";

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

export const fieldWords = (field: string) =>
  field.startsWith("overrides") ? `the date ${field.replace(/^overrides[./]?/, "")}` : (NAMES[field] ?? field.replaceAll("_", " "));

/** A value of the API as people read it. */
export function valueWords(field: string, value: unknown): string {
  if (value === null || value === undefined || value === "") return "";
  if (field === "recurrence_pattern") return repeatWords(value as Record<string, unknown>);
  if (typeof value === "boolean") return value ? "yes" : "no";
  if (Array.isArray(value)) return value.join(", ");
  if (typeof value === "object") {
    return Object.entries(value)
      .map(([name, one]) => `${fieldWords(name)}: ${valueWords(name, one)}`)
      .join("\n");
  }
  const text = String(value);
  if (/^\d{4}-\d\d-\d\d$/.test(text)) return dayWords(text);
  if (/_time$/.test(field) && /^\d{4}-\d\d-\d\dT.*(Z|[+-]\d\d:\d\d)$/.test(text)) return momentWords(text, zone.value);
  return text;
}

export function Difference({ field, before, after }: { field: string; before: unknown; after: unknown }) {
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
