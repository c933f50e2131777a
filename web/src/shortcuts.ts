// The keyboard: one letter for what one does often. Nothing happens while somebody types.
import type { CalendarEvent } from "./api/events";
import { close, edit, editing, isPast, openNew, putAside, typing } from "./panel/opening";
import { goToday, step } from "./parts/TopBar";
import { go, route } from "./route";
import { remove } from "./store/actions";
import { dialog } from "./store/dialogs";
import { entries } from "./store/entries";
import { say, undo } from "./store/undo";

export const SHORTCUTS: [string, string][] = [
  ["j / k", "Next, previous"],
  ["t", "Today"],
  ["m  w  d  a", "Month, week, day, agenda"],
  ["c", "New event"],
  ["e", "Edit the event that has the focus"],
  ["Delete", "Delete the event that is open or has the focus"],
  ["Ctrl+Z", "Undo the last action"],
  ["/", "Search"],
  ["Ctrl+Enter", "Save what is open"],
  ["Escape", "Close what is open"],
  ["?", "This sheet"],
];

const focused = () => {
  const data = document.activeElement?.closest<HTMLElement>("[data-event]")?.dataset;
  const isMeant = (one: CalendarEvent) => one.id === Number(data?.event) && (one.occurrence ?? "") === data?.occurrence;
  return data ? entries.peek().find(isMeant) : undefined;
};

const KEYS: Record<string, () => void> = {
  j: () => step(1),
  k: () => step(-1),
  t: goToday,
  m: () => go({ view: "month" }),
  w: () => go({ view: "week" }),
  d: () => go({ view: "day" }),
  a: () => go({ view: "agenda" }),
  c: openNew,
  e: () => {
    const event = focused();
    if (event) edit(event);
    else typing.value = true;
  },
  "/": () => (dialog.value = "search"),
  "?": () => (dialog.value = "shortcuts"),
  Delete: () => {
    if (isPast()) return;
    const event = focused() ?? editing.peek()?.event.peek();
    if (!event) return;
    if (event.role === "owner") void remove(event).then((gone) => gone && editing.peek()?.id === event.id && close());
    else say("Only its owner can delete this event.");
  },
  // Also while it is still being read.
  Escape: () => (editing.peek() || route.peek().event !== null) && putAside(),
};

const isTyping = (target: EventTarget | null) =>
  target instanceof HTMLElement && Boolean(target.closest("input:not([type=checkbox], [type=radio]), textarea, select"));

addEventListener("keydown", (event) => {
  if (!document.querySelector(".shell")) return;
  const isUndo = (event.ctrlKey || event.metaKey) && !event.shiftKey && event.key.toLowerCase() === "z";
  if (isUndo && !isTyping(event.target)) {
    event.preventDefault();
    void undo();
    return;
  }
  if (document.querySelector("dialog[open]")) return;
  if (event.ctrlKey || event.metaKey || event.altKey) return;
  if (isTyping(event.target) && event.key !== "Escape") return;
  const act = KEYS[event.key];
  if (!act) return;
  event.preventDefault();
  act();
});
