// The questions that an action may ask: which part of a series, and whether to book taken time all the same.
import { useEffect, useState } from "preact/hooks";

import { Problem } from "../api/client";
import { occurrencesOf, type Scope } from "../api/events";
import { scopeQuestion, type ScopeQuestion, takenQuestion, type TakenQuestion } from "../store/actions";
import { zone } from "../store/entries";
import { repeatWords } from "../text/repeat";
import { spanWords } from "../time/words";
import { addDays } from "../time/zones";
import { FreeTimes } from "../panel/FreeTimes";
import { Dialog } from "./Dialog";

export function Questions() {
  return (
    <>
      {scopeQuestion.value && <WhichPart question={scopeQuestion.value} />}
      {takenQuestion.value && <SaveAnyway question={takenQuestion.value} />}
    </>
  );
}

const dates = (count: number) => (count >= 400 ? "400 dates or more" : count === 1 ? "1 date" : `${count} dates`);

function WhichPart({ question }: { question: ScopeQuestion }) {
  const { event, verb, answer } = question;
  const [counts, setCounts] = useState<{ following: number; all: number } | null>(null);
  useEffect(() => {
    const day = (event.occurrence ?? event.start_time).slice(0, 10);
    const count = async () => {
      const following = await occurrencesOf(event.id, day, addDays(day, 399));
      const before = await occurrencesOf(event.id, addDays(day, -399), addDays(day, -1));
      setCounts({ following: following.length, all: Math.min(before.length + following.length, 400) });
    };
    // Whoever is offline is asked all the same, without the numbers.
    count().catch((error: unknown) => {
      if (!(error instanceof Problem)) throw error;
    });
  }, [event]);
  const choices: [Scope, string, string][] = [
    ["this", "Only this one", dates(1)],
    ["following", "This and all following", counts ? `${dates(counts.following)} in the coming 13 months` : "From this date on"],
    ["all", "All of them", counts ? `${dates(counts.all)} in 13 months before and after` : "Those before this date, too"],
  ];
  return (
    <Dialog title={`Which do you want to ${verb}?`} onClose={() => answer(null)}>
      <p class="muted">
        “{event.title}” repeats {repeatWords(event.recurrence_pattern as Record<string, unknown> | null)}.
      </p>
      <div class="choices">
        {choices.map(([scope, name, many]) => (
          <button key={scope} type="button" class="choice" onClick={() => answer(scope)}>
            <strong>{name}</strong>
            <span class="muted">{many}</span>
          </button>
        ))}
      </div>
    </Dialog>
  );
}

function SaveAnyway({ question }: { question: TakenQuestion }) {
  return (
    <Dialog title="That time is taken" onClose={() => question.answer(null)}>
      <ul class="plain">
        {question.conflicts.map((one) => (
          <li key={`${one.event_id} ${one.start_time}`}>
            <strong>{one.title ?? "Busy"}</strong> <span class="muted">{spanWords(one.start_time, one.end_time, zone.value)}</span>
          </li>
        ))}
      </ul>
      <FreeTimes slots={question.free} onChosen={(slot) => question.answer(slot)} />
      <div class="actions">
        <button type="button" onClick={() => question.answer(null)}>
          Put it back
        </button>
        <button type="button" class="danger" onClick={() => question.answer("anyway")}>
          Save anyway
        </button>
      </div>
    </Dialog>
  );
}
