// Who is signed in. The access token lives in memory only; what keeps a person signed in is known to this file alone.
import { signal } from "@preact/signals";

import { Problem } from "./problem";
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
  const answer = await post("refresh", PAGE, "{}");
  if (answer.status === 401 || answer.status === 422) {
    token = "";
    return false;
  }
  if (!answer.ok) throw new Problem(answer.status, {});
  token = ((await answer.json()) as Tokens).access_token;
  return true;
}

/**
 * End the session and leave nothing of the person in this page: it begins anew. The cookie is enough for it, an access
 * token that has expired does no harm. Fails where the server is away: whoever reloads would still be signed in.
 */
export async function signOut(): Promise<void> {
  const answer = await post("logout", { ...PAGE, Authorization: `Bearer ${token}` });
  if (!answer.ok) throw new Problem(answer.status, {});
  location.assign("/");
}

async function post(what: string, headers: Record<string, string>, body?: string): Promise<Response> {
  try {
    return await fetch(`/api/v1/auth/${what}`, { method: "POST", headers, body });
  } catch {
    throw new Problem(0, {});
  }
}
