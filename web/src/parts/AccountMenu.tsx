// Who one is, and what belongs to the account.
import { useLayoutEffect, useRef, useState } from "preact/hooks";

import { me, signOut } from "../api/session";
import { isDark, theme } from "../preferences";
import { dialog, type DialogName } from "../store/dialogs";
import { dropDrafts } from "../store/drafts";
import { sayProblem, settleAll } from "../store/undo";
import { initialOf, nameOf } from "../text/people";
import { Icon, type IconName } from "./icons";
import { travel } from "./TimeMachine";

/** Close a pop-up by Escape, or by a click elsewhere. */
export function useDismiss(isOpen: boolean, dismiss: () => void) {
  const element = useRef<HTMLDivElement>(null);
  // Before it is painted: an Escape that comes at once is meant for it, not for what lies below.
  useLayoutEffect(() => {
    if (!isOpen) return;
    const outside = (event: MouseEvent) => {
      if (!element.current?.contains(event.target as Node)) dismiss();
    };
    const escape = (event: KeyboardEvent) => {
      if (event.key !== "Escape") return;
      event.stopPropagation();
      dismiss();
      element.current?.querySelector("button")?.focus();
    };
    addEventListener("pointerdown", outside);
    addEventListener("keydown", escape, true);
    return () => {
      removeEventListener("pointerdown", outside);
      removeEventListener("keydown", escape, true);
    };
  }, [isOpen]);
  return element;
}

async function leave(): Promise<void> {
  try {
    await settleAll(); // afterwards nobody is there whose wish it was
    await signOut();
    dropDrafts();
  } catch (error) {
    sayProblem(error);
  }
}

const ENTRIES: [DialogName, string, IconName][] = [
  ["settings", "Settings", "settings"],
  ["insights", "Insights", "chart"],
  ["trash", "Trash", "trash"],
  ["shortcuts", "Keyboard shortcuts", "keyboard"],
];

export function AccountMenu() {
  const [isOpen, setOpen] = useState(false);
  const element = useDismiss(isOpen, () => setOpen(false));
  const account = me.value;
  if (!account) return null;
  const name = nameOf(account);
  return (
    <div class="menu" ref={element}>
      <button type="button" class="avatar-button" aria-label="Account" aria-expanded={isOpen} onClick={() => setOpen(!isOpen)}>
        <span class="avatar">{initialOf(name)}</span>
      </button>
      {isOpen && (
        <div class="popover menu-list">
          <p class="menu-name">
            <strong>{name}</strong>
            <span class="muted small">{account.email}</span>
          </p>
          {ENTRIES.map(([which, words, icon]) => (
            <button
              key={which}
              type="button"
              class="menu-item"
              onClick={() => {
                setOpen(false);
                dialog.value = which;
              }}
            >
              <Icon name={icon} /> {words}
            </button>
          ))}
          <button
            type="button"
            class="menu-item only-narrow"
            onClick={() => {
              setOpen(false);
              travel();
            }}
          >
            <Icon name="history" /> Time machine
          </button>
          <button type="button" class="menu-item" onClick={() => (theme.value = isDark.value ? "light" : "dark")}>
            <Icon name={isDark.value ? "sun" : "moon"} /> {isDark.value ? "Light theme" : "Dark theme"}
          </button>
          <button type="button" class="menu-item" onClick={() => void leave()}>
            <Icon name="out" /> Sign out
          </button>
        </div>
      )}
    </div>
  );
}
