// What the page asks the API about events.
import { ask, askFor, askForAll } from "./client";
import type { components } from "./schema";

type Schemas = components["schemas"];
export type CalendarEvent = Schemas["EventOrOccurrence"];
export type Check = Schemas["Check"];
export type Taken = Schemas["Taken"];
export type Slot = Schemas["Slot"];
export type Version = Schemas["Version"];
export type Change = Schemas["Change"];
export type Permission = Schemas["Permission"];
export type Person = Schemas["Person"];
export type Blame = Schemas["BlameAnswer"];
export type Role = CalendarEvent["role"];
export type Scope = "this" | "following" | "all";
export type Pattern = Record<string, unknown>;

/** The fields of an event that a person sets. */
export interface Fields {
  title: string;
  description: string | null;
  start_time: string;
  end_time: string;
  time_zone: string;
  all_day: boolean;
  location: string | null;
  status: "confirmed" | "tentative" | "cancelled";
  free_busy_status: "busy" | "free";
  tags: readonly string[];
  recurrence_pattern: Pattern | null;
}

/** Which part of a series is meant; single events are "all". */
export interface Part {
  scope: Scope;
  occurrence?: string;
}

const conflict = (anyway: boolean) => (anyway ? "allow" : "reject");
const part = (which: Part) =>
  which.scope === "all" ? {} : { scope: which.scope, occurrence: which.occurrence };

export const listBetween = (from: string, to: string, asOf: string | null, signal?: AbortSignal) =>
  askForAll<CalendarEvent>("/events", { query: { from, to, as_of: asOf ?? undefined }, signal });
export const findEvents = (q: string, signal?: AbortSignal) =>
  askFor<CalendarEvent[]>("GET", "/events", { query: { q, limit: 20 }, signal });
export const readEvent = (id: number) => askFor<CalendarEvent>("GET", `/events/${id}`);
export const occurrencesOf = (id: number, from: string, to: string) =>
  askForAll<CalendarEvent>(`/events/${id}/occurrences`, { query: { from, to } }, 400);
export const createEvent = (fields: Partial<Fields>, anyway: boolean) =>
  askFor<CalendarEvent>("POST", "/events", { query: { on_conflict: conflict(anyway) }, body: fields });
export const checkEvent = (fields: Partial<Fields> & { event_id?: number }, which: Part, signal: AbortSignal) =>
  askFor<Check>("POST", "/events/check", { query: part(which), body: fields, signal });
export const changeEvent = (id: number, which: Part, body: Partial<Fields> & { base_version?: number }, anyway: boolean) =>
  askFor<CalendarEvent>("PUT", `/events/${id}`, {
    query: { on_conflict: conflict(anyway), ...part(which) },
    body,
  });
export const deleteEvent = (id: number, which: Part) => ask("DELETE", `/events/${id}`, { query: part(which) });
export const restoreEvent = (id: number) =>
  askFor<CalendarEvent>("POST", `/events/${id}/restore`, { query: { on_conflict: "allow" } });
interface Reminders {
  minutes: number[];
}
export const readReminders = (id: number) => askFor<Reminders>("GET", `/events/${id}/reminders`);
export const setReminders = (id: number, minutes: readonly number[]) =>
  askFor<Reminders>("PUT", `/events/${id}/reminders`, { body: { minutes } });
export const listTrash = () => askForAll<CalendarEvent>("/events/trash");

export const listVersions = (id: number) => askForAll<Version>(`/events/${id}/history`, {}, 400);
export const listChanges = (id: number) => askForAll<Change>(`/events/${id}/changelog`, {}, 1000);
/** The fields in which two versions differ. */
export const changedFields = async (id: number, from: number, to: number) =>
  (await askFor<Schemas["Difference"]>("GET", `/events/${id}/diff/${from}/${to}`)).comparison.changes.map((one) => one.field);
export const readBlame = (id: number) => askFor<Blame>("GET", `/events/${id}/blame`);
export const rollBack = (id: number, version: number, fields?: string[], rejoin = false) =>
  askFor<CalendarEvent>("POST", `/events/${id}/rollback/${version}`, {
    query: { on_conflict: "allow" },
    body: { ...(fields ? { fields } : {}), ...(rejoin ? { rejoin } : {}) },
  });

export const findPeople = (q: string) => askFor<Person[]>("GET", "/users", { query: { q } });
export const listPermissions = (id: number) => askForAll<Permission>(`/events/${id}/permissions`);
export const share = (id: number, userId: number, role: Role) =>
  ask("POST", `/events/${id}/share`, { body: { user_id: userId, role } });
export const setRole = (id: number, userId: number, role: Role) =>
  ask("PUT", `/events/${id}/permissions/${userId}`, { body: { role } });
export const removePermission = (id: number, userId: number) => ask("DELETE", `/events/${id}/permissions/${userId}`);
export const leaveEvent = (id: number, userId: number) =>
  ask("DELETE", `/events/${id}/permissions/${userId}`, { keepalive: true });
export const handOver = (id: number, userId: number) =>
  ask("POST", `/events/${id}/transfer`, { body: { user_id: userId }, keepalive: true });
