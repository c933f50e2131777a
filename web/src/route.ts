// The address bar: /month/2026-11-01, /week/..., /day/..., /agenda/..., and ?event=12&occurrence=... for the panel.
import { computed, effect, signal } from "@preact/signals";

import { browserZone, isDate, today } from "./time/zones";

export const VIEWS = ["month", "week", "day", "agenda"] as const;
export type View = (typeof VIEWS)[number];
export type Panel = "details" | "history";

export interface Route {
  view: View;
  date: string;
  event: number | null;
  occurrence: string | null;
  panel: Panel;
}

const isView = (text: string | undefined): text is View => VIEWS.includes(text as View);

function read(): Route {
  const [, first, second] = location.pathname.split("/");
  const query = new URLSearchParams(location.search);
  const asked = first === "event" ? second : query.get("event");
  const id = asked && /^\d{1,18}$/.test(asked) ? Number(asked) : null;
  return {
    view: isView(first) ? first : innerWidth < 720 ? "agenda" : "week",
    date: second && isDate(second) ? second : today(browserZone()),
    event: id,
    occurrence: occurrenceIn(query.get("occurrence")),
    panel: query.get("panel") === "history" ? "history" : "details",
  };
}

function occurrenceIn(text: string | null): string | null {
  return text && /^\d{4}-\d{2}-\d{2}(T\d{2}:\d{2}(:\d{2})?)?$/.test(text) && isDate(text.slice(0, 10)) ? text : null;
}

export const route = signal<Route>(read());
export const view = computed(() => route.value.view);
export const date = computed(() => route.value.date);

function write(to: Route): string {
  const query = new URLSearchParams();
  if (to.event !== null) query.set("event", String(to.event));
  if (to.event !== null && to.occurrence) query.set("occurrence", to.occurrence);
  if (to.event !== null && to.panel !== "details") query.set("panel", to.panel);
  return `/${to.view}/${to.date}${query.size ? `?${query}` : ""}`;
}

export function go(change: Partial<Route>, how: "push" | "replace" = "push"): void {
  const to = { ...route.value, ...change };
  const address = write(to);
  if (address !== location.pathname + location.search) {
    if (how === "push") history.pushState(null, "", address);
    else history.replaceState(null, "", address);
  }
  route.value = to;
}

addEventListener("popstate", () => {
  route.value = read();
});

effect(() => {
  document.documentElement.dataset.view = route.value.view;
});
