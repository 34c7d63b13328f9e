/**
 * One event stream per browser. The tab that holds the lock reads
 * `/api/v1/stream` and tells the others over a broadcast channel; when it goes,
 * the next one takes over. A tab that hears nothing reads everything again and
 * polls. Owns the connection and its health; what events mean is `affected`.
 */
import type { QueryClient, QueryKey } from "@tanstack/react-query";
import { API, goToSignIn } from "@/api/client";
import type { StreamEvent } from "@/api/types";
import { affected } from "./affected";
import { refresh } from "./refresh";
import { parser } from "./sse";

export type Health = { state: "connecting" } | { state: "live" } | { state: "stale"; since: number };

type Word =
  | { kind: "event"; event: StreamEvent }
  | { kind: "health"; health: Health }
  | { kind: "beat" }
  | { kind: "resync" }
  | { kind: "hello" };

const CHANNEL = "muster.live";
/** Two heartbeats of 15 s and some patience. */
const SILENCE_MS_MAX = 35_000;
const RETRY_MS_MIN = 1_000;
const RETRY_MS_MAX = 15_000;
const POLL_MS = 10_000;
/** Under a storm the screen is redrawn at most this often. */
const REFRESH_MS_MIN = 250;

let health: Health = { state: "connecting" };
let heardAt = Date.now();
let lastEventId: string | null = null;
let client: QueryClient | undefined;
let leading = false;
const listeners = new Set<() => void>();
const watchers = new Set<(event: StreamEvent) => void>();
const channel = "BroadcastChannel" in window ? new BroadcastChannel(CHANNEL) : null;

/** Starts once, for the life of the page. */
export function startLive(queryClient: QueryClient): void {
  if (client) return;
  client = queryClient;
  if (channel) channel.onmessage = (message: MessageEvent<Word>) => hear(message.data);
  channel?.postMessage({ kind: "hello" } satisfies Word);
  setInterval(watchSilence, 5_000);
  setInterval(poll, POLL_MS);
  document.addEventListener("visibilitychange", () => {
    if (document.visibilityState === "visible" && health.state !== "live") refreshAll();
  });
  if (!navigator.locks || !channel) {
    void lead();
    return;
  }
  void navigator.locks.request(CHANNEL, lead);
}

export function currentHealth(): Health {
  return health;
}

export function onHealth(listener: () => void): () => void {
  listeners.add(listener);
  return () => listeners.delete(listener);
}

/** Hears every event in this tab, whichever tab reads the stream. */
export function onEvent(watcher: (event: StreamEvent) => void): () => void {
  watchers.add(watcher);
  return () => watchers.delete(watcher);
}

/** Never returns: the lock is held for as long as the tab lives. */
async function lead(): Promise<void> {
  leading = true;
  let wait = RETRY_MS_MIN;
  for (;;) {
    const opened = await readStream();
    wait = opened ? RETRY_MS_MIN : Math.min(wait * 2, RETRY_MS_MAX);
    tell({ kind: "health", health: stale() });
    await pause(wait);
  }
}

/** Waits, but not once the network is back. */
function pause(ms: number): Promise<void> {
  return new Promise((resolve) => {
    const done = () => {
      clearTimeout(timer);
      window.removeEventListener("online", done);
      resolve();
    };
    const timer = setTimeout(done, ms);
    window.addEventListener("online", done);
  });
}

/** Reads until the stream ends, fails or falls silent; says whether it ever opened. */
async function readStream(): Promise<boolean> {
  const silence = new AbortController();
  let timer = setTimeout(() => silence.abort(), SILENCE_MS_MAX);
  const heard = () => {
    clearTimeout(timer);
    timer = setTimeout(() => silence.abort(), SILENCE_MS_MAX);
  };
  const lost = () => silence.abort();
  window.addEventListener("offline", lost);
  let opened = false;
  try {
    const response = await fetch(`${API}/stream`, {
      signal: silence.signal,
      credentials: "same-origin",
      cache: "no-store",
      headers: { accept: "text/event-stream", ...(lastEventId ? { "last-event-id": lastEventId } : {}) },
    });
    if (response.status === 401) goToSignIn();
    if (!response.ok || !response.body) return false;
    opened = true;
    if (!lastEventId) tell({ kind: "resync" });
    tell({ kind: "health", health: { state: "live" } });
    const reader = response.body.pipeThrough(new TextDecoderStream()).getReader();
    const events = parser();
    for (;;) {
      const { done, value } = await reader.read();
      if (done) return true;
      heard();
      tell({ kind: "beat" });
      for (const found of events.push(value)) {
        lastEventId = found.id ?? lastEventId;
        const event = asChange(found.data);
        if (event) tell({ kind: "event", event });
      }
    }
  } catch {
    return opened;
  } finally {
    clearTimeout(timer);
    window.removeEventListener("offline", lost);
    silence.abort();
  }
}

function tell(word: Word): void {
  channel?.postMessage(word);
  hear(word);
}

function hear(word: Word): void {
  switch (word.kind) {
    case "hello":
      if (leading) channel?.postMessage({ kind: "health", health } satisfies Word);
      return;
    case "beat":
      heardAt = Date.now();
      if (health.state !== "live") setHealth({ state: "live" });
      return;
    case "resync":
      refreshAll();
      return;
    case "health":
      heardAt = Date.now();
      setHealth(word.health);
      return;
    case "event":
      heardAt = Date.now();
      lastEventId = String(word.event.seq);
      for (const watcher of watchers) watcher(word.event);
      for (const key of affected(word.event)) refreshSoon(key);
  }
}

function setHealth(next: Health): void {
  const was = health.state;
  health = next.state === "stale" && health.state === "stale" ? health : next;
  if (was === "stale" && next.state === "live") refreshAll();
  for (const listener of listeners) listener();
}

function stale(): Health {
  return { state: "stale", since: heardAt };
}

function watchSilence(): void {
  if (health.state === "live" && Date.now() - heardAt > SILENCE_MS_MAX) setHealth(stale());
}

function poll(): void {
  if (health.state === "stale" && document.visibilityState === "visible") refreshAll();
}

function refreshAll(): void {
  if (client) void refresh(client);
}

const waiting = new Map<string, QueryKey>();
let refreshing = false;

/**
 * Gathers what became stale while the last refresh ran. A refresh is never cut
 * short by the next event, so a storm can slow the screen but not starve it.
 */
function refreshSoon(key: QueryKey): void {
  waiting.set(JSON.stringify(key), key);
  if (!refreshing) void refreshWaiting();
}

async function refreshWaiting(): Promise<void> {
  refreshing = true;
  while (waiting.size > 0) {
    const keys = [...waiting.values()];
    waiting.clear();
    const pause = new Promise((resolve) => setTimeout(resolve, REFRESH_MS_MIN));
    await Promise.allSettled(keys.map((queryKey) => client && refresh(client, { queryKey })));
    await pause;
  }
  refreshing = false;
}

function asChange(data: string): StreamEvent | null {
  try {
    const value: unknown = JSON.parse(data);
    return typeof value === "object" && value !== null && "type" in value ? (value as StreamEvent) : null;
  } catch {
    return null;
  }
}
