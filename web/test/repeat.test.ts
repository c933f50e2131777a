import { expect, test } from "vitest";

import { followed, repeatWords } from "../src/text/repeat";

const days = (...names: string[]) => names.map((day) => ({ day }));

test.each([
  [null, "does not repeat"],
  [{ frequency: "daily" }, "every day"],
  [{ frequency: "weekly", byDay: days("mo", "tu", "we", "th", "fr") }, "every weekday"],
  [
    { frequency: "weekly", interval: 2, byDay: days("tu"), until: "2027-03-05T23:59:59" },
    "every second week on Tuesday until 5 March 2027",
  ],
  [{ frequency: "weekly", interval: 3, byDay: days("mo", "we", "fr") }, "every 3 weeks on Monday, Wednesday and Friday"],
  [{ frequency: "monthly", byMonthDay: [25] }, "every month on the 25th"],
  [{ frequency: "monthly", byMonthDay: [-1], count: 12 }, "every month on the last day 12 times"],
  [{ frequency: "monthly", byDay: [{ day: "tu", nthOfPeriod: 2 }] }, "every month on the 2nd Tuesday"],
  [{ frequency: "monthly", byDay: [{ day: "fr", nthOfPeriod: -1 }] }, "every month on the last Friday"],
  [{ frequency: "monthly", byDay: days("mo", "tu", "we", "th", "fr"), bySetPosition: [-1] }, "every month on the last weekday"],
  [{ frequency: "monthly", byDay: days("fr"), byMonthDay: [13] }, "every month on Friday that falls on the 13th"],
  [{ frequency: "yearly", byMonth: ["2"], byMonthDay: [29] }, "every year on the 29th in February"],
  [{ frequency: "monthly", byMonthDay: [1, 15, -1] }, "every month on the 1st, the 15th and the last day"],
  [
    { frequency: "monthly", byDay: [{ day: "mo", nthOfPeriod: 1 }, { day: "mo", nthOfPeriod: 3 }] },
    "every month on the 1st and 3rd Monday",
  ],
  [{ frequency: "monthly", byDay: days("mo", "we"), bySetPosition: [1, -1] }, "every month on the 1st and last Monday or Wednesday"],
  [{ frequency: "monthly", byMonthDay: [10, 20], bySetPosition: [-1] }, "every month on the last of the 10th and the 20th"],
  [{ frequency: "weekly", interval: 2, byDay: days("mo", "tu", "we", "th", "fr") }, "every second week on weekdays"],
  [
    { frequency: "yearly", byMonth: ["3", "9"], byDay: [{ day: "su", nthOfPeriod: 2 }] },
    "every year on the 2nd Sunday in March and September",
  ],
  [{ frequency: "yearly", byYearDay: [100, 200] }, "every year on the 100th and the 200th day of the year"],
  [{ frequency: "yearly", byYearDay: [-1] }, "every year on the last day of the year"],
  [{ frequency: "yearly", byWeekNo: [20], byDay: days("mo") }, "every year on Monday in week 20"],
  [{ frequency: "yearly", byWeekNo: [-1, 20, 30] }, "every year in weeks 20 and 30 and the last week"],
  [{ frequency: "daily", byHour: [9, 17], byMinute: [30] }, "every day at 09:30 and 17:30"],
  [{ frequency: "daily", byHour: [9], byMonth: ["6"] }, "every day in June at 9 o’clock"],
  [{ frequency: "daily", byMinute: [0, 30] }, "every day at minute 0 and 30"],
  [{ frequency: "yearly", interval: 4 }, "every 4 years"],
])("%j", (pattern, wanted) => {
  expect(repeatWords(pattern)).toBe(wanted);
});

test.each([
  [{ frequency: "weekly", byDay: days("tu") }, { frequency: "weekly", byDay: days("th") }],
  [{ frequency: "weekly", byDay: days("mo", "tu") }, { frequency: "weekly", byDay: days("mo", "tu") }],
  [{ frequency: "monthly", byMonthDay: [17] }, { frequency: "monthly", byMonthDay: [19] }],
  [{ frequency: "daily" }, { frequency: "daily" }],
  [null, null],
])("%j goes along from a Tuesday to a Thursday", (pattern, wanted) => {
  expect(followed(pattern, "2026-11-17", "2026-11-19")).toEqual(wanted);
});
