// Where a person's programs hear what they hear. What was removed could not be given back, as only its owner knows its secret:
// it is held back as long as it can be undone.
import { computed, signal } from "@preact/signals";

import { ask, askFor } from "../api/client";
import type { components } from "../api/schema";
import { hold, sayProblem } from "./undo";

export type Webhook = components["schemas"]["Webhook"];

const known = signal<readonly Webhook[]>([]);
const removing = signal<ReadonlySet<number>>(new Set());

/** Those that have not been removed. */
export const webhooks = computed(() => known.value.filter(({ id }) => !removing.value.has(id)));

const read = async () => {
  known.value = await askFor<Webhook[]>("GET", "/webhooks");
};

export const readWebhooks = (): Promise<void> => read().catch(sayProblem);

export function removeWebhook({ id, url }: Webhook): void {
  removing.value = new Set([...removing.peek(), id]);
  hold(
    `${url} hears nothing any more`,
    async () => {
      await ask("DELETE", `/webhooks/${id}`, { keepalive: true });
      await read();
    },
    () => {
      removing.value = new Set([...removing.peek()].filter((one) => one !== id));
    },
  );
}
