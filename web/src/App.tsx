// The page: signed out, a welcome; signed in, the calendar with everything around it.
import { useEffect } from "preact/hooks";

import { askFor, Problem, reachable } from "./api/client";
import { type Account, me, renew, sessionState } from "./api/session";
import { CalendarView } from "./calendar/CalendarView";
import { Dialogs } from "./dialogs/Dialogs";
import { EventPanel } from "./panel/EventPanel";
import { editing, isCovered, openNew, recoverNew } from "./panel/opening";
import { Banners } from "./parts/Banners";
import { Dialog } from "./parts/Dialog";
import { Icon } from "./parts/icons";
import { FirstSteps } from "./parts/FirstSteps";
import { usePainted } from "./parts/painted";
import { Questions } from "./parts/Questions";
import { SideBar } from "./parts/SideBar";
import { TimeMachine } from "./parts/TimeMachine";
import { Toasts } from "./parts/Toasts";
import { TopBar, Views } from "./parts/TopBar";
import { route } from "./route";
import { SignIn, Welcome } from "./SignIn";
import { loadCalendars } from "./store/entries";

const AGAIN_MS = 3000;

async function enter(): Promise<void> {
  const before = me.peek();
  const account = await askFor<Account>("GET", "/auth/me");
  if (before && before.id !== account.id) {
    location.assign("/"); // somebody else: nothing of what is open is theirs
    return;
  }
  me.value = account;
  sessionState.value = "in";
  await loadCalendars(); // the events are read as soon as it is known which days are shown
  if (!before) recoverNew();
}

/** Find out who is here; while the server is away, ask again. */
async function begin(): Promise<void> {
  try {
    if (await renew()) await enter();
    else sessionState.value = "out";
  } catch (error) {
    if (!(error instanceof Problem)) throw error;
    reachable.value = false;
    setTimeout(() => void begin(), AGAIN_MS);
  }
}

export function App() {
  useEffect(() => void begin(), []);
  const hasPanel = route.value.event !== null || editing.value !== null;
  const makesRoom = usePainted(hasPanel) !== hasPanel;
  if (sessionState.value === "unknown") {
    return (
      <>
        <Banners />
        <div class="boot" role="status" aria-label="Loading" />
      </>
    );
  }
  if (sessionState.value === "out" || !me.value) {
    return (
      <>
        <Banners />
        <Welcome onSignedIn={enter} />
      </>
    );
  }
  return (
    <div class={["shell", hasPanel && "with-panel", makesRoom && "making-room"].filter(Boolean).join(" ")}>
      <button type="button" class="skip" inert={isCovered.value} onClick={skip}>
        Skip to the events
      </button>
      <Banners />
      <TopBar />
      <div class="body">
        <SideBar />
        <main class="main" inert={isCovered.value}>
          <TimeMachine />
          <CalendarView />
          <FirstSteps />
        </main>
        <EventPanel />
      </div>
      <button
        type="button"
        class="primary float only-narrow"
        inert={isCovered.value}
        aria-label="New event"
        onClick={() => openNew()}
      >
        <Icon name="plus" size={24} />
      </button>
      <div class="bottom only-narrow" inert={isCovered.value}>
        <Views />
      </div>
      <Dialogs />
      <Questions />
      <Toasts />
      {sessionState.value === "ended" && (
        <Dialog title="Sign in again">
          <SignIn onSignedIn={enter} reason="Your session has ended. Sign in to go on: nothing you typed is lost." />
        </Dialog>
      )}
    </div>
  );
}

/** Past the bars, to the first event that is shown. */
function skip(): void {
  const first = document.querySelector<HTMLElement>(".calendar [data-event]");
  (first ?? document.querySelector<HTMLElement>(".calendar [tabindex]"))?.focus();
}
