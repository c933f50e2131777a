// What a person does to events from anywhere on the page; each can be undone.
import { signal } from "@preact/signals";

import { Problem } from "../api/client";
import {
  type CalendarEvent,
  changedFields,
  changeEvent,
  createEvent,
  deleteEvent,
  type Fields,
  listVersions,
  type Part,
  readEvent,
  restoreEvent,
  rollBack,
  type Scope,
  type Slot,
  type Taken,
} from "../api/events";
import { reload } from "./entries";
import { say, sayProblem } from "./undo";

/** A question to the person about which part of a series they mean. */
export interface ScopeQuestion {
  event: CalendarEvent;
  verb: string;
  answer: (scope: Scope | null) => void;
}

/** A question about time that is taken. */
export interface TakenQuestion {
  conflicts: readonly Taken[];
  free: readonly Slot[];
  /** A free time instead, or this one anyway; null for neither. */
  answer: (said: Slot | "anyway" | null) => void;
}

export const scopeQuestion = signal<ScopeQuestion | null>(null);
export const takenQuestion = signal<TakenQuestion | null>(null);

/** Which part of a series is meant; a single event is not asked about. */
export function askPart(event: CalendarEvent, verb: string): Promise<Part | null> {
  if (!event.occurrence) return Promise.resolve({ scope: "all" });
  return new Promise((resolve) => {
    scopeQuestion.value = {
      event,
      verb,
      answer: (scope) => {
        scopeQuestion.value = null;
        resolve(scope && { scope, occurrence: event.occurrence });
      },
    };
  });
}

/** Do something that may meet taken time; if it does, ask: a free time instead, or go on all the same? Null: neither. */
export async function unlessTaken<T>(act: (slot: Slot | null, anyway: boolean) => Promise<T>): Promise<T | null> {
  let slot: Slot | null = null;
  for (let anyway = false; ; ) {
    try {
      return await act(slot, anyway);
    } catch (error) {
      if (anyway || !(error instanceof Problem) || !error.is("schedule-conflict")) throw error;
      const said = await askTaken(error);
      if (said === null) return null;
      if (said === "anyway") anyway = true;
      else slot = said;
    }
  }
}

function askTaken({ body }: Problem): Promise<Slot | "anyway" | null> {
  return new Promise((resolve) => {
    takenQuestion.value = {
      conflicts: (body.conflicts ?? []) as Taken[],
      free: (body.nearest_free ?? []) as Slot[],
      answer: (said) => {
        takenQuestion.value = null;
        resolve(said);
      },
    };
  });
}

/** Take back what a version changed, and nothing of what others changed since; a later half that it made goes. */
export async function takeBack(event: CalendarEvent, saved: CalendarEvent): Promise<void> {
  const isNewHalf = saved.id !== event.id && saved.version === 1;
  if (!isNewHalf) {
    await takeVersionBack(saved.id, saved.version);
    return;
  }
  // Both halves were written at once.
  const split = (await listVersions(event.id)).find((one) => one.created_at === saved.created_at);
  if (split) await takeVersionBack(event.id, split.version_number, true);
}

/** Take back what one version changed; if it split a series, the later half can be rejoined with it. */
export async function takeVersionBack(id: number, version: number, rejoin = false): Promise<void> {
  const fields = await changedFields(id, version - 1, version);
  if (fields.length) await rollBack(id, version - 1, fields, rejoin);
}

export async function create(fields: Partial<Fields>, anyway: boolean): Promise<CalendarEvent> {
  const created = await createEvent(fields, anyway);
  await reload();
  say(`“${created.title}” was created`, () => deleteEvent(created.id, { scope: "all" }));
  return created;
}

const timesIn = (slot: Slot | null) => (slot ? { start_time: slot.start_time, end_time: slot.end_time } : {});

/** Move or resize by drag; `revert` puts it back on the screen when nothing came of it. */
export async function move(event: CalendarEvent, times: Partial<Fields>, revert: () => void): Promise<void> {
  try {
    const which = await askPart(event, "move");
    const body = { ...times, base_version: event.version, ...(which?.scope === "all" ? seenAs(event) : {}) };
    const saved = which && (await unlessTaken((slot, anyway) => changeEvent(event.id, which, { ...body, ...timesIn(slot) }, anyway)));
    if (!saved) {
      revert();
      return;
    }
    say(`“${event.title}” was moved`, () => takeBack(event, saved));
    await reload();
  } catch (error) {
    revert();
    sayProblem(error);
    await reload();
  }
}

/** What tells the server that the fields are those of one occurrence, so that the series moves by as much. */
export const seenAs = (event: CalendarEvent) => (event.occurrence ? { occurrence: event.occurrence } : {});

/** What is left of a series; null where it was all of it, so that it lies in the trash. */
async function leftOf(id: number): Promise<CalendarEvent | null> {
  try {
    return await readEvent(id);
  } catch (error) {
    if (error instanceof Problem && error.status === 404) return null;
    throw error;
  }
}

export async function remove(event: CalendarEvent): Promise<boolean> {
  const which = await askPart(event, "delete");
  if (!which) return false;
  try {
    await deleteEvent(event.id, which);
    const left = which.scope === "all" ? null : await leftOf(event.id);
    const back = () => (left ? takeVersionBack(event.id, left.version) : restoreEvent(event.id));
    say(left ? `“${event.title}” was taken out` : `“${event.title}” is in the trash`, back);
    await reload();
    return true;
  } catch (error) {
    sayProblem(error);
    return false;
  }
}
