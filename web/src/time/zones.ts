// Wall time and zones: from what the API says to what a form shows, and back.
import { Temporal } from "temporal-polyfill";

/** A date and a time as form fields hold them. */
export interface Wall {
  date: string;
  time: string;
}

/** What the clock in a zone shows at an instant. */
export function wallOf(instant: string, zone: string): Wall {
  const zoned = Temporal.Instant.from(instant).toZonedDateTimeISO(zone);
  return { date: zoned.toPlainDate().toString(), time: zoned.toPlainTime().toString().slice(0, 5) };
}

/** The instant at which the clock in a zone shows this, with its offset; in a gap, the offset before it. */
export function instantOf(wall: Wall, zone: string): string {
  const plain = Temporal.PlainDateTime.from(`${wall.date}T${wall.time || "00:00"}`);
  return plain.toZonedDateTime(zone).toString({ timeZoneName: "never", smallestUnit: "second" });
}

const DAY_MS = 86_400_000;
const offsets = new Map<string, number>();

/** How far a zone is from UTC at an instant, in milliseconds; asked of the zone once for each day on which it stays so. */
function offsetAt(ms: number, zone: string): number {
  const day = Math.floor(ms / DAY_MS);
  const [from, to] = [day, day + 1].map((one) => {
    const key = `${zone} ${one}`;
    const known = offsets.get(key) ?? askedOffset(one * DAY_MS, zone);
    offsets.set(key, known);
    return known;
  });
  return from === to ? from! : askedOffset(ms, zone);
}

function askedOffset(ms: number, zone: string): number {
  return Temporal.Instant.fromEpochMilliseconds(ms).toZonedDateTimeISO(zone).offsetNanoseconds / 1e6;
}

/** What the clock in a zone shows at an instant, to the second: as `wallOf`, and quick, for thousands of events. */
export function clockAt(instant: string, zone: string): string {
  const ms = Date.parse(instant);
  return new Date(ms + offsetAt(ms, zone)).toISOString().slice(0, 19);
}

/** The wall time that such a clock says as if it stood in UTC. */
export const wallIn = (clock: Date): Wall => ({ date: clock.toISOString().slice(0, 10), time: clock.toISOString().slice(11, 16) });

export function addDays(date: string, days: number): string {
  return Temporal.PlainDate.from(date).add({ days }).toString();
}

export function addMonths(date: string, months: number): string {
  return Temporal.PlainDate.from(date).add({ months }).toString();
}

export function daysBetween(from: string, to: string): number {
  return Temporal.PlainDate.from(from).until(Temporal.PlainDate.from(to)).days;
}

/** 1 is Monday, 7 is Sunday. */
export function weekdayOf(date: string): number {
  return Temporal.PlainDate.from(date).dayOfWeek;
}

export function addMinutes(wall: Wall, minutes: number): Wall {
  const moved = Temporal.PlainDateTime.from(`${wall.date}T${wall.time}`).add({ minutes });
  return { date: moved.toPlainDate().toString(), time: moved.toPlainTime().toString().slice(0, 5) };
}

export function minutesBetween(from: Wall, to: Wall): number {
  const [one, other] = [from, to].map((wall) => Temporal.PlainDateTime.from(`${wall.date}T${wall.time}`));
  return one && other ? one.until(other).total("minutes") : 0;
}

export function today(zone: string): string {
  return nowWall(zone).date;
}

export function nowWall(zone: string): Wall {
  return wallOf(new Date().toISOString(), zone);
}

export function isDate(text: string): boolean {
  if (!/^\d{4}-\d{2}-\d{2}$/.test(text)) return false;
  const [year = 0, month = 0, day = 0] = text.split("-").map(Number);
  return month >= 1 && month <= 12 && day >= 1 && day <= new Date(Date.UTC(year, month, 0)).getUTCDate();
}

export function isZone(name: string): boolean {
  return zoneNames().includes(name) || name === "UTC";
}

/** Browsers still say some zones by names that IANA has given up. */
const RENAMED: Record<string, string> = {
  "America/Buenos_Aires": "America/Argentina/Buenos_Aires",
  "America/Godthab": "America/Nuuk",
  "America/Indianapolis": "America/Indiana/Indianapolis",
  "America/Louisville": "America/Kentucky/Louisville",
  "Asia/Calcutta": "Asia/Kolkata",
  "Asia/Katmandu": "Asia/Kathmandu",
  "Asia/Rangoon": "Asia/Yangon",
  "Asia/Saigon": "Asia/Ho_Chi_Minh",
  "Atlantic/Faeroe": "Atlantic/Faroe",
  "Europe/Kiev": "Europe/Kyiv",
  "Pacific/Enderbury": "Pacific/Kanton",
  "Pacific/Ponape": "Pacific/Pohnpei",
  "Pacific/Truk": "Pacific/Chuuk",
};

const current = (name: string) => RENAMED[name] ?? name;

let names: readonly string[] | undefined;

export function zoneNames(): readonly string[] {
  names ??= [...new Set(Intl.supportedValuesOf("timeZone").map(current))].sort();
  return names;
}

export function browserZone(): string {
  return current(Intl.DateTimeFormat().resolvedOptions().timeZone);
}

/** How far a zone is from UTC at an instant, as people write it: "UTC+5:30". */
export function offsetWords(zone: string, at = new Date()): string {
  const parts = new Intl.DateTimeFormat("en", { timeZone: zone, timeZoneName: "shortOffset" }).formatToParts(at);
  return (parts.find((part) => part.type === "timeZoneName")?.value ?? "UTC").replace("GMT", "UTC");
}
