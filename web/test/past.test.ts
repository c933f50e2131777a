import { expect, test } from "vitest";

import { pastWords } from "../src/text/past";

const around = { allDay: false, year: "2026" };
const DATE = "overrides/2026-03-10T09:00:00";

test.each([
  [DATE, null, { start: "2026-03-10T14:00:00" }, "Tue 10 March was moved to 14:00."],
  [DATE, null, { start: "2026-03-11T09:00:00" }, "Tue 10 March was moved to Wed 11 March, 09:00."],
  [DATE, { start: "2026-03-10T14:00:00" }, { title: "A" }, "Tue 10 March was moved back to 09:00, has the title “A”."],
  [DATE, null, { duration: "PT1H30M" }, "Tue 10 March lasts 1 hour and 30 minutes."],
  [DATE, null, { excluded: true }, "Tue 10 March was taken out."],
  [DATE, { excluded: true }, null, "Tue 10 March takes place again."],
  [DATE, { excluded: true }, { location: "Park" }, "Tue 10 March takes place again, and has the location “Park”."],
  [DATE, { title: "A" }, null, "Tue 10 March is like all the others again."],
  [DATE, { title: "A", location: "Hall" }, { title: "B" }, "Tue 10 March has the title “B”, has the location of all the others."],
  [DATE, null, { location: null }, "Tue 10 March has no location."],
  [DATE, null, { free_busy_status: "free" }, "Tue 10 March has the availability “free”."],
  ["overrides/2027-01-01T09:00:00", null, { excluded: true }, "Fri 1 January 2027 was taken out."],
  [
    "recurrence_pattern",
    { frequency: "weekly" },
    { frequency: "weekly", interval: 2, byDay: [{ day: "mo" }] },
    "The repetition changed from every week to every second week on Monday.",
  ],
  ["recurrence_pattern", null, { frequency: "daily" }, "It repeats every day now."],
  ["recurrence_pattern", { frequency: "daily" }, null, "It does not repeat any more."],
  ["title", "A", "B", null],
])("%s from %j to %j", (field, before, after, wanted) => {
  expect(pastWords(field, before, after, around)).toBe(wanted);
});

test("a day of an all-day series is moved to a day, not to a time", () => {
  const after = { start: "2026-03-12T00:00:00", duration: "P2D" };
  expect(pastWords("overrides/2026-03-10T00:00:00", null, after, { ...around, allDay: true })).toBe(
    "Tue 10 March was moved to Thu 12 March, lasts 2 days.",
  );
});
