// What the panel reads of an event: the entry that is open, and who has changed it.
import { askFor } from "../api/client";
import { type CalendarEvent, occurrencesOf, readEvent, type Version } from "../api/events";
import { me } from "../api/session";
import { entries } from "../store/entries";
import { authorName } from "../text/people";
import { addDays } from "../time/zones";

/** Read an event, or one occurrence of it, from the server; null for an occurrence that there is not. */
export async function readEntry(id: number, occurrence: string | null): Promise<CalendarEvent | null> {
  if (!occurrence) return readEvent(id);
  const day = occurrence.slice(0, 10);
  const near = await occurrencesOf(id, addDays(day, -60), addDays(day, 60));
  return near.find((one) => one.occurrence === occurrence) ?? null;
}

export function shownEntry(id: number, occurrence: string | null): CalendarEvent | undefined {
  return entries.value.find((one) => one.id === id && (one.occurrence ?? null) === occurrence);
}

/** Who made an event what it is now; null where it was the person who looks at it. */
export async function authorOf(event: CalendarEvent): Promise<string | null> {
  if (event.updated_by === me.peek()?.id) return null;
  return authorName(await askFor<Version>("GET", `/events/${event.id}/history/${event.version}`));
}
