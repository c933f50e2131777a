// Which dialog is open, if any.
import { signal } from "@preact/signals";

export type DialogName = "search" | "shortcuts" | "settings" | "insights" | "trash";

export const dialog = signal<DialogName | null>(null);
/** On narrow screens, the side bar is a drawer. */
export const isDrawerOpen = signal(false);
