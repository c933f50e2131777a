// Calls of the API: the token is added, an expired one is renewed once, and what goes wrong is a Problem.
import { signal } from "@preact/signals";

import { accessToken, renew, sessionState } from "./session";

/** Whether the server could be reached the last time that it was asked. */
export const reachable = signal(true);

interface ProblemBody {
  type?: string;
  title?: string;
  detail?: string;
  errors?: { pointer: string; detail: string }[];
  [member: string]: unknown;
}

/** An answer that is no success (RFC 9457), or none at all (status 0). */
export class Problem extends Error {
  constructor(
    readonly status: number,
    readonly body: ProblemBody,
  ) {
    super(body.detail ?? body.title ?? "The server cannot be reached.");
  }

  /** Whether it is of a kind, by the end of its type. */
  is(kind: string): boolean {
    return this.body.type?.endsWith(`/${kind}`) ?? false;
  }

  /** In words for people. */
  get words(): string {
    if (this.status === 0) return "The server cannot be reached. What you typed is kept; try again.";
    if (this.status >= 500) return "The server has a problem. What you typed is kept; try again in a moment.";
    if (this.status === 401) return "Your session has ended. Sign in again.";
    if (this.status === 403) return "Your role on this event does not allow that.";
    if (this.status === 404) return "That is not there any more.";
    if (this.status === 429) return "That was too fast. Wait a moment, then try again.";
    const faults = this.body.errors?.map((one) => `${one.pointer.split("/").pop()?.replaceAll("_", " ")} ${one.detail}`);
    return faults?.length ? faults.join("; ") : this.message;
  }
}

export interface Ask {
  query?: Record<string, string | number | boolean | undefined>;
  body?: unknown;
  headers?: Record<string, string>;
  signal?: AbortSignal;
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
    const answer = await fetch(url, { method, headers, body, signal: ask.signal });
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
