// Who is signed in. The access token lives in memory only; what keeps a person signed in is known to this file alone.
import { signal } from "@preact/signals";

import type { components } from "./schema";

export type Account = components["schemas"]["User"];
export type SessionState = "unknown" | "out" | "in" | "ended";

/** "ended": the session died while the page was open; what was typed is still there. */
export const sessionState = signal<SessionState>("unknown");
export const me = signal<Account | null>(null);

// With this header, the refresh token travels in a cookie that no script can read; other origins cannot send it.
const PAGE = { "X-Convene-Page": "1", "Content-Type": "application/json" };

let token = "";
let renewing: Promise<boolean> | null = null;

interface Tokens {
  access_token: string;
}

export function accessToken(): string {
  return token;
}

/** Begin a session; gives the answer if it is refused. */
export async function signIn(username: string, password: string): Promise<Response | null> {
  const answer = await fetch("/api/v1/auth/login", {
    method: "POST",
    headers: PAGE,
    body: JSON.stringify({ username, password }),
  });
  if (!answer.ok) return answer;
  token = ((await answer.json()) as Tokens).access_token;
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
  const answer = await fetch("/api/v1/auth/refresh", { method: "POST", headers: PAGE, body: "{}" });
  if (answer.status === 401 || answer.status === 422) {
    token = "";
    return false;
  }
  if (!answer.ok) throw new Error(`the server answered ${answer.status}`);
  token = ((await answer.json()) as Tokens).access_token;
  return true;
}

export async function signOut(): Promise<void> {
  const last = token;
  token = "";
  me.value = null;
  sessionState.value = "out";
  await fetch("/api/v1/auth/logout", { method: "POST", headers: { ...PAGE, Authorization: `Bearer ${last}` } });
}
