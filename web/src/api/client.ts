// Calls of the API: the token is added, an expired one is renewed once, and what goes wrong is a Problem.
import { signal } from "@preact/signals";

import { Problem, type ProblemBody } from "./problem";
import { accessToken, renew, sessionState } from "./session";

export { Problem };

/** Whether the server could be reached the last time that it was asked. */
export const reachable = signal(true);

export interface Ask {
  query?: Record<string, string | number | boolean | undefined>;
  body?: unknown;
  headers?: Record<string, string>;
  signal?: AbortSignal;
  /** Whether it goes on when the page is left meanwhile. */
  keepalive?: boolean;
}

async function send(method: string, path: string, ask: Ask): Promise<Response> {
  const url = new URL(`/api/v1${path}`, location.origin);
  for (const [name, value] of Object.entries(ask.query ?? {})) {
    if (value !== undefined) url.searchParams.set(name, String(value));
  }
  const headers: Record<string, string> = { Accept: "application/json", ...ask.headers };
  if (accessToken()) headers.Authorization = `Bearer ${accessToken()}`;
  if (ask.body !== undefined) headers["Content-Type"] = "application/json";
  const body = ask.body === undefined ? undefined : JSON.stringify(ask.body);
  try {
    const answer = await fetch(url, { method, headers, body, signal: ask.signal, keepalive: ask.keepalive });
    reachable.value = true;
    return answer;
  } catch (error) {
    if (error instanceof DOMException && error.name === "AbortError") throw error;
    reachable.value = false;
    throw new Problem(0, {});
  }
}

/** Ask the API and give its answer; anything that is no success is thrown as a Problem. */
export async function ask(method: string, path: string, what: Ask = {}): Promise<Response> {
  let answer = await send(method, path, what);
  if (answer.status === 401 && !path.startsWith("/auth/login")) {
    if (await renew()) answer = await send(method, path, what);
    // Of two calls that find the session dead, the second must not take away what was typed.
    else if (sessionState.peek() !== "ended") sessionState.value = sessionState.peek() === "in" ? "ended" : "out";
  }
  if (answer.ok) return answer;
  const isJson = answer.headers.get("Content-Type")?.includes("json");
  throw new Problem(answer.status, isJson ? ((await answer.json()) as ProblemBody) : {});
}

/** The same, and read the body. */
export async function askFor<T>(method: string, path: string, what: Ask = {}): Promise<T> {
  return (await (await ask(method, path, what)).json()) as T;
}

/** All pages of a list. */
export async function askForAll<T>(path: string, what: Ask = {}, most = 10_000): Promise<T[]> {
  const found: T[] = [];
  let query: Ask["query"] = { limit: 200, ...what.query };
  for (;;) {
    const answer = await ask("GET", path, { ...what, query });
    found.push(...((await answer.json()) as T[]));
    const next = /<([^>]+)>;\s*rel="next"/.exec(answer.headers.get("Link") ?? "")?.[1];
    if (!next || found.length >= most) return found;
    query = Object.fromEntries(new URL(next, location.origin).searchParams);
  }
}
