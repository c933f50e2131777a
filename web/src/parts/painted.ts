// What may wait until the page has shown that it heard: a click is answered by the next frame, whatever follows from it.
import { useEffect, useState } from "preact/hooks";

/** A value as it was painted last: what is expensive can follow it a frame later. */
export function usePainted<T>(value: T): T {
  const [painted, setPainted] = useState(value);
  useEffect(() => {
    let after: ReturnType<typeof setTimeout> | undefined;
    const frame = requestAnimationFrame(() => {
      after = setTimeout(() => setPainted(value));
    });
    return () => {
      cancelAnimationFrame(frame);
      clearTimeout(after);
    };
  }, [value]);
  return painted;
}
