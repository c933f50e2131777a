// Where one is in time, and everything that is one click away.
import { addDays, addMonths, today, weekdayOf } from "../time/zones";
import { monthWords, dayWords, rangeWords, wholeDayWords } from "../time/words";
import { Bell } from "../dialogs/Bell";
import { isCovered } from "../panel/opening";
import { Logo } from "../SignIn";
import { date, go, type View, view, VIEWS } from "../route";
import { isNarrow, weekStart } from "../preferences";
import { asOf, loading, zone } from "../store/entries";
import { dialog, isDrawerOpen } from "../store/dialogs";
import { AccountMenu } from "./AccountMenu";
import { Icon } from "./icons";
import { travel } from "./TimeMachine";

/** One page of the view further, or back. */
export function step(by: 1 | -1): void {
  const day = date.peek();
  const next: Record<View, () => string> = {
    month: () => addMonths(`${day.slice(0, 7)}-01`, by),
    week: () => addDays(day, 7 * by),
    day: () => addDays(day, by),
    agenda: () => addDays(day, 28 * by),
  };
  go({ date: next[view.peek()]() });
}

export const goToday = () => go({ date: today(zone.peek()) });

function title(): string {
  const day = date.value;
  if (isNarrow.value && view.value === "day") {
    const isThisYear = day.slice(0, 4) === today(zone.value).slice(0, 4);
    return isThisYear ? dayWords(day, "short") : wholeDayWords(day, "short");
  }
  if (isNarrow.value) return monthWords(day, "short");
  if (view.value === "month") return monthWords(day);
  if (view.value === "day") return wholeDayWords(day);
  if (view.value === "agenda") return rangeWords(day, addDays(day, 27));
  const start = Number(weekStart.value) || 7;
  const first = addDays(day, -((weekdayOf(day) - start + 7) % 7));
  return rangeWords(first, addDays(first, 6));
}

export function TopBar() {
  return (
    <header class="top" inert={isCovered.value}>
      <button type="button" class="quiet round only-narrow" aria-label="Menu" onClick={() => (isDrawerOpen.value = true)}>
        <Icon name="menu" />
      </button>
      <span class="brand only-wide">
        <Logo /> Convene
      </span>
      <div class="moves">
        <button type="button" class="today" aria-label="Today" title="Today (t)" onClick={goToday}>
          <span>Today</span>
          <Icon name="today" />
        </button>
        <button type="button" class="quiet round" aria-label="Previous" title="Previous (k)" onClick={() => step(-1)}>
          <Icon name="left" />
        </button>
        <button type="button" class="quiet round" aria-label="Next" title="Next (j)" onClick={() => step(1)}>
          <Icon name="right" />
        </button>
      </div>
      <h1 class="title" aria-live="polite">
        {title()}
      </h1>
      {loading.value && <span class="spinner" role="status" aria-label="Loading" />}
      <span class="grow" />
      <Views />
      <button type="button" class="quiet round" aria-label="Search" title="Search (/)" onClick={() => (dialog.value = "search")}>
        <Icon name="search" />
      </button>
      <button
        type="button"
        class="quiet round only-wide"
        aria-label="Time machine"
        aria-pressed={asOf.value !== null}
        title="Time machine: the calendar as it was"
        onClick={travel}
      >
        <Icon name="history" />
      </button>
      <Bell />
      <AccountMenu />
    </header>
  );
}

export function Views() {
  return (
    <div class="views" role="group" aria-label="View">
      {VIEWS.map((name) => (
        <button key={name} type="button" aria-pressed={view.value === name} onClick={() => go({ view: name })}>
          {name.charAt(0).toUpperCase() + name.slice(1)}
        </button>
      ))}
    </div>
  );
}
