// Making events, going to a day, and the legend of what the colours mean.
import { useEffect, useId, useState } from "preact/hooks";

import { colorOf } from "../calendar/inputs";
import { isCovered, openNew, openTyped } from "../panel/opening";
import { hidden } from "../preferences";
import { isDrawerOpen } from "../store/dialogs";
import { keepLine, keptLine, newDraft } from "../store/drafts";
import { calendars, hiddenKinds, zone } from "../store/entries";
import { type QuickLine, quickLine } from "../text/quickline";
import { repeatWords } from "../text/repeat";
import { spanWords } from "../time/words";
import { addDays, instantOf, nowWall } from "../time/zones";
import { Icon } from "./icons";
import { MiniMonth } from "./MiniMonth";

export function SideBar() {
  const shut = () => (isDrawerOpen.value = false);
  return (
    <nav class={isDrawerOpen.value ? "side open" : "side"} aria-label="Calendar" inert={isCovered.value}>
      <div class="side-inner">
        <button
          type="button"
          class="primary create"
          onClick={() => {
            shut();
            openNew();
          }}
        >
          <Icon name="plus" /> New event
        </button>
        <QuickAdd onAdd={shut} />
        <MiniMonth onGo={shut} />
        <Legend />
      </div>
      {isDrawerOpen.value && <button type="button" class="scrim" aria-label="Close the menu" onClick={shut} />}
    </nav>
  );
}

/** "Lunch with Ben tomorrow 12:30 at Luigi's" opens the panel with all of it filled in. */
export function QuickAdd({ onAdd }: { onAdd: () => void }) {
  const [line, setLine] = useState(keptLine);
  const id = useId();
  const type = (text: string) => {
    setLine(text);
    keepLine(text);
  };
  const add = () => {
    const read = quickLine(line, nowWall(zone.value));
    if (!read) return;
    const { title, location, pattern } = read;
    const draft = newDraft(read.start, read.end, zone.value, read.allDay);
    if (openTyped({ ...draft, title, location: location ?? "", pattern })) type("");
    onAdd();
  };
  return (
    <form
      class="quick"
      onSubmit={(event) => {
        event.preventDefault();
        add();
      }}
    >
      <label for={id} class="hidden">
        Quick line
      </label>
      <Icon name="spark" size={16} />
      <input
        id={id}
        placeholder="Lunch tomorrow 12:30"
        maxLength={400}
        value={line}
        onInput={(event) => type(event.currentTarget.value)}
      />
      <Understood line={line} />
    </form>
  );
}

const PAUSE_MS = 250;

/** What a quick line is read as, before it is entered; said once the typing rests. */
function Understood({ line }: { line: string }) {
  const [rested, setRested] = useState("");
  useEffect(() => {
    const soon = setTimeout(() => setRested(line), PAUSE_MS);
    return () => clearTimeout(soon);
  }, [line]);
  const read = line.trim() ? quickLine(rested, nowWall(zone.value)) : null;
  return (
    <div class="understood" role="status" aria-live="polite">
      {read && (
        <>
          <strong>{read.title}</strong>
          <span>{whenWords(read)}</span>
          {read.pattern && <span>Repeats {repeatWords(read.pattern)}</span>}
          {read.location && <span>At {read.location}</span>}
        </>
      )}
    </div>
  );
}

function whenWords({ start, end, allDay }: QuickLine): string {
  if (allDay) return `${spanWords(start.date, addDays(end.date, 1), zone.value)}, all day`;
  return spanWords(instantOf(start, zone.value), instantOf(end, zone.value), zone.value);
}

function Legend() {
  const kinds: [string, string][] = [
    ...calendars.value.map((one): [string, string] => [`calendar-${one.id}`, one.name]),
    ["editor", "Shared, you may edit"],
    ["viewer", "Shared, you may look"],
  ];
  const toggle = (kind: string) => {
    const next = new Set(hiddenKinds.value);
    if (!next.delete(kind)) next.add(kind);
    hidden.value = [...next].join(",");
  };
  return (
    <section class="legend" aria-label="Legend">
      <h2>Calendars</h2>
      <ul class="plain">
        {kinds.map(([kind, name]) => (
          <li key={kind}>
            <label>
              <input type="checkbox" checked={!hiddenKinds.value.has(kind)} onChange={() => toggle(kind)} />
              <span class="dot" style={{ background: colorOf(kind) }} />
              <span>{name}</span>
            </label>
          </li>
        ))}
      </ul>
    </section>
  );
}
