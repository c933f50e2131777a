import { expect, test } from "vitest";

import { quickLine } from "../src/text/quickline";

// A Wednesday.
const NOW = { date: "2026-11-18", time: "10:20" };
const read = (line: string) => {
  const found = quickLine(line, NOW);
  if (!found) return null;
  const { title, start, end, allDay, location } = found;
  const times = allDay ? start.date : `${start.date} ${start.time}-${end.date === start.date ? "" : `${end.date} `}${end.time}`;
  return [title, times, location].filter(Boolean).join(" | ");
};

test.each([
  ["Lunch with Ben tomorrow 12:30-13:30 at Luigi's", "Lunch with Ben | 2026-11-19 12:30-13:30 | Luigi's"],
  ["Stand-up every weekday 9:15", "Stand-up | 2026-11-19 09:15-10:15"],
  ["Dentist Friday 3pm", "Dentist | 2026-11-20 15:00-16:00"],
  ["Dentist on fri at 15 for 30 min", "Dentist | 2026-11-20 15:00-15:30"],
  ["Call 16:00 45 minutes", "Call | 2026-11-18 16:00-16:45"],
  ["Party 5 December 20:00-01:00 in the Garden", "Party | 2026-12-05 20:00-2026-12-06 01:00 | the Garden"],
  ["Review 3-4pm", "Review | 2026-11-18 15:00-16:00"],
  ["Review 11-1pm", "Review | 2026-11-18 11:00-13:00"],
  ["Holiday 24 dec", "Holiday | 2026-12-24"],
  ["Tax 1 March", "Tax | 2027-03-01"],
  ["Breakfast 8:00", "Breakfast | 2026-11-19 08:00-09:00"],
  ["Breakfast today 8:00", "Breakfast | 2026-11-18 08:00-09:00"],
  ["Wednesday walk", "walk | 2026-11-25"],
  ["Plan 2027-02-30", "Plan 2027-02-30 | 2026-11-18"],
  ["Launch of 2.0", "Launch of 2.0 | 2026-11-18"],
  ["Apollo 11-13", "Apollo 11-13 | 2026-11-18"],
  ["Room 25:99", "Room 25:99 | 2026-11-18"],
  ["<script>alert(1)</script> noon", "<script>alert(1)</script> | 2026-11-18 12:00-13:00"],
  ["Review in 2 weeks at 10am", "Review | 2026-12-02 10:00-11:00"],
])("%s", (line, wanted) => {
  expect(read(line)).toBe(wanted);
});

test("nothing is nothing", () => {
  expect(quickLine("   ", NOW)).toBeNull();
});

test.each([
  ["Stand-up every weekday 9:15", { frequency: "weekly", byDay: ["mo", "tu", "we", "th", "fr"].map((day) => ({ day })) }],
  ["Yoga every Tuesday and Thursday 18:00", { frequency: "weekly", byDay: [{ day: "tu" }, { day: "th" }] }],
  [
    "Planning every second Tuesday 14:00 until 5 March",
    { frequency: "weekly", interval: 2, byDay: [{ day: "tu" }], until: "2027-03-05T23:59:59" },
  ],
  ["Water plants every 3 days", { frequency: "daily", interval: 3 }],
  ["Rent monthly", { frequency: "monthly" }],
  ["Lunch tomorrow", null],
])("%s repeats", (line, wanted) => {
  expect(quickLine(line, NOW)?.pattern).toEqual(wanted);
});
