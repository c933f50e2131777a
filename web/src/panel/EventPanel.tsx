// The side panel: one event, its details or its history.
import { useEffect, useLayoutEffect, useRef, useState } from "preact/hooks";

import { Problem } from "../api/client";
import { listPermissions } from "../api/events";
import { Icon } from "../parts/icons";
import { go, route } from "../route";
import { remove } from "../store/actions";
import { draftOf } from "../store/drafts";
import { asOf } from "../store/entries";
import { moved, type Present, present, watch } from "../store/live";
import { sayProblem } from "../store/undo";
import { initialOf, type Named, nameOf } from "../text/people";
import { ShareDialog } from "../dialogs/Share";
import { Editing } from "./editing";
import { EventForm } from "./EventForm";
import { History } from "./History";
import { close, duplicate, editing, putAside, tellKept, typing } from "./opening";
import { readEntry, shownEntry } from "./reading";

const SETTLED_MS = 300;

export function EventPanel() {
  const { event: id, occurrence } = route.value;
  const [missing, setMissing] = useState<string | null>(null);
  useEffect(() => {
    setMissing(null);
    if (id === null) {
      if (editing.peek()?.event.peek()) putAside();
      return;
    }
    let current = true;
    const open = async () => {
      const event = shownEntry(id, occurrence) ?? (await readEntry(id, occurrence));
      if (!current) return;
      if (!event) {
        setMissing("This date is not part of the series any more.");
        return;
      }
      tellKept();
      editing.peek()?.close();
      editing.value = new Editing(event, draftOf(event));
    };
    open().catch((error: unknown) => {
      if (!(error instanceof Problem)) throw error;
      setMissing(error.words);
    });
    return () => {
      current = false;
    };
  }, [id, occurrence]);
  useEffect(() => {
    const open = editing.peek();
    if (open?.id !== moved.value.id || open.id === null) return;
    readEntry(open.id, open.occurrence)
      .then((event) => open.follow(event))
      .catch((error: unknown) => {
        if (!(error instanceof Problem)) throw error;
        if (error.status === 404) open.gone.value = "You do not see this event any more, or it was deleted.";
        else sayProblem(error);
      });
  }, [moved.value]);
  if (missing && id !== null) return <Missing text={missing} />;
  const open = editing.value;
  if (!open || (id !== null && open.id !== id)) return id === null ? null : <Skeleton />;
  return <Open editing={open} />;
}

function Missing({ text }: { text: string }) {
  return (
    <aside class="panel" aria-label="Event">
      <div class="panel-empty">
        <p>{text}</p>
        <button type="button" onClick={close}>
          Close
        </button>
      </div>
    </aside>
  );
}

function Skeleton() {
  return (
    <aside class="panel" aria-label="Event" aria-busy="true">
      <div class="skeleton title" />
      <div class="skeleton" />
      <div class="skeleton" />
    </aside>
  );
}

function Open({ editing: open }: { editing: Editing }) {
  const event = open.event.value;
  const [sharing, setSharing] = useState(false);
  const isEditing = open.isChanged.value;
  useEffect(() => {
    watch(event?.id ?? null, isEditing);
  }, [event?.id, isEditing]);
  useEffect(() => () => watch(null), []);
  const panel = useFocus(open);
  const tab = event ? route.value.panel : "details";
  const label = event ? `Event: ${event.title}` : "New event";
  return (
    <aside ref={panel} class="panel" aria-label={label} tabIndex={-1}>
      <header class="panel-head">
        {event ? (
          <div class="tabs" role="group" aria-label="What to show">
            <button type="button" aria-pressed={tab === "details"} onClick={() => go({ panel: "details" }, "replace")}>
              Details
            </button>
            <button type="button" aria-pressed={tab === "history"} onClick={() => go({ panel: "history" }, "replace")}>
              History
            </button>
          </div>
        ) : (
          <h2>New event</h2>
        )}
        <span class="grow" />
        {event && (
          <button type="button" class="quiet round" aria-label="Share" title="Share" onClick={() => setSharing(true)}>
            <Icon name="people" />
          </button>
        )}
        {event && (
          <button type="button" class="quiet round" aria-label="Make a copy" title="Make a copy" onClick={() => duplicate(event)}>
            <Icon name="copy" />
          </button>
        )}
        {event?.role === "owner" && asOf.value === null && (
          <button
            type="button"
            class="quiet round"
            aria-label="Delete"
            title="Delete"
            onClick={() => void remove(event).then((gone) => gone && close())}
          >
            <Icon name="trash" />
          </button>
        )}
        <button type="button" class="quiet round" aria-label="Close" title="Close" onClick={putAside}>
          <Icon name="close" />
        </button>
      </header>
      {event && <Presence id={event.id} />}
      {tab === "details" ? <EventForm editing={open} /> : event && <History event={event} />}
      {sharing && event && <ShareDialog event={event} onClose={() => setSharing(false)} />}
    </aside>
  );
}

/** Whoever opens an event without the mouse goes on in the panel, and comes back to where they were. */
function useFocus(open: Editing) {
  const panel = useRef<HTMLElement>(null);
  const from = useRef<HTMLElement | null>(null);
  const event = open.event.value;
  useLayoutEffect(() => {
    const active = document.activeElement as HTMLElement | null;
    if (!panel.current?.contains(active)) {
      from.current = active;
      // What lies behind the panel of a phone cannot keep the focus: now is the last moment to ask for it.
      if (event && active?.matches(":focus-visible")) panel.current?.focus();
    }
    // Before it is painted: the next key is the first letter of the title.
    if (!event) panel.current?.querySelector<HTMLElement>(".title-input")?.focus();
  }, [open]);
  useEffect(() => {
    if (!typing.value) return;
    typing.value = false;
    panel.current?.querySelector<HTMLElement>(".title-input")?.focus();
  }, [open, typing.value]);
  const place = useRef("");
  if (event) place.current = placeOf(event.id, event.occurrence);
  // Before it is painted: whoever closes it at once must not find the focus lost.
  useLayoutEffect(() => () => focusLater(place.current, from.current), []);
  return panel;
}

const placeOf = (id: number | string, occurrence?: string) => `[data-event="${id}"][data-occurrence="${occurrence ?? ""}"]`;

/** Give the focus back to the event, or to where the panel was opened from, once the calendar shows what has become of it. */
function focusLater(place: string, from: HTMLElement | null): void {
  const { event, occurrence } = from?.dataset ?? {};
  setTimeout(() => {
    if (document.activeElement !== document.body) return;
    const found = [place, event && placeOf(event, occurrence)].map((one) => one && document.querySelector<HTMLElement>(one));
    (found.find(Boolean) || from)?.focus();
  }, SETTLED_MS);
}

/** Who else has this event open. */
function Presence({ id }: { id: number }) {
  const people = present.value[id] ?? [];
  const [rows, setRows] = useState<readonly Named[]>([]);
  const who = people.map((one) => one.user_id).join();
  useEffect(() => {
    if (who) listPermissions(id).then(setRows, sayProblem);
  }, [id, who]);
  if (!people.length) return null;
  const named = ({ username }: Present) => rows.find((one) => one.username === username) ?? { username, display_name: null };
  return (
    <p class="presence" role="status">
      {people.map((one) => (
        <span key={one.user_id} class="person" title={one.username}>
          <span class="avatar" aria-hidden="true">
            {initialOf(nameOf(named(one)))}
          </span>
          {nameOf(named(one))} {one.editing ? "is editing this" : "is looking at this"}
        </span>
      ))}
    </p>
  );
}
