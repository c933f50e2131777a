// Toasts, and what they undo: each action can be taken back for ten seconds, and the last ones by Ctrl+Z.
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

export function dismiss(id: number): void {
  toasts.value = toasts.value.filter((one) => one.id !== id);
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
  dismiss(step.id);
  try {
    await step.undo();
    say(`Undone: ${step.text}`);
  } catch (error) {
    sayProblem(error);
  }
  await reload();
}
