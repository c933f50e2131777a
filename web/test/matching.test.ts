import { expect, test } from "vitest";

import { firstMatch, firstTime } from "../src/text/matching";

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
  [{ frequency: "yearly", byWeekNo: [20] }, "2027-05-18"],
  [{ frequency: "yearly", byWeekNo: [1], byDay: days("mo") }, "2027-01-04"],
  [{ frequency: "yearly", byWeekNo: [-1], byDay: days("su") }, "2027-01-03"],
  [{ frequency: "yearly", byYearDay: [100] }, "2027-04-10"],
  [{ frequency: "yearly", byYearDay: [-1] }, "2026-12-31"],
])("%j begins on a Tuesday in November or later", (pattern, wanted) => {
  expect(firstMatch(pattern, "2026-11-17")).toBe(wanted);
});

test.each([
  [{ frequency: "daily" }, "10:30"],
  [{ frequency: "daily", byHour: [9, 17] }, "17:30"],
  [{ frequency: "daily", byHour: [9, 10] }, "10:30"],
  [{ frequency: "daily", byHour: [8, 9] }, "08:30"],
  [{ frequency: "daily", byMinute: [0, 45] }, "10:45"],
  [{ frequency: "daily", byHour: [9, 17], byMinute: [15] }, "17:15"],
])("%j begins at half past ten or later", (pattern, wanted) => {
  expect(firstTime(pattern, "10:30")).toBe(wanted);
});
