// What differs between two texts, word by word: for showing old and new side by side with the difference marked.

export interface Mark {
  kind: "same" | "removed" | "added";
  text: string;
}

/** Beyond this many pairs of words, the whole text is marked: comparing would take longer than reading. */
const PAIRS_MAX = 4_000_000;

const wordsOf = (text: string) => text.match(/\s+|[\p{L}\p{N}_]+|[^\s\p{L}\p{N}_]/gu) ?? [];

/** Compare two texts; "same" and "removed" together are the old one, "same" and "added" the new one. */
export function marks(before: string, after: string): Mark[] {
  const [old, young] = [wordsOf(before), wordsOf(after)];
  let head = 0;
  while (head < old.length && head < young.length && old[head] === young[head]) head++;
  let tail = 0;
  while (tail < old.length - head && tail < young.length - head && old.at(-1 - tail) === young.at(-1 - tail)) tail++;
  const middle = compared(old.slice(head, old.length - tail), young.slice(head, young.length - tail));
  return joined([
    ...old.slice(0, head).map((text): Mark => ({ kind: "same", text })),
    ...middle,
    ...old.slice(old.length - tail).map((text): Mark => ({ kind: "same", text })),
  ]);
}

function compared(old: string[], young: string[]): Mark[] {
  const removed = old.map((text): Mark => ({ kind: "removed", text }));
  const added = young.map((text): Mark => ({ kind: "added", text }));
  if (!old.length || !young.length || old.length * young.length > PAIRS_MAX) return [...removed, ...added];
  const longest = commonLengths(old, young);
  const found: Mark[] = [];
  let [i, j] = [0, 0];
  while (i < old.length && j < young.length) {
    if (old[i] === young[j]) {
      found.push({ kind: "same", text: old[i]! });
      i++;
      j++;
    } else if (longest[i + 1]![j]! >= longest[i]![j + 1]!) {
      found.push(removed[i++]!);
    } else {
      found.push(added[j++]!);
    }
  }
  return [...found, ...removed.slice(i), ...added.slice(j)];
}

/** How long the longest common subsequence is from each pair of places on. */
function commonLengths(old: string[], young: string[]): Uint32Array[] {
  const rows = Array.from({ length: old.length + 1 }, () => new Uint32Array(young.length + 1));
  for (let i = old.length - 1; i >= 0; i--) {
    for (let j = young.length - 1; j >= 0; j--) {
      rows[i]![j] = old[i] === young[j] ? rows[i + 1]![j + 1]! + 1 : Math.max(rows[i + 1]![j]!, rows[i]![j + 1]!);
    }
  }
  return rows;
}

/** Put neighbours of a kind together; between two replaced words, a space that stayed is part of the replacement. */
function joined(found: Mark[]): Mark[] {
  const whole: Mark[] = [];
  for (const mark of found) {
    const last = whole.at(-1);
    if (last?.kind === mark.kind) last.text += mark.text;
    else whole.push({ ...mark });
  }
  return whole;
}
