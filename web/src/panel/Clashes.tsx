// Fields that two people changed at once: both sides, and a choice for each.
import type { Draft } from "../store/drafts";
import { timesOf } from "../store/drafts";
import { repeatWords } from "../text/repeat";
import { spanWords } from "../time/words";
import type { Editing } from "./editing";
import type { Clash } from "./merging";

function words(clash: Clash, draft: Draft): string {
  switch (clash.group.name) {
    case "time": {
      const { start_time: start, end_time: end } = timesOf(draft);
      return `${spanWords(start, end, draft.zone)}${draft.pattern ? `, ${repeatWords(draft.pattern)}` : ""}`;
    }
    case "availability":
      return draft.busy ? "Busy" : "Free";
    default:
      return String(Object.values(clash.group.of(draft))[0] ?? "") || "(empty)";
  }
}

export function Clashes({ editing }: { editing: Editing }) {
  const clashes = editing.clashes.value;
  if (!clashes.length) return null;
  return (
    <section class="clashes" aria-label="Changed by both of you">
      <p>
        <strong>Somebody else changed this too.</strong> Choose what to keep, field by field; the other side stays in the
        history.
      </p>
      {clashes.map((clash) => (
        <fieldset key={clash.group.name}>
          <legend>The {clash.group.name}</legend>
          {(["mine", "theirs"] as const).map((side) => (
            <label key={side} class="side">
              <input
                type="radio"
                name={`clash-${clash.group.name}`}
                checked={clash.chosen === side}
                onChange={() => editing.choose(clash, side)}
              />
              <span class="side-name">{side === "mine" ? "Yours" : "Theirs"}</span>
              <span class="side-value">{words(clash, side === "mine" ? editing.draft.value : clash.theirs)}</span>
            </label>
          ))}
        </fieldset>
      ))}
    </section>
  );
}
