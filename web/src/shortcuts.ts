// The keyboard: one letter for what one does often. Nothing happens while somebody types.
import { close, draftAt, editing, openNew } from "./panel/editing";
import { goToday, step } from "./parts/TopBar";
import { date, go } from "./route";
import { remove } from "./store/actions";
import { dialog } from "./store/dialogs";
import { entries, zone } from "./store/entries";
import { undo } from "./store/undo";

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
  const id = document.activeElement?.closest<HTMLElement>("[data-event]")?.dataset.event;
  return id ? entries.peek().find((one) => one.id === Number(id)) : undefined;
};

const KEYS: Record<string, () => void> = {
  j: () => step(1),
  k: () => step(-1),
  t: goToday,
  m: () => go({ view: "month" }),
  w: () => go({ view: "week" }),
  d: () => go({ view: "day" }),
  a: () => go({ view: "agenda" }),
  c: () => openNew(draftAt(date.peek(), zone.peek())),
  e: () => {
    if (document.activeElement?.closest("[data-event]")) (document.activeElement as HTMLElement).click();
    else document.querySelector<HTMLElement>(".panel .title-input")?.focus();
  },
  "/": () => (dialog.value = "search"),
  "?": () => (dialog.value = "shortcuts"),
  Delete: () => {
    const event = focused() ?? editing.peek()?.event.peek();
    if (event?.role === "owner") void remove(event).then((gone) => gone && editing.peek()?.id === event.id && close());
  },
  Escape: () => editing.peek() && close(),
};

const isTyping = (target: EventTarget | null) =>
  target instanceof HTMLElement && Boolean(target.closest("input:not([type=checkbox], [type=radio]), textarea, select"));

addEventListener("keydown", (event) => {
  if (!document.querySelector(".shell") || document.querySelector("dialog[open]")) return;
  const isUndo = (event.ctrlKey || event.metaKey) && !event.shiftKey && event.key.toLowerCase() === "z";
  if (isUndo && !isTyping(event.target)) {
    event.preventDefault();
    void undo();
    return;
  }
  if (event.ctrlKey || event.metaKey || event.altKey) return;
  if (isTyping(event.target) && event.key !== "Escape") return;
  const act = KEYS[event.key];
  if (!act) return;
  event.preventDefault();
  act();
});
