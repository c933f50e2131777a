// When a person hears that the event begins: their own affair, which others do not see and viewers have, too.
import { useEffect } from "preact/hooks";

import { Icon } from "../parts/icons";
import { say, sayProblem } from "../store/undo";
import { aheadWords } from "../time/words";
import type { Editing } from "./editing";

const CHOICES = [0, 5, 10, 15, 30, 60, 120, 1440, 2880, 10080];
const MOST = 5;

export function Reminders({ editing }: { editing: Editing }) {
  useEffect(() => void editing.readReminders().catch(sayProblem), [editing]);
  const chosen = editing.reminders.value;
  const set = (minutes: readonly number[]) => {
    editing.remind(minutes).then((saved) => {
      if (saved) say("Your reminders were changed", () => editing.remind(chosen));
    }, sayProblem);
  };
  return (
    <div class="chips reminders">
      {chosen.map((minutes) => (
        <button
          key={minutes}
          type="button"
          class="chip"
          aria-label={`Take the reminder away: ${aheadWords(minutes)}`}
          onClick={() => set(chosen.filter((one) => one !== minutes))}
        >
          {aheadWords(minutes)} <Icon name="close" size={12} />
        </button>
      ))}
      {chosen.length < MOST && (
        <select
          aria-label="Remind me"
          value=""
          onChange={(event) => {
            const added = Number(event.currentTarget.value);
            event.currentTarget.value = "";
            set([...chosen, added].sort((one, other) => one - other));
          }}
        >
          <option value="" disabled hidden>
            {chosen.length ? "And…" : "Remind me…"}
          </option>
          {CHOICES.filter((minutes) => !chosen.includes(minutes)).map((minutes) => (
            <option key={minutes} value={minutes}>
              {aheadWords(minutes)}
            </option>
          ))}
        </select>
      )}
    </div>
  );
}
