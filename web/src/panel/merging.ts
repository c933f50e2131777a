// Three sides of a form: what was read, what was typed, what somebody else made of it. Fields that mean something only
// together (the time) are one group, as they are one atom on the server.
import type { Draft } from "../store/drafts";

export interface Group {
  /** As it is called in a sentence: "Ana changed the ...". */
  name: string;
  of: (draft: Draft) => Partial<Draft>;
}

export const GROUPS: readonly Group[] = [
  { name: "title", of: ({ title }) => ({ title }) },
  {
    name: "time",
    of: ({ allDay, start, end, zone, pattern }) => ({ allDay, start, end, zone, pattern }),
  },
  { name: "location", of: ({ location }) => ({ location }) },
  { name: "description", of: ({ description }) => ({ description }) },
  { name: "tags", of: ({ tags }) => ({ tags }) },
  { name: "status", of: ({ status }) => ({ status }) },
  { name: "availability", of: ({ busy }) => ({ busy }) },
];

/** A group that two people changed, each in another way. */
export interface Clash {
  group: Group;
  theirs: Draft;
  chosen: "mine" | "theirs" | null;
}

interface Merged {
  draft: Draft;
  /** Names of what was taken from the other side. */
  taken: string[];
  /** What both changed, each in another way. */
  clashes: (Group & { name: string })[];
}

const same = (one: unknown, other: unknown) => JSON.stringify(one) === JSON.stringify(other);

/** Put another side's changes into a draft; what both changed stays as typed and is named. */
export function merged(base: Draft, mine: Draft, theirs: Draft): Merged {
  let draft = mine;
  const taken: string[] = [];
  const clashes: Group[] = [];
  for (const group of GROUPS) {
    const [before, here, there] = [group.of(base), group.of(mine), group.of(theirs)];
    if (same(before, there) || same(here, there)) continue;
    if (same(before, here)) {
      draft = { ...draft, ...there };
      taken.push(group.name);
    } else {
      clashes.push(group);
    }
  }
  return { draft, taken, clashes };
}

/** Put what was chosen from the other side into a draft. */
export function settled(mine: Draft, clashes: readonly Clash[]): Draft {
  let draft = mine;
  for (const { group, theirs, chosen } of clashes) {
    if (chosen === "theirs") draft = { ...draft, ...group.of(theirs) };
  }
  return draft;
}
