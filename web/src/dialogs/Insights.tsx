// Where the time goes: hours by week and by calendar, the busiest hours, and with whom.
import { useEffect, useState } from "preact/hooks";

import { askFor } from "../api/client";
import type { components } from "../api/schema";
import { colorOf } from "../calendar/inputs";
import { Dialog } from "../parts/Dialog";
import { zone } from "../store/entries";
import { sayProblem } from "../store/undo";
import { nameOf } from "../text/people";
import { dateWords, dayWords, weekdayWords } from "../time/words";
import { addDays, today } from "../time/zones";

type Answer = components["schemas"]["InsightsAnswer"];

const SPANS: [number, string][] = [
  [28, "Four weeks"],
  [84, "Twelve weeks"],
  [364, "A year"],
];

const hours = (number: number) => `${Math.round(number * 10) / 10} h`;

export function Insights({ onClose }: { onClose: () => void }) {
  const [days, setDays] = useState(84);
  const [found, setFound] = useState<Answer | null>(null);
  useEffect(() => {
    const now = today(zone.value);
    const query = { from: addDays(now, -days / 2), to: addDays(now, days / 2), time_zone: zone.value };
    askFor<Answer>("GET", "/insights", { query }).then(setFound, sayProblem);
  }, [days]);
  return (
    <Dialog title="Insights" wide onClose={onClose}>
      <div class="views" role="group" aria-label="How long">
        {SPANS.map(([span, name]) => (
          <button key={span} type="button" aria-pressed={span === days} onClick={() => setDays(span)}>
            {name}
          </button>
        ))}
      </div>
      {!found && <div class="skeleton" aria-busy="true" />}
      {found && (
        <div class="insights">
          <Weeks weeks={found.weeks} />
          <Heat heat={found.heat} />
          <Bars
            title="By calendar"
            rows={found.calendars.map((one) => [one.name, one.hours, hours(one.hours), colorOf(`calendar-${one.calendar_id}`)])}
          />
          <Bars
            title="Most often with"
            rows={found.collaborators.map((one) => [nameOf(one), one.events, `${one.events} ${one.events === 1 ? "event" : "events"}`, "var(--accent)"])}
          />
        </div>
      )}
    </Dialog>
  );
}

/** More weeks than this are so narrow that no number fits above them. */
const NUMBERED = 14;
const DATES = 6;

function Weeks({ weeks }: { weeks: Answer["weeks"] }) {
  const most = Math.max(1, ...weeks.map((one) => one.hours));
  return (
    <section>
      <h3>Hours by week</h3>
      <ol class="weeks">
        {weeks.map((one, place) => (
          <li key={one.week} title={`Week of ${dayWords(one.starts, "short")}: ${hours(one.hours)}`}>
            {weeks.length <= NUMBERED && <span aria-hidden="true">{Math.round(one.hours * 10) / 10}</span>}
            <span class="column" style={{ height: `calc((100% - 40px) * ${one.hours / most})` }} />
            <span class="begins" aria-hidden="true">
              {place % Math.ceil(weeks.length / DATES) === 0 && place < weeks.length - 1 && dateWords(one.starts)}
            </span>
            <span class="hidden">
              Week of {dayWords(one.starts)}: {hours(one.hours)}
            </span>
          </li>
        ))}
      </ol>
    </section>
  );
}

function Heat({ heat }: { heat: Answer["heat"] }) {
  const most = Math.max(0.1, ...heat.flat());
  return (
    <section>
      <h3>Busiest hours</h3>
      <table class="heat">
        <thead>
          <tr>
            <td />
            {Array.from({ length: 24 }, (_, hour) => (
              <th key={hour} scope="col">
                {hour % 6 === 0 ? hour : <span class="hidden">{hour}</span>}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {heat.map((row, day) => (
            <tr key={day}>
              <th scope="row">{weekdayWords(day + 1, "short")}</th>
              {row.map((one, hour) => (
                <td key={hour} title={`${weekdayWords(day + 1)} ${hour}:00, ${hours(one)}`}>
                  <span class="cell" style={{ opacity: one ? 0.15 + (0.85 * one) / most : 0.04 }} />
                  <span class="hidden">{hours(one)}</span>
                </td>
              ))}
            </tr>
          ))}
        </tbody>
      </table>
    </section>
  );
}

function Bars({ title, rows }: { title: string; rows: [string, number, string, string][] }) {
  const most = Math.max(0.1, ...rows.map(([, number]) => number));
  return (
    <section>
      <h3>{title}</h3>
      {rows.length === 0 && <p class="muted">Nobody yet.</p>}
      <ul class="plain bars">
        {rows.map(([name, number, words, color]) => (
          <li key={name}>
            <span>{name}</span>
            <span class="muted">{words}</span>
            <span class="bar" style={{ width: `${(number / most) * 100}%`, background: color }} />
          </li>
        ))}
      </ul>
    </section>
  );
}
