// Signing in and up; as a dialog over the page when a session has ended, so that nothing typed gets lost.
import { useEffect, useId, useState } from "preact/hooks";

import { ask, askFor, Problem } from "./api/client";
import type { components } from "./api/schema";
import { signIn } from "./api/session";
import { Icon } from "./parts/icons";
import { browserZone } from "./time/zones";

type Mode = "in" | "up";
type Registration = components["schemas"]["Registration"];

interface Props {
  onSignedIn: () => Promise<void>;
  reason?: string;
}

export function SignIn({ onSignedIn, reason }: Props) {
  const [mode, setMode] = useState<Mode>("in");
  const [fault, setFault] = useState<string | null>(null);
  const [isBusy, setBusy] = useState(false);
  const registration = useRegistration();
  const submit = async (event: SubmitEvent) => {
    event.preventDefault();
    const form = new FormData(event.currentTarget as HTMLFormElement);
    const said = (name: string) => String(form.get(name) ?? "");
    setBusy(true);
    setFault(null);
    try {
      if (mode === "up") await register(said("username"), said("email"), said("password"));
      const refused = await signIn(said("username"), said("password"));
      if (refused) setFault(refused.status === 401 ? "That name and that password do not go together." : await words(refused));
      else await onSignedIn();
    } catch (error) {
      setFault(error instanceof Problem ? error.words : "The server cannot be reached. Try again.");
    } finally {
      setBusy(false);
    }
  };
  return (
    <form class="sign-in" onSubmit={(event) => void submit(event)} aria-label={mode === "in" ? "Sign in" : "Sign up"}>
      {reason && <p class="note">{reason}</p>}
      <Input name="username" label={mode === "in" ? "Username or e-mail" : "Username"} autocomplete="username" />
      {mode === "up" && <Input name="email" type="email" label="E-mail" autocomplete="email" />}
      <Input
        name="password"
        type="password"
        label="Password"
        hint={mode === "up" ? "8 characters or more" : undefined}
        autocomplete={mode === "in" ? "current-password" : "new-password"}
      />
      {fault && (
        <p class="fault" role="alert">
          {fault}
        </p>
      )}
      <button type="submit" class="primary large" disabled={isBusy}>
        {mode === "in" ? "Sign in" : "Create account"}
      </button>
      {!reason && registration === "closed" && (
        <p class="muted center">New here? Whoever runs this server makes the accounts. Ask them for one.</p>
      )}
      {!reason && registration === "open" && (
        <p class="muted center">
          {mode === "in" ? "New here? " : "Already here? "}
          <button type="button" class="link" onClick={() => setMode(mode === "in" ? "up" : "in")}>
            {mode === "in" ? "Create an account" : "Sign in"}
          </button>
        </p>
      )}
    </form>
  );
}

/** Whether people make accounts by themselves here; null until that is known. */
function useRegistration(): Registration["registration"] | null {
  const [said, setSaid] = useState<Registration["registration"] | null>(null);
  useEffect(() => {
    askFor<Registration>("GET", "/auth/registration").then(
      (answer) => setSaid(answer.registration),
      () => setSaid("open"), // whoever signs up all the same is told what is wrong
    );
  }, []);
  return said;
}

async function register(username: string, email: string, password: string): Promise<void> {
  await ask("POST", "/auth/register", { body: { username, email, password, time_zone: browserZone() } });
}

async function words(answer: Response): Promise<string> {
  return new Problem(answer.status, (await answer.json()) as Record<string, unknown>).words;
}

interface InputProps {
  name: string;
  label: string;
  type?: string;
  hint?: string;
  autocomplete: string;
}

function Input({ name, label, type = "text", hint, autocomplete }: InputProps) {
  const id = useId();
  return (
    <div class="field">
      <label for={id}>{label}</label>
      <input id={id} name={name} type={type} required autocomplete={autocomplete} aria-describedby={hint && `${id}-hint`} />
      {hint && (
        <span id={`${id}-hint`} class="muted small">
          {hint}
        </span>
      )}
    </div>
  );
}

export function Welcome(props: Props) {
  return (
    <main class="welcome">
      <section class="welcome-words">
        <p class="brand">
          <Logo size={36} /> Convene
        </p>
        <h1>A shared calendar that never loses a change</h1>
        <ul class="points">
          <li>
            <Icon name="people" size={20} /> Two people edit at once, and both edits stay.
          </li>
          <li>
            <Icon name="history" size={20} /> Every change says who and when, and can be taken back.
          </li>
          <li>
            <Icon name="clock" size={20} /> Turn the whole calendar back to any moment.
          </li>
        </ul>
      </section>
      <section class="card">
        <SignIn {...props} />
      </section>
    </main>
  );
}

export function Logo({ size = 28 }: { size?: number }) {
  return (
    <svg class="logo" width={size} height={size} viewBox="0 0 32 32" aria-hidden="true">
      <rect width="32" height="32" rx="9" />
      <circle class="one" cx="12.5" cy="16" r="6.5" />
      <circle class="other" cx="19.5" cy="16" r="6.5" />
    </svg>
  );
}
