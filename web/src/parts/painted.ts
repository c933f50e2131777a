// What may wait until the page has shown that it heard: a click is answered by the next frame, whatever follows from it.
import { signal } from "@preact/signals";
import { useEffect, useLayoutEffect, useState } from "preact/hooks";

/** What waits for its frame, in the order in which it came. */
const waiting = new Set<{ act: () => void }>();
let isAsked = false;

/** Do something once the next frame is shown, with a frame to itself: of two expensive things, neither makes the other longer. */
function afterFrame(act: () => void): () => void {
  const one = { act };
  waiting.add(one);
  ask();
  return () => waiting.delete(one);
}

function ask(): void {
  if (isAsked || !waiting.size) return;
  isAsked = true;
  requestAnimationFrame(() => setTimeout(turn));
}

function turn(): void {
  const [first] = waiting;
  if (first) waiting.delete(first);
  isAsked = false;
  ask();
  first?.act();
}

/** A value as it was painted last: what is expensive can follow it a frame later. */
export function usePainted<T>(value: T): T {
  const [painted, setPainted] = useState(value);
  useEffect(() => afterFrame(() => setPainted(value)), [value]);
  return painted;
}

/** Whether a part of the page has been seen: what nobody looks for at first can come then. */
export function useSeen(): boolean {
  const [isSeen, setSeen] = useState(false);
  useEffect(() => afterFrame(() => setSeen(true)), []);
  return isSeen;
}

/** Whether some of many are still to be drawn. */
export const growing = signal(false);

/** How many of many to draw by now: each frame a step more, so that none takes long; `of` names what begins anew. */
export function useGrowing(total: number, step: number, of: string): number {
  const [grown, setGrown] = useState({ of, size: step });
  const size = grown.of === of ? grown.size : step;
  useEffect(() => {
    if (grown.of !== of) setGrown({ of, size });
    else if (size < total) return afterFrame(() => setGrown({ of, size: size + step }));
  }, [grown, of, total]);
  useLayoutEffect(() => {
    growing.value = size < total;
  }, [size, total]);
  return size;
}
