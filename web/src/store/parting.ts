// What a person gives up: leaving an event, or handing it over. Only somebody else could give it back, so that it is held
// back as long as it can be undone.
import { signal } from "@preact/signals";

import { type CalendarEvent, handOver, leaveEvent, type Permission } from "../api/events";
import { me } from "../api/session";
import { nameOf } from "../text/people";
import { hold } from "./undo";

/** Events that the person has left: they are not shown any more. */
export const leaving = signal<ReadonlySet<number>>(new Set());
/** Who becomes the owner of which event, by name. */
export const handing = signal<ReadonlyMap<number, string>>(new Map());

export function leave(event: CalendarEvent): void {
  const mine = me.peek();
  if (!mine) return;
  leaving.value = new Set([...leaving.peek(), event.id]);
  hold(
    `You left “${event.title}”`,
    () => leaveEvent(event.id, mine.id),
    () => {
      leaving.value = new Set([...leaving.peek()].filter((id) => id !== event.id));
    },
  );
}

export function giveTo(event: CalendarEvent, row: Permission): void {
  handing.value = new Map([...handing.peek(), [event.id, nameOf(row)]]);
  hold(
    `“${event.title}” goes to ${nameOf(row)}; you stay as an editor`,
    () => handOver(event.id, row.user_id),
    () => {
      handing.value = new Map([...handing.peek()].filter(([id]) => id !== event.id));
    },
  );
}
