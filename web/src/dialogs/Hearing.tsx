// What a person hears of: at once, by mail, and every morning.
import { useEffect, useId, useRef, useState } from "preact/hooks";

import { ask, askFor } from "../api/client";
import type { components } from "../api/schema";
import { sayProblem } from "../store/undo";
import { Section } from "./Section";

type Preferences = components["schemas"]["PreferencesAnswer"];
type Wanted = Preferences["kinds"][string];
type Daily = components["schemas"]["DigestAnswer"];

const PREFERENCES = "/notifications/preferences";

export function Hearing() {
  const [read, setRead] = useState<Preferences | null>(null);
  useEffect(() => {
    askFor<Preferences>("GET", PREFERENCES).then(setRead, sayProblem);
  }, []);
  if (!read) return <Section title="Hear of">{null}</Section>;
  const set = (kind: string, wanted: Wanted) => {
    askFor<Preferences>("PATCH", PREFERENCES, { body: { kinds: { [kind]: wanted } } }).then(setRead, sayProblem);
  };
  const channels = read.sends_mail ? (["live", "email"] as const) : (["live"] as const);
  return (
    <Section title="Hear of">
      <table class="hearing">
        <thead>
          <tr>
            <th scope="col" class="hidden">
              What
            </th>
            {channels.map((channel) => (
              <th key={channel} scope="col">
                {CHANNELS[channel]}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {Object.entries(read.kinds).map(([kind, wanted]) => (
            <tr key={kind}>
              <th scope="row">{kind.replaceAll("_", " ")}</th>
              {channels.map((channel) => (
                <td key={channel}>
                  <label class="switch">
                    <span class="hidden">
                      {kind.replaceAll("_", " ")}: {CHANNELS[channel]}
                    </span>
                    <input
                      type="checkbox"
                      role="switch"
                      checked={wanted[channel]}
                      onChange={(event) => set(kind, { ...wanted, [channel]: event.currentTarget.checked })}
                    />
                  </label>
                </td>
              ))}
            </tr>
          ))}
        </tbody>
      </table>
      {read.sends_mail && <EachDay />}
    </Section>
  );
}

const CHANNELS = { live: "here", email: "by mail" };

/** A mail about each day. */
function EachDay() {
  const [digest, setDigest] = useState<Daily | null>(null);
  const hour = useId();
  useEffect(() => {
    askFor<Daily>("GET", "/notifications/digest").then(setDigest, sayProblem);
  }, []);
  // One after the other: of two that go at once, the older wish could arrive last.
  const asking = useRef<Promise<unknown>>(Promise.resolve());
  if (!digest) return null;
  const inTurn = (send: () => Promise<Daily>) => {
    asking.current = asking.current.catch(() => undefined).then(() => send().then(setDigest, sayProblem));
  };
  const want = (at: number) => inTurn(() => askFor<Daily>("PUT", "/notifications/digest", { body: { hour: at } }));
  const refuse = () => inTurn(() => ask("DELETE", "/notifications/digest").then(() => ({ ...digest, enabled: false })));
  return (
    <div class="row">
      <label class="switch grow">
        <input
          type="checkbox"
          role="switch"
          checked={digest.enabled}
          onChange={(event) => (event.currentTarget.checked ? want(digest.hour) : refuse())}
        />
        <span>A mail about each day, at</span>
      </label>
      <label for={hour} class="hidden">
        Hour
      </label>
      <select id={hour} value={String(digest.hour)} onChange={(event) => want(Number(event.currentTarget.value))}>
        {Array.from({ length: 24 }, (_, at) => (
          <option key={at} value={String(at)}>
            {String(at).padStart(2, "0")}:00
          </option>
        ))}
      </select>
    </div>
  );
}
