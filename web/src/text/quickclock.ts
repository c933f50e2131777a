// The times in a quick line: "7pm-9", "at 12.30", "14h", "noon-1pm", "for 45 min", "in 2 hours".
import { GAP, type Reader, two } from "./reader";

export interface Clock {
  from: string;
  /** How long, when the line says so. */
  minutes: number | null;
}

const DAY = 24 * 60;
const TIME = "(noon|midnight|\\d{1,2}(?:[:.h]\\d{2}|h)?(?:\\s*[ap]m)?)";
const TO = "\\s*(?:-|–|to|until)\\s*";
/** Numbers alone are no times: "Apollo 11-13". Nor is what has a point, unless it says "at": "Release 12.30". */
const SAYS_TIME = /\d:\d|\d\dh|\d\s*[ap]m|noon|midnight|\b(?:at|from)\s/i;

/** Minutes since midnight; null when no clock shows that. Whether 7 is in the evening may be said of its neighbour. */
function minutesOf(text: string, half?: string): number | null {
  if (/noon/i.test(text)) return DAY / 2;
  if (/midnight/i.test(text)) return 0;
  const [, hours, minutes = "0", own] = /^(\d{1,2})(?:[:.h](\d{2})|h)?\s*([ap]m)?$/i.exec(text) ?? [];
  let hour = Number(hours);
  const said = (own ?? (hour <= 12 && hour > 0 ? half : undefined))?.toLowerCase();
  if (own && (hour < 1 || hour > 12)) return null;
  if (said) hour = (hour % 12) + (said === "pm" ? 12 : 0);
  return hour < 24 && Number(minutes) < 60 ? hour * 60 + Number(minutes) : null;
}

const textOf = (minutes: number) => `${two(Math.floor(minutes / 60))}:${two(minutes % 60)}`;
const halfOf = (text: string) => /[ap]m$/i.exec(text)?.[0].toLowerCase();

/** From one time to another: half a day is said once for both; the end is the next such time after the start. */
function span(one: string, other: string): Clock | null {
  const [half, otherHalf] = [halfOf(one), halfOf(other)];
  let from = minutesOf(one);
  let to = /^24(?:[:.h]00|h)?$/.test(other) ? DAY : minutesOf(other);
  if (from === null || to === null) return null;
  if (otherHalf && !half) {
    const sameHalf = minutesOf(one, otherHalf);
    if (sameHalf !== null && sameHalf < to) from = sameHalf;
  } else if (half && !otherHalf && to < DAY) {
    to = minutesOf(other, half) ?? to;
    if (to <= from && Number.parseInt(other, 10) <= 12) to = (to + DAY / 2) % DAY;
  }
  // A span from a time to itself is none.
  const minutes = to === from ? null : (to - from + DAY) % DAY || DAY;
  return { from: textOf(from), minutes };
}

export function readClock(reader: Reader): Clock | null {
  let clock: Clock | null = null;
  const isSpan = (found: RegExpExecArray) => SAYS_TIME.test(found[0]) && (clock = span(found[1]!, found[2]!));
  if (reader.take(`(?:from\\s+|at\\s+)?${TIME}${TO}${TIME}`, isSpan)) return clock;
  const isTime = (found: RegExpExecArray) => {
    const from = minutesOf(found[1]!);
    if (from !== null) clock = { from: textOf(from), minutes: null };
    return from !== null;
  };
  const found =
    reader.take("(?:at\\s+)?(\\d{1,2}:\\d{2}(?:\\s*[ap]m)?)", isTime) ??
    reader.take("(?:at\\s+)?(\\d{1,2}\\s*[ap]m)", isTime) ??
    reader.take("at\\s+(\\d{1,2}(?:[.h]\\d{2}|h)?)(?!\\s*(?:min|hour|h\\b))", isTime) ??
    takeHours(reader, isTime) ??
    reader.take("(?:at\\s+)?(noon|midnight)", isTime);
  return found && clock ? { ...(clock as Clock), minutes: readDuration(reader) } : null;
}

/** "14h" is a time; "2h" and "for 14h" are how long. */
function takeHours(reader: Reader, isTime: (found: RegExpExecArray) => boolean) {
  const isAlone = ({ index }: RegExpExecArray) => !/(?:^|\s)(?:for|in)$/i.test(reader.rest.slice(0, index));
  return reader.take("(\\d{2}h(?:\\d{2})?)", (found) => isAlone(found) && isTime(found));
}

/** Two bare hours right behind a day: "tomorrow 9-10". */
export function readHours(reader: Reader): Clock | null {
  const found = new RegExp(`${GAP}[ ]*(\\d{1,2})\\s*[-–]\\s*(\\d{1,2})(?=$|[\\s;]|[,.](?!\\d))`).exec(reader.rest);
  if (!found) return null;
  let to = Number(found[2]);
  if (to <= Number(found[1]) && to <= 12 && Number(found[1]) <= 12) to += 12;
  const clock = span(found[1]!, String(to));
  if (clock) reader.rest = reader.rest.replace(found[0], GAP);
  return clock;
}

/** How long: "45 min", "2h", "for 1.5 hours"; "400 m" is a way to run, and "in 2 hours" a start. */
export function readDuration(reader: Reader): number | null {
  const isLong = ({ index }: RegExpExecArray) => !/\sin$/i.test(reader.rest.slice(0, index));
  const found = reader.take("(?:for\\s+)?(\\d{1,3}(?:\\.5)?)(m|\\s*(?:minutes?|mins?|hours?|hrs?|h))", isLong);
  if (!found || Number(found[1]) === 0) return null;
  return Math.min(Number(found[1]) * (found[2]!.trim().toLowerCase().startsWith("m") ? 1 : 60), DAY);
}

/** How many minutes from now. */
export function readAhead(reader: Reader): number | null {
  const found = reader.take("in\\s+(\\d{1,3}|an?|half\\s+an)\\s*(minutes?|mins?|hours?|hrs?|h)");
  if (!found) return null;
  const count = /^half/i.test(found[1]!) ? 0.5 : Number(found[1]) || (/^a/i.test(found[1]!) ? 1 : 0);
  return count * (/^m/i.test(found[2]!) ? 1 : 60);
}
