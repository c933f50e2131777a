import { expect, test } from "vitest";

import { firstMatch } from "../src/text/matching";

const days = (...names: string[]) => names.map((day) => ({ day }));

test.each([
  [{ frequency: "weekly", byDay: days("th") }, "2026-11-19"],
  [{ frequency: "weekly", byDay: days("mo", "tu") }, "2026-11-17"],
  [{ frequency: "weekly", interval: 2, byDay: days("mo") }, "2026-11-23"],
  [{ frequency: "daily", byMonth: ["1"] }, "2027-01-01"],
  [{ frequency: "monthly" }, "2026-11-17"],
  [{ frequency: "monthly", byMonthDay: [1, 15] }, "2026-12-01"],
  [{ frequency: "monthly", byMonthDay: [-1] }, "2026-11-30"],
  [{ frequency: "monthly", byDay: [{ day: "mo", nthOfPeriod: 1 }] }, "2026-12-07"],
  [{ frequency: "monthly", byDay: [{ day: "fr", nthOfPeriod: -1 }] }, "2026-11-27"],
  [{ frequency: "monthly", byDay: days("mo", "tu", "we", "th", "fr"), bySetPosition: [-1] }, "2026-11-30"],
  [{ frequency: "monthly", byDay: days("mo", "tu", "we", "th", "fr"), bySetPosition: [1] }, "2026-12-01"],
  [{ frequency: "monthly", byDay: days("fr"), byMonthDay: [13] }, "2027-08-13"],
  [{ frequency: "yearly" }, "2026-11-17"],
  [{ frequency: "yearly", byMonth: ["3", "9"] }, "2027-03-17"],
  [{ frequency: "yearly", byMonth: ["2"], byMonthDay: [29] }, "2028-02-29"],
  [{ frequency: "yearly", byMonth: ["5"], byDay: [{ day: "su", nthOfPeriod: 2 }] }, "2027-05-09"],
  [{ frequency: "yearly", byDay: [{ day: "mo", nthOfPeriod: 20 }] }, "2027-05-17"],
  [{ frequency: "monthly", byMonth: ["2"], byMonthDay: [31] }, null],
  [{ frequency: "yearly", byWeekNo: [20] }, null],
])("%j begins on a Tuesday in November or later", (pattern, wanted) => {
  expect(firstMatch(pattern, "2026-11-17")).toBe(wanted);
});
