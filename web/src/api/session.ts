// Who is signed in. The access token lives in memory only; what keeps a person signed in is known to this file alone.
import { signal } from "@preact/signals";

import type { components } from "./schema";

export type Account = components["schemas"]["User"];
export type SessionState = "unknown" | "out" | "in" | "ended";

/** "ended": the session died while the page was open; what was typed is still there. */
export const sessionState = signal<SessionState>("unknown");
export const me = signal<Account | null>(null);

const PAGE = { "X-Convene-Page": "1", "Content-Type": "application/json" };
const KEPT = "convene.refresh";

let token = "";
let renewing: Promise<boolean> | null = null;

interface Tokens {
  access_token: string;
  refresh_token?: string;
}

export function accessToken(): string {
  return token;
}

function keep(tokens: Tokens): void {
  token = tokens.access_token;
  if (tokens.refresh_token) sessionStorage.setItem(KEPT, tokens.refresh_token);
}

function forget(): void {
  token = "";
  sessionStorage.removeItem(KEPT);
}

/** Begin a session; gives the answer if it is refused. */
export async function signIn(username: string, password: string): Promise<Response | null> {
  const answer = await fetch("/api/v1/auth/login", {
    method: "POST",
    headers: PAGE,
    body: JSON.stringify({ username, password }),
  });
  if (!answer.ok) return answer;
  keep((await answer.json()) as Tokens);
  return null;
}

/** Get a new access token; tells whether the session still lives. Asked twice at once, it asks once. */
export function renew(): Promise<boolean> {
  renewing ??= askForTokens().finally(() => {
    renewing = null;
  });
  return renewing;
}

async function askForTokens(): Promise<boolean> {
  const kept = sessionStorage.getItem(KEPT);
  if (!kept) return false;
  const answer = await fetch("/api/v1/auth/refresh", {
    method: "POST",
    headers: PAGE,
    body: JSON.stringify({ refresh_token: kept }),
  });
  if (answer.status === 401 || answer.status === 422) {
    forget();
    return false;
  }
  if (!answer.ok) throw new Error(`the server answered ${answer.status}`);
  keep((await answer.json()) as Tokens);
  return true;
}

export async function signOut(): Promise<void> {
  const last = token;
  forget();
  me.value = null;
  sessionState.value = "out";
  await fetch("/api/v1/auth/logout", { method: "POST", headers: { ...PAGE, Authorization: `Bearer ${last}` } });
}
