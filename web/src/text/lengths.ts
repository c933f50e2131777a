// How long texts may be. The server counts characters as Unicode does; `maxLength` of a field, and `length` of a text,
// count an emoji twice, and cut it in half.

export const LONGEST = { title: 255, location: 500, description: 20_000, tag: 50 } as const;

/** How many characters a text has too many; 0 when it fits. */
export function excess(text: string, longest: number): number {
  return text.length <= longest ? 0 : Math.max([...text].length - longest, 0);
}

/** What is wrong with the length of a text, in words; null when it fits. */
export function tooLongWords(what: keyof typeof LONGEST, text: string): string | null {
  const many = excess(text, LONGEST[what]);
  if (!many) return null;
  const characters = many === 1 ? "1 character" : `${many} characters`;
  return `The ${what} is ${characters} too long; ${LONGEST[what]} fit.`;
}
