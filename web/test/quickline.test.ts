import { expect, test } from "vitest";

import { quickLine } from "../src/text/quickline";

// A Wednesday.
const NOW = { date: "2026-11-18", time: "10:20" };
const read = (line: string) => {
  const found = quickLine(line, NOW);
  if (!found) return null;
  const { title, start, end, allDay, location } = found;
  const dates = end.date > start.date ? `${start.date}..${end.date}` : start.date;
  const times = allDay ? dates : `${start.date} ${start.time}-${end.date === start.date ? "" : `${end.date} `}${end.time}`;
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
  ["Holiday Monday until Friday", "Holiday | 2026-11-23..2026-11-27"],
  ["Holiday 20 Dec until 3 January", "Holiday | 2026-12-20..2027-01-03"],
  ["Holiday until Friday", "Holiday | 2026-11-18..2026-11-20"],
  ["Party Friday 20:00 until Saturday 02:00", "Party | 2026-11-20 20:00-2026-11-21 02:00"],
  ["Trip Friday 10:00 until Sunday", "Trip until Sunday | 2026-11-20 10:00-11:00"],
  ["Party until late tomorrow", "Party until late | 2026-11-19"],
  ["Dinner 7pm-9", "Dinner | 2026-11-18 19:00-21:00"],
  ["Shift 10pm-2", "Shift | 2026-11-18 22:00-2026-11-19 02:00"],
  ["Shift 11am-1", "Shift | 2026-11-18 11:00-13:00"],
  ["Shift tomorrow 9am-17:00", "Shift | 2026-11-19 09:00-17:00"],
  ["Lunch at 12.30", "Lunch | 2026-11-18 12:30-13:30"],
  ["Lunch at 12.30-13.15", "Lunch | 2026-11-18 12:30-13:15"],
  ["Release 12.30", "Release 12.30 | 2026-11-18"],
  ["Meet at 15.", "Meet | 2026-11-18 15:00-16:00"],
  ["Call Ben in 30 minutes", "Call Ben | 2026-11-18 10:50-11:50"],
  ["Call Ben in 2 hours for 15 min", "Call Ben | 2026-11-18 12:20-12:35"],
  ["Call Ben in an hour", "Call Ben | 2026-11-18 11:20-12:20"],
  ["Sync 14h", "Sync | 2026-11-18 14:00-15:00"],
  ["Sync 14h30", "Sync | 2026-11-18 14:30-15:30"],
  ["Sync 14h-15h30", "Sync | 2026-11-18 14:00-15:30"],
  ["Sync tomorrow 9:00 2h", "Sync | 2026-11-19 09:00-11:00"],
  ["Workshop for 12h", "Workshop | 2026-11-18 11:00-23:00"],
  ["Run 400 m", "Run 400 m | 2026-11-18"],
  ["Call today 10:00-10:00", "Call | 2026-11-18 10:00-11:00"],
  ["Party 22:00-24:00", "Party | 2026-11-18 22:00-2026-11-19 00:00"],
  ["Party 8pm until midnight", "Party | 2026-11-18 20:00-2026-11-19 00:00"],
  ["Lunch noon-1pm", "Lunch | 2026-11-18 12:00-13:00"],
  ["High Noon screening 20:00", "High Noon screening | 2026-11-18 20:00-21:00"],
  ["Check in with Ben 16:00", "Check in with Ben | 2026-11-18 16:00-17:00"],
  ["Check in tomorrow Berlin", "Check in Berlin | 2026-11-19"],
  ["Work in progress review 14:00", "Work in progress review | 2026-11-18 14:00-15:00"],
  ["Lunch at Luigi's with Ben", "Lunch at Luigi's with Ben | 2026-11-18"],
  ["Lunch at Luigi's tomorrow with Ben", "Lunch with Ben | 2026-11-19 | Luigi's"],
  ["Review 16:00 in room 5", "Review | 2026-11-18 16:00-17:00 | room 5"],
  ["Review 16:00 in the office", "Review | 2026-11-18 16:00-17:00 | the office"],
  ["Lunch @ the corner with the tree", "Lunch | 2026-11-18 | the corner with the tree"],
  ["Sync with @ben", "Sync with @ben | 2026-11-18"],
  ["Meeting tomorrow 9-10", "Meeting | 2026-11-19 09:00-10:00"],
  ["Meeting tomorrow 11-1", "Meeting | 2026-11-19 11:00-13:00"],
  ["Apollo 11-13 tomorrow", "Apollo 11-13 | 2026-11-19"],
  ["Meeting next week", "Meeting | 2026-11-23"],
  ["Meeting next week 9:00", "Meeting | 2026-11-23 09:00-10:00"],
  ["Review every first Monday 10:00", "Review | 2026-12-07 10:00-11:00"],
  ["Gym every mon/wed/fri 7am", "Gym | 2026-11-20 07:00-08:00"],
  ["Payday every last Friday", "Payday | 2026-11-27"],
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
  ["Review every first Monday 10:00", { frequency: "monthly", byDay: [{ day: "mo", nthOfPeriod: 1 }] }],
  ["Review every second Tuesday of the month", { frequency: "monthly", byDay: [{ day: "tu", nthOfPeriod: 2 }] }],
  ["Gym every mon/wed/fri 7am", { frequency: "weekly", byDay: [{ day: "mo" }, { day: "we" }, { day: "fr" }] }],
  ["Holiday Monday until Friday", null],
  ["Water plants every 3 days", { frequency: "daily", interval: 3 }],
  ["Rent monthly", { frequency: "monthly" }],
  ["Lunch tomorrow", null],
])("%s repeats", (line, wanted) => {
  expect(quickLine(line, NOW)?.pattern).toEqual(wanted);
});
