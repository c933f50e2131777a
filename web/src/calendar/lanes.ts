// What is drawn of a column of hours: as many events side by side as can be read, and how many others there are.

/** When something is, in milliseconds; `stays` if it cannot be left out. */
export interface Span {
  start: number;
  end: number;
  stays: boolean;
}

/** Events of which only the number is drawn. */
export interface Rest {
  start: number;
  end: number;
  count: number;
}

const HOUR_MS = 3_600_000;
/** A stretch of which the left out are counted together. */
const REST_MS = 2 * HOUR_MS;
/** Nothing is drawn lower than this much time is. */
const LEAST_MS = HOUR_MS / 2;

const drawnEnd = ({ start, end }: Span) => Math.max(end, start + LEAST_MS);

/** Keep, of the events of a day that begins at `begin`, in their order, at most `most` side by side, with the rest for one. */
export function columnOf<T extends Span>(inOrder: readonly T[], begin: number, most: number): { kept: T[]; rest: Rest[] } {
  const kept: T[] = [];
  const rest = new Map<number, Rest>();
  for (const crowd of crowds(inOrder)) {
    const fitting = fits(crowd, most);
    const drawn = new Set(fitting.length === crowd.length ? fitting : fits(crowd, most - 1));
    kept.push(...drawn);
    for (const { start, end } of crowd.filter((span) => !drawn.has(span))) {
      const stretch = Math.floor((start - begin) / REST_MS);
      const until = Math.min(end, begin + (stretch + 1) * REST_MS);
      const known = rest.get(stretch);
      if (known) Object.assign(known, { end: Math.max(known.end, until), count: known.count + 1 });
      else rest.set(stretch, { start, end: until, count: 1 });
    }
  }
  return { kept, rest: [...rest.values()] };
}

/** Events that overlap, be it by way of others. */
function crowds<T extends Span>(inOrder: readonly T[]): T[][] {
  const found: T[][] = [];
  let until = -Infinity;
  for (const span of inOrder) {
    if (span.start < until) found.at(-1)!.push(span);
    else found.push([span]);
    until = Math.max(until, drawnEnd(span));
  }
  return found;
}

/** Those that find a lane. */
function fits<T extends Span>(crowd: readonly T[], most: number): T[] {
  const ends: number[] = [];
  return crowd.filter((span) => {
    const free = ends.findIndex((end) => end <= span.start);
    const lane = free === -1 ? ends.length : free;
    if (lane >= most && !span.stays) return false;
    ends[lane] = drawnEnd(span);
    return true;
  });
}
