// What others did: unread counted, by day, live; each opens the event where the difference is shown.
import { signal } from "@preact/signals";
import { useEffect, useState } from "preact/hooks";

import { ask } from "../api/client";
import { useDismiss } from "../parts/AccountMenu";
import { Icon } from "../parts/icons";
import { go } from "../route";
import { connected, heard, type Notification } from "../store/live";
import { sayProblem } from "../store/undo";
import { agoWords, dayWords } from "../time/words";
import { wallOf } from "../time/zones";
import { zone } from "../store/entries";

const news = signal<readonly Notification[]>([]);
const unread = signal(0);

async function load(): Promise<void> {
  const answer = await ask("GET", "/notifications", { query: { limit: 30 } });
  news.value = (await answer.json()) as Notification[];
  unread.value = Number(answer.headers.get("X-Unread-Count") ?? 0);
}

function open(one: Notification): void {
  if (!one.read_at) ask("POST", `/notifications/${one.id}/read`).then(load, sayProblem);
  if (one.event_id !== null) go({ event: one.event_id, occurrence: null, panel: one.changes.length ? "history" : "details" });
}

export function Bell() {
  const [isOpen, setOpen] = useState(false);
  const element = useDismiss(isOpen, () => setOpen(false));
  // Also when the channel opens: it tells what is new from then on.
  useEffect(() => void load().catch(sayProblem), [heard.value, connected.value]);
  const count = unread.value;
  return (
    <div class="menu" ref={element}>
      <button
        type="button"
        class="quiet round"
        aria-label={count ? `Notifications, ${count} unread` : "Notifications"}
        aria-expanded={isOpen}
        onClick={() => setOpen(!isOpen)}
      >
        <Icon name="bell" />
        {count > 0 && <span class="badge" aria-hidden="true">{count > 99 ? "99+" : count}</span>}
      </button>
      {isOpen && (
        <div class="popover news" role="region" aria-label="Notifications">
          <header>
            <h2>Notifications</h2>
            {count > 0 && (
              <button type="button" class="link" onClick={() => ask("POST", "/notifications/read", { body: {} }).then(load, sayProblem)}>
                Mark all read
              </button>
            )}
          </header>
          {news.value.length === 0 && <p class="empty">Nothing yet. When others change what you share, it shows here.</p>}
          {byDay(news.value).map(([day, told]) => (
            <section key={day}>
              <h3>{dayWords(day)}</h3>
              <ul class="plain">
                {told.map((one) => (
                  <li key={one.id}>
                    <button
                      type="button"
                      class={one.read_at ? "news-item" : "news-item unread"}
                      title={one.actor ?? undefined}
                      onClick={() => {
                        setOpen(false);
                        open(one);
                      }}
                    >
                      <span>{one.message}</span>
                      <span class="muted small">{agoWords(one.updated_at)}</span>
                    </button>
                  </li>
                ))}
              </ul>
            </section>
          ))}
        </div>
      )}
    </div>
  );
}

function byDay(all: readonly Notification[]): [string, Notification[]][] {
  const days = new Map<string, Notification[]>();
  for (const one of all) {
    const { date } = wallOf(one.updated_at, zone.value);
    days.set(date, [...(days.get(date) ?? []), one]);
  }
  return [...days];
}
