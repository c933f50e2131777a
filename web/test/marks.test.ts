import { expect, test } from "vitest";

import { marks } from "../src/text/marks";

const signs = { same: "", removed: "-", added: "+" };
const drawn = (before: string, after: string) =>
  marks(before, after)
    .map(({ kind, text }) => (kind === "same" ? text : `[${signs[kind]}${text}]`))
    .join("");

test.each([
  ["", "", ""],
  ["Hall", "Hall", "Hall"],
  ["", "Hall", "[+Hall]"],
  ["Hall", "", "[-Hall]"],
  ["Agenda\n\nDemo\n", "Agenda\n\nDemo by Ben\n", "Agenda\n\nDemo[+ by Ben]\n"],
  ["Launch of 2.0", "Release of 2.0", "[-Launch][+Release] of 2.0"],
  ["Größe 3", "Größe 4", "Größe [-3][+4]"],
])("%j becomes %j", (before, after, wanted) => {
  expect(drawn(before, after)).toBe(wanted);
});

test("what is marked adds up to both texts, whatever they are", () => {
  const words = ["a", "b", " ", "\n", "é", "𝄞", ".", "of"];
  let seed = 7;
  const next = () => (seed = (seed * 48271) % 2147483647);
  const text = () => Array.from({ length: next() % 12 }, () => words[next() % words.length]).join("");
  for (let round = 0; round < 500; round++) {
    const [before, after] = [text(), text()];
    const found = marks(before, after);
    expect(found.filter(({ kind }) => kind !== "added").map((one) => one.text).join("")).toBe(before);
    expect(found.filter(({ kind }) => kind !== "removed").map((one) => one.text).join("")).toBe(after);
  }
});

test("a very long text does not stop the page", () => {
  const long = Array.from({ length: 20_000 }, (_, n) => `word${n}`).join(" ");
  const began = performance.now();
  marks(long, long.toUpperCase());
  expect(performance.now() - began).toBeLessThan(500);
});
