// The live channel: what others do appears without a reload. It reconnects by itself and catches up.
import { effect, signal } from "@preact/signals";

import { reachable } from "../api/client";
import type { components } from "../api/schema";
import { accessToken, me, renew, sessionState } from "../api/session";
import { reload, reloadSoon } from "./entries";

export type Notification = components["schemas"]["Notification"];

export interface Present {
  user_id: number;
  username: string;
  editing: boolean;
}

type Message =
  | { type: "ready" | "pong" | "error" | "ended" }
  | { type: "changed" | "unwatched"; event_id: number }
  | { type: "presence"; event_id: number; people: Present[] }
  | { type: "notification"; notification: Notification; cursor: string };

/** Whether the channel is open; null before it was for the first time. */
export const connected = signal<boolean | null>(null);
/** Who else looks at which event. */
export const present = signal<Record<number, readonly Present[]>>({});
/** The last event that was heard to have changed, counted so that twice the same is told twice. */
export const moved = signal<{ id: number; count: number }>({ id: 0, count: 0 });
export const heard = signal<Notification | null>(null);

const PING_SECONDS = 20;
let socket: WebSocket | null = null;
let cursor = "";
let tries = 0;
let watched: { id: number; editing: boolean } | null = null;

/** Say which event this page has open, so that others see it; null for none. */
export function watch(id: number | null, editing = false): void {
  if (watched?.id === id && watched?.editing === editing) return;
  if (watched && watched.id !== id) tell({ type: "unwatch", event_id: watched.id });
  watched = id === null ? null : { id, editing };
  if (watched) tell({ type: "watch", event_id: watched.id, editing });
}

function tell(message: object): void {
  if (socket?.readyState === WebSocket.OPEN) socket.send(JSON.stringify(message));
}

function hear(message: Message): void {
  switch (message.type) {
    case "ready":
      tries = 0;
      // What was changed after it had been read, and before the channel was open, is not told.
      if (connected.peek() !== true) reloadSoon();
      connected.value = true;
      reachable.value = true;
      if (watched) tell({ type: "watch", event_id: watched.id, editing: watched.editing });
      break;
    case "changed":
      moved.value = { id: message.event_id, count: moved.peek().count + 1 };
      reloadSoon();
      break;
    case "presence":
      present.value = {
        ...present.peek(),
        [message.event_id]: message.people.filter((one) => one.user_id !== me.peek()?.id),
      };
      break;
    case "notification":
      cursor = message.cursor;
      heard.value = message.notification;
      break;
  }
}

async function connect(): Promise<void> {
  if (sessionState.peek() !== "in") return;
  const address = `${location.protocol === "https:" ? "wss" : "ws"}://${location.host}/api/v1/ws/notifications`;
  const mine = (socket = new WebSocket(cursor ? `${address}?after=${encodeURIComponent(cursor)}` : address));
  mine.onopen = () => mine.send(JSON.stringify({ type: "auth", token: accessToken() }));
  mine.onmessage = ({ data }: MessageEvent<string>) => hear(JSON.parse(data) as Message);
  mine.onclose = ({ code }) => {
    if (socket === mine) void reconnect(code);
  };
}

async function reconnect(code: number): Promise<void> {
  connected.value = false;
  if (code === 4410) cursor = "";
  if (sessionState.peek() !== "in") return;
  await new Promise((resolve) => setTimeout(resolve, Math.min(500 * 2 ** tries++, 15_000)));
  if (code === 4401) {
    const lives = await renew().catch(() => true); // away: the next try finds out
    if (!lives) {
      sessionState.value = "ended";
      return;
    }
  }
  await connect();
}

effect(() => {
  if (sessionState.value === "in") {
    void connect();
    return;
  }
  const old = socket;
  socket = null;
  old?.close();
});

setInterval(() => tell({ type: "ping" }), PING_SECONDS * 1000);
addEventListener("online", () => {
  tries = 0;
  if (sessionState.peek() === "in") void reload();
});
