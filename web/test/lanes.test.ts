import { describe, expect, it } from "vitest";

import { columnOf } from "../src/calendar/lanes";

const HOUR = 3_600_000;
const span = (start: number, end: number, stays = false) => ({ start: start * HOUR, end: end * HOUR, stays });

describe("a column of hours", () => {
  it("keeps what fits side by side", () => {
    const three = [span(9, 10), span(9, 10), span(9, 10)];
    expect(columnOf(three, 0, 3)).toEqual({ kept: three, rest: [] });
  });

  it("leaves a lane for the number of the others", () => {
    const four = [span(9, 10), span(9, 10), span(9, 10), span(9.5, 10)];
    const { kept, rest } = columnOf(four, 0, 3);
    expect(kept).toEqual(four.slice(0, 2));
    expect(rest).toEqual([{ start: 9 * HOUR, end: 10 * HOUR, count: 2 }]);
  });

  it("thins crowds alone", () => {
    const apart = [span(7, 8), span(9, 10), span(9, 10), span(9, 10), span(12, 13), span(12, 13)];
    const { kept, rest } = columnOf(apart, 0, 2);
    expect(kept).toEqual([apart[0], apart[1], apart[4], apart[5]]);
    expect(rest.map(({ count }) => count)).toEqual([2]);
  });

  it("counts every event once, wherever the crowd goes on", () => {
    const many = Array.from({ length: 48 }, (_, number) => span(number / 4, number / 4 + 3));
    const { kept, rest } = columnOf(many, 0, 3);
    expect(kept.length + rest.reduce((sum, { count }) => sum + count, 0)).toBe(48);
    expect(rest.length).toBeGreaterThan(5);
  });

  it("keeps what goes on to another day", () => {
    const through = span(-5, 30, true);
    const { kept, rest } = columnOf([through, span(9, 10), span(9, 10)], 0, 2);
    expect(kept[0]).toBe(through);
    expect(rest).toEqual([{ start: 9 * HOUR, end: 10 * HOUR, count: 2 }]);
  });

  it("takes the shortest events for as high as they are drawn", () => {
    const short = [span(9, 9.1), span(9.2, 9.3), span(9.4, 9.45)];
    expect(columnOf(short, 0, 2).kept).toHaveLength(1);
  });
});
