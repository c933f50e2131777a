// What a person prefers in this browser: language of dates, week start, theme. The zone belongs to the account.
import { effect, signal } from "@preact/signals";

export type Theme = "system" | "light" | "dark";

function kept<T extends string>(name: string, otherwise: T) {
  const key = `convene.${name}`;
  const value = signal((localStorage.getItem(key) ?? otherwise) as T);
  effect(() => localStorage.setItem(key, value.value));
  return value;
}

export const theme = kept<Theme>("theme", "system");
export const locale = kept<string>("locale", navigator.language || "en");
export const weekStart = kept<"0" | "1" | "6">("week-start", "1");
/** Which parts of the legend are hidden, with commas between them. */
export const hidden = kept<string>("hidden", "");

const narrow = matchMedia("(max-width: 820px)");
export const isNarrow = signal(narrow.matches);
narrow.addEventListener("change", () => {
  isNarrow.value = narrow.matches;
});

const wantsDark = matchMedia("(prefers-color-scheme: dark)");
export const isDark = signal(wantsDark.matches);

effect(() => {
  const apply = () => {
    isDark.value = theme.value === "dark" || (theme.value === "system" && wantsDark.matches);
    document.documentElement.dataset.colorScheme = isDark.value ? "dark" : "light";
  };
  apply();
  wantsDark.addEventListener("change", apply);
  return () => wantsDark.removeEventListener("change", apply);
});
