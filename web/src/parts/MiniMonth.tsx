// A small month to go to a day.
import { useEffect, useState } from "preact/hooks";

import { weekStart } from "../preferences";
import { date, go } from "../route";
import { zone } from "../store/entries";
import { dayWords, monthWords, weekdayWords } from "../time/words";
import { addDays, addMonths, today, weekdayOf } from "../time/zones";
import { Icon } from "./icons";

export function MiniMonth({ onGo }: { onGo?: () => void }) {
  const [month, setMonth] = useState(date.value.slice(0, 7));
  useEffect(() => setMonth(date.value.slice(0, 7)), [date.value]);
  const first = `${month}-01`;
  const start = Number(weekStart.value) || 7;
  const lead = (weekdayOf(first) - start + 7) % 7;
  const days = Array.from({ length: 42 }, (_, place) => addDays(first, place - lead));
  const now = today(zone.value);
  return (
    <section class="mini" aria-label="Go to a date">
      <div class="mini-head">
        <h2>{monthWords(first)}</h2>
        <button type="button" class="quiet round small" aria-label="Month before" onClick={() => setMonth(addMonths(first, -1).slice(0, 7))}>
          <Icon name="left" size={16} />
        </button>
        <button type="button" class="quiet round small" aria-label="Month after" onClick={() => setMonth(addMonths(first, 1).slice(0, 7))}>
          <Icon name="right" size={16} />
        </button>
      </div>
      <div class="mini-days">
        {days.slice(0, 7).map((day) => (
          <span key={weekdayOf(day)} class="mini-weekday" aria-hidden="true">
            {weekdayWords(weekdayOf(day), "narrow")}
          </span>
        ))}
        {days.map((day) => (
          <button
            key={day}
            type="button"
            class={day.startsWith(month) ? "mini-day" : "mini-day other"}
            aria-label={dayWords(day)}
            aria-pressed={day === date.value}
            aria-current={day === now ? "date" : undefined}
            onClick={() => {
              go({ date: day });
              onGo?.();
            }}
          >
            {Number(day.slice(8))}
          </button>
        ))}
      </div>
    </section>
  );
}
