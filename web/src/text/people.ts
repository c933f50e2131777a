// What people are called.

export interface Named {
  username: string;
  display_name: string | null;
}

/** As they call themselves; by that alone two people cannot always be told apart. */
export const nameOf = ({ display_name: name, username }: Named) => name || username;

/** The first letter of a name, for a picture of somebody. */
export const initialOf = (name: string) => [...name][0]?.toUpperCase() ?? "";
