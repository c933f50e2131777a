// Toasts, and what they undo: each action can be taken back for ten seconds, and the last ones by Ctrl+Z. What the server
// cannot take back is asked of it when the ten seconds are over, or at once when the page is left.
import { signal } from "@preact/signals";

import { Problem } from "../api/client";
import { reload } from "./entries";

export interface Toast {
  id: number;
  text: string;
  undo?: () => Promise<unknown>;
  isError?: boolean;
}

const SECONDS = 10;
const STEPS_MAX = 50;

export const toasts = signal<readonly Toast[]>([]);
let steps: Toast[] = [];
let last = 0;

/** What has been said and is not done yet, by toast. */
const held = new Map<number, () => Promise<void>>();

export function dismiss(id: number): void {
  toasts.value = toasts.value.filter((one) => one.id !== id);
  void settle(id);
}

/** Do what waited for its toast to go; then it cannot be undone any more. */
async function settle(id: number): Promise<void> {
  const act = held.get(id);
  if (!act) return;
  held.delete(id);
  steps = steps.filter((one) => one.id !== id);
  await act();
}

/** Do now all that still could be taken back: there will be nobody to take it back. */
export async function settleAll(): Promise<void> {
  const ids = [...held.keys()];
  toasts.value = toasts.value.filter((one) => !ids.includes(one.id));
  await Promise.all(ids.map(settle));
}

addEventListener("pagehide", () => void settleAll());
addEventListener("visibilitychange", () => document.visibilityState === "hidden" && void settleAll());

/** Say that something is done and do it ten seconds later; `over` is called when it has been done, or will not be. */
export function hold(text: string, act: () => Promise<unknown>, over: () => void): void {
  const id = ++last;
  held.set(id, async () => {
    try {
      await act();
      await reload();
    } catch (error) {
      if (!(error instanceof Problem)) throw error;
      show({ id: ++last, text: `This was not done: ${text}. ${error.words}`, isError: true });
    } finally {
      over();
    }
  });
  show({ id, text, undo: async () => over() });
}

/** Say something for ten seconds; with `undo`, offer to take it back. */
export function say(text: string, undo?: Toast["undo"]): void {
  show({ id: ++last, text, undo });
}

/** Say what went wrong. Only problems of the API are for people; anything else is a fault of the page. */
export function sayProblem(error: unknown): void {
  if (!(error instanceof Problem)) throw error;
  if (error.status === 401) return; // whose session has ended is asked to sign in
  show({ id: ++last, text: error.words, isError: true });
}

function show(toast: Toast): void {
  if (toast.undo) steps = [...steps, toast].slice(-STEPS_MAX);
  toasts.value = [...toasts.value, toast].slice(-3);
  setTimeout(() => dismiss(toast.id), SECONDS * 1000);
}

/** Take one action back, or the last one. */
export async function undo(which?: Toast): Promise<void> {
  const step = which ?? steps.at(-1);
  if (!step?.undo) {
    say("There is nothing to undo.");
    return;
  }
  steps = steps.filter((one) => one !== step);
  held.delete(step.id);
  dismiss(step.id);
  try {
    await step.undo();
    say(`Undone: ${step.text}`);
  } catch (error) {
    sayProblem(error);
  }
  await reload();
}
