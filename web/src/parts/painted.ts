// What may wait until the page has shown that it heard: a click is answered by the next frame, whatever follows from it.
import { signal } from "@preact/signals";
import { useEffect, useLayoutEffect, useState } from "preact/hooks";

/** Do something once the next frame is shown; gives what prevents it. */
function afterFrame(act: () => void): () => void {
  let after: ReturnType<typeof setTimeout> | undefined;
  const frame = requestAnimationFrame(() => {
    after = setTimeout(act);
  });
  return () => {
    cancelAnimationFrame(frame);
    clearTimeout(after);
  };
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
