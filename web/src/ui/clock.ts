/**
 * What time it is: the device's clock corrected by the server's, and one ticking
 * subscription that every age and countdown on the screen shares.
 */
import { useSyncExternalStore } from "react";

/** The `Date` header has whole seconds, so smaller differences say nothing. */
const SKEW_IGNORED_MS = 2_000;
const TICK_MS = 1_000;

let skewMs = 0;
let current = Date.now();
let timer: ReturnType<typeof setInterval> | undefined;
const listeners = new Set<() => void>();

export function noteServerTime(header: string | null): void {
  const server = header ? Date.parse(header) : Number.NaN;
  if (Number.isNaN(server)) return;
  const difference = server - Date.now();
  skewMs = Math.abs(difference) > SKEW_IGNORED_MS ? difference : 0;
}

export function nowMs(): number {
  return Date.now() + skewMs;
}

/**
 * What `read` makes of the present, renewed each second. The component renders
 * again only when the outcome changes, so thousands of ages cost little.
 */
export function useTicking<T extends string | number>(read: (now: number) => T): T {
  return useSyncExternalStore(subscribe, () => read(current));
}

function subscribe(listener: () => void): () => void {
  listeners.add(listener);
  if (!timer) {
    current = nowMs();
    timer = setInterval(tick, TICK_MS);
  }
  return () => {
    listeners.delete(listener);
    if (listeners.size > 0) return;
    clearInterval(timer);
    timer = undefined;
  };
}

function tick(): void {
  current = nowMs();
  for (const listener of listeners) listener();
}
