// Where a person's programs hear what they hear, and how that has been going.
import { useEffect, useId, useState } from "preact/hooks";

import { ask, askFor, Problem } from "../api/client";
import type { components } from "../api/schema";
import { Dialog } from "../parts/Dialog";
import { say, sayProblem } from "../store/undo";
import { readWebhooks, removeWebhook, type Webhook, webhooks } from "../store/webhooks";
import { agoWords } from "../time/words";
import { Section } from "./Section";

type Signed = components["schemas"]["WebhookWithSecret"];
type Delivery = components["schemas"]["Delivery"];

interface Secret {
  id: number;
  secret: string;
}

export function Webhooks() {
  const [secret, setSecret] = useState<Secret | null>(null);
  useEffect(() => void readWebhooks(), []);
  const show = (signed: Signed) => {
    setSecret({ id: signed.id, secret: signed.secret });
    return readWebhooks();
  };
  return (
    <Section title="Webhooks">
      <p class="muted small">What you hear of is posted to these addresses, signed as Standard Webhooks says.</p>
      <ul class="people">
        {webhooks.value.map((one) => (
          <li key={one.id} class="webhook">
            <One webhook={one} onSecret={show} />
            {secret?.id === one.id && <Shown secret={secret.secret} />}
          </li>
        ))}
      </ul>
      <Adding onAdded={show} />
    </Section>
  );
}

interface OneProps {
  webhook: Webhook;
  onSecret: (signed: Signed) => Promise<void>;
}

function One({ webhook, onSecret }: OneProps) {
  const [log, setLog] = useState<Delivery[] | null>(null);
  const [isAsked, setAsked] = useState(false);
  const path = `/webhooks/${webhook.id}`;
  const readLog = () => askFor<Delivery[]>("GET", `${path}/deliveries`, { query: { limit: 20 } }).then(setLog, sayProblem);
  const act = (method: string, where: string, body?: unknown) => ask(method, where, { body }).then(readWebhooks, sayProblem);
  return (
    <>
      <div class="row">
        <label class="switch grow">
          <input
            type="checkbox"
            role="switch"
            checked={webhook.active}
            onChange={(event) => void act("PATCH", path, { active: event.currentTarget.checked })}
          />
          <span class="address">{webhook.url}</span>
        </label>
        <button type="button" class="danger" onClick={() => removeWebhook(webhook)}>
          Remove
        </button>
      </div>
      {webhook.switched_off && <p class="fault">{OFF[webhook.switched_off]} Mend it, then switch it on.</p>}
      <div class="row links">
        <button type="button" class="link" disabled={!webhook.active} onClick={() => void act("POST", `${path}/test`).then(readLog)}>
          Send a test
        </button>
        <button type="button" class="link" aria-expanded={log !== null} onClick={() => void (log ? setLog(null) : readLog())}>
          {log ? "Hide the log" : "What was sent"}
        </button>
        <button type="button" class="link" onClick={() => setAsked(true)}>
          New secret
        </button>
      </div>
      {isAsked && (
        <NewSecret
          url={webhook.url}
          onAnswer={(isWanted) => {
            setAsked(false);
            if (isWanted) void askFor<Signed>("POST", `${path}/rotate`).then(onSecret, sayProblem);
          }}
        />
      )}
      {log && <Log deliveries={log} onAgain={(id) => act("POST", `${path}/deliveries/${id}/redeliver`).then(readLog)} />}
    </>
  );
}

/** Asked before, as it cannot be undone: whoever wants a new secret wants it now, and nobody knows the old one any more. */
function NewSecret({ url, onAnswer }: { url: string; onAnswer: (isWanted: boolean) => void }) {
  return (
    <Dialog title="Make a new secret?" onClose={() => onAnswer(false)}>
      <p>
        It is shown once, to be given to the program behind <span class="address">{url}</span>. For 24 hours messages are signed
        with both, the one of today and the new one; then the one of today is worth nothing. This cannot be undone.
      </p>
      <div class="actions">
        <button type="button" onClick={() => onAnswer(false)}>
          Keep the one of today
        </button>
        <button type="button" class="primary" onClick={() => onAnswer(true)}>
          Make a new secret
        </button>
      </div>
    </Dialog>
  );
}

const OFF = {
  failing: "It was switched off, because nothing arrived there for days.",
  gone: "It was switched off, because the other side wants no more.",
};

function Log({ deliveries, onAgain }: { deliveries: readonly Delivery[]; onAgain: (id: number) => Promise<void> }) {
  if (!deliveries.length) return <p class="muted small">Nothing yet.</p>;
  return (
    <ul class="plain log">
      {deliveries.map((one) => (
        <li key={one.id} class="row small">
          <span class={`outcome ${one.status}`}>{one.status}</span>
          <span class="grow">
            {one.kind.replaceAll("_", " ")} <span class="muted">{one.error ?? one.status_code}</span>
          </span>
          <span class="muted">{agoWords(one.attempted_at ?? one.created_at)}</span>
          {one.status !== "waiting" && (
            <button type="button" class="link" onClick={() => void onAgain(one.id)}>
              Again
            </button>
          )}
        </li>
      ))}
    </ul>
  );
}

function Shown({ secret }: { secret: string }) {
  const copy = () => navigator.clipboard.writeText(secret).then(() => say("Copied"), () => say("Select it and copy it by hand"));
  return (
    <div class="note secret" role="status">
      <span>
        The secret that signs its messages, shown only now: <code>{secret}</code>
      </span>
      <button type="button" class="link" onClick={() => void copy()}>
        Copy
      </button>
    </div>
  );
}

function Adding({ onAdded }: { onAdded: (signed: Signed) => Promise<void> }) {
  const [fault, setFault] = useState<string | null>(null);
  const url = useId();
  const submit = async (event: SubmitEvent) => {
    event.preventDefault();
    const form = event.currentTarget as HTMLFormElement;
    try {
      await onAdded(await askFor<Signed>("POST", "/webhooks", { body: { url: new FormData(form).get("url") } }));
      form.reset();
      setFault(null);
    } catch (error) {
      if (!(error instanceof Problem)) throw error;
      setFault(error.words);
    }
  };
  return (
    <form class="stack" onSubmit={(event) => void submit(event)}>
      <label for={url} class="hidden">
        Address
      </label>
      <div class="row">
        <input id={url} class="grow" name="url" type="url" required maxLength={2000} placeholder="https://example.com/hook" />
        <button type="submit">Add</button>
      </div>
      {fault && (
        <p class="fault" role="alert">
          {fault}
        </p>
      )}
    </form>
  );
}
