// What people are called.

export interface Named {
  username: string;
  display_name: string | null;
}

/** As they call themselves; by that alone two people cannot always be told apart. */
export const nameOf = ({ display_name: name, username }: Named) => name || username;

interface Authored {
  author: string;
  author_display_name: string | null;
}

/** The same, of who wrote something. */
export const authorName = (one: Authored) => nameOf({ username: one.author, display_name: one.author_display_name });

/** The first letter of a name, for a picture of somebody. */
export const initialOf = (name: string) => [...name][0]?.toUpperCase() ?? "";
