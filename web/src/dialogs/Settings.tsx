// What a person can set: themselves, how dates look, what they hear of, where they are signed in.
import { useEffect, useId, useState } from "preact/hooks";

import { ask, askFor, Problem } from "../api/client";
import type { components } from "../api/schema";
import { type Account, me } from "../api/session";
import { ZonePicker } from "../panel/When";
import { Dialog } from "../parts/Dialog";
import { locale, theme, type Theme, weekStart } from "../preferences";
import { calendars, loadCalendars, reload } from "../store/entries";
import { say, sayProblem } from "../store/undo";
import { agoWords } from "../time/words";
import { Hearing } from "./Hearing";
import { Section } from "./Section";
import { Webhooks } from "./Webhooks";

type Session = components["schemas"]["Session"];

const LOCALES = ["en-GB", "en-US", "de-DE", "fr-FR", "es-ES", "it-IT", "nl-NL", "pl-PL", "pt-BR", "sv-SE", "ja-JP", "hi-IN"];

export function Settings({ onClose }: { onClose: () => void }) {
  return (
    <Dialog title="Settings" wide onClose={onClose}>
      <div class="settings">
        <Profile />
        <Looks />
        <Calendars />
        <Hearing />
        <Webhooks />
        <Devices />
        <Password />
      </div>
    </Dialog>
  );
}

async function changeMe(change: Partial<Account>): Promise<void> {
  try {
    me.value = await askFor<Account>("PATCH", "/auth/me", { body: change });
    say("Saved");
    if (change.time_zone) await reload();
  } catch (error) {
    sayProblem(error);
  }
}

function Profile() {
  const [name, zone] = [useId(), me.value?.time_zone ?? "UTC"];
  return (
    <Section title="You">
      <div class="field">
        <label for={name}>Name</label>
        <input
          id={name}
          maxLength={100}
          value={me.value?.display_name ?? ""}
          onChange={(event) => void changeMe({ display_name: event.currentTarget.value || null })}
        />
      </div>
      <div class="field">
        <span class="field-name">Time zone</span>
        <ZonePicker value={zone} label="Your time zone" onChange={(to) => void changeMe({ time_zone: to })} />
      </div>
    </Section>
  );
}

interface ChoiceProps {
  name: string;
  value: string;
  options: [string, string][];
  onChange: (value: string) => void;
}

function Choice({ name, value, options, onChange }: ChoiceProps) {
  const id = useId();
  return (
    <div class="field">
      <label for={id}>{name}</label>
      <select id={id} value={value} onChange={(event) => onChange(event.currentTarget.value)}>
        {options.map(([key, words]) => (
          <option key={key} value={key}>
            {words}
          </option>
        ))}
      </select>
    </div>
  );
}

function Looks() {
  const language = (tag: string) => new Intl.DisplayNames([tag], { type: "language" }).of(tag) ?? tag;
  const known = [...new Set([locale.value, ...LOCALES])];
  return (
    <Section title="Looks">
      <Choice
        name="Theme"
        value={theme.value}
        options={[["system", "As the system"], ["light", "Light"], ["dark", "Dark"]]}
        onChange={(value) => (theme.value = value as Theme)}
      />
      <Choice
        name="Weeks begin on"
        value={weekStart.value}
        options={[["1", "Monday"], ["0", "Sunday"], ["6", "Saturday"]]}
        onChange={(value) => (weekStart.value = value as typeof weekStart.value)}
      />
      <Choice
        name="Dates in"
        value={locale.value}
        options={known.map((tag) => [tag, language(tag)])}
        onChange={(value) => (locale.value = value)}
      />
    </Section>
  );
}

function Calendars() {
  const change = (id: number, what: { name?: string; color?: string }) => {
    ask("PATCH", `/calendars/${id}`, { body: what }).then(() => loadCalendars(), sayProblem);
  };
  return (
    <Section title="Calendars">
      {calendars.value.map((one) => (
        <div key={one.id} class="pair">
          <input
            type="color"
            aria-label={`Colour of ${one.name}`}
            value={one.color ?? "#4f46e5"}
            onChange={(event) => change(one.id, { color: event.currentTarget.value })}
          />
          <input
            aria-label={`Name of ${one.name}`}
            value={one.name}
            maxLength={100}
            onChange={(event) => change(one.id, { name: event.currentTarget.value })}
          />
        </div>
      ))}
    </Section>
  );
}

function Devices() {
  const [sessions, setSessions] = useState<Session[]>([]);
  const read = () => askFor<Session[]>("GET", "/auth/sessions").then(setSessions, sayProblem);
  useEffect(() => void read(), []);
  const end = (id: string) => ask("DELETE", `/auth/sessions/${id}`).then(read, sayProblem);
  return (
    <Section title="Signed in">
      <ul class="people">
        {sessions.map((one) => (
          <li key={one.id}>
            <span class="grow">
              {device(one.user_agent)} <span class="muted small">{agoWords(one.last_used_at)}</span>
            </span>
            {one.current ? (
              <span class="muted">this one</span>
            ) : (
              <button type="button" onClick={() => void end(one.id)}>
                Sign out
              </button>
            )}
          </li>
        ))}
      </ul>
    </Section>
  );
}

function device(agent: string | null): string {
  const program = /(Firefox|Edg|Chrome|Safari|curl|python)/i.exec(agent ?? "")?.[1] ?? "Unknown";
  const system = /(Windows|Mac OS|Android|iPhone|iPad|Linux)/.exec(agent ?? "")?.[1];
  return [program === "Edg" ? "Edge" : program, system && `on ${system}`].filter(Boolean).join(" ");
}

function Password() {
  const [fault, setFault] = useState<string | null>(null);
  const [current, next] = [useId(), useId()];
  const submit = async (event: SubmitEvent) => {
    event.preventDefault();
    const form = event.currentTarget as HTMLFormElement;
    const said = new FormData(form);
    try {
      const body = { current_password: said.get("current"), new_password: said.get("next") };
      await ask("POST", "/auth/password", { body });
      form.reset();
      setFault(null);
      say("Your password was changed; other devices are signed out");
    } catch (error) {
      if (!(error instanceof Problem)) throw error;
      setFault(error.words);
    }
  };
  return (
    <Section title="Password">
      <form class="stack" onSubmit={(event) => void submit(event)}>
        <input type="text" class="hidden" autocomplete="username" aria-label="Username" readOnly tabIndex={-1} value={me.value?.username} />
        <div class="field">
          <label for={current}>Current password</label>
          <input id={current} name="current" type="password" required autocomplete="current-password" />
        </div>
        <div class="field">
          <label for={next}>New password</label>
          <input id={next} name="next" type="password" required minLength={8} maxLength={128} autocomplete="new-password" />
        </div>
        {fault && (
          <p class="fault" role="alert">
            {fault}
          </p>
        )}
        <button type="submit">Change password</button>
      </form>
    </Section>
  );
}
