import { expect, test } from "vitest";

import { excess, tooLongWords } from "../src/text/lengths";

test.each([
  ["", 5, 0],
  ["Lunch", 5, 0],
  ["Lunch!", 5, 1],
  ["🎉🎉🎉🎉🎉", 5, 0],
  ["🎉🎉🎉🎉🎉🎉🎉", 5, 2],
])("%j is %d characters long at most, and %d too many", (text, longest, wanted) => {
  expect(excess(text, longest)).toBe(wanted);
});

test("a title that is too long is told by how much", () => {
  expect(tooLongWords("title", "🎉".repeat(255))).toBeNull();
  expect(tooLongWords("title", "🎉".repeat(256))).toBe("The title is 1 character too long; 255 fit.");
  expect(tooLongWords("description", "x".repeat(20_012))).toBe("The description is 12 characters too long; 20000 fit.");
});
