/** Says whether what is on the screen is current: "live", or since when it is not. */
import { useSyncExternalStore } from "react";
import { nowMs } from "@/ui/clock";
import { clockTime } from "@/ui/format";
import { useZone } from "@/ui/time";
import { currentHealth, onHealth } from "./stream";

export function useHealth() {
  return useSyncExternalStore(onHealth, currentHealth);
}

export function LiveBadge() {
  const health = useHealth();
  const zone = useZone();
  const stale = health.state === "stale";
  const text =
    health.state === "live"
      ? "live"
      : health.state === "stale"
        ? `stale since ${clockTime(new Date(health.since).toISOString(), zone, nowMs())}`
        : "connecting";
  return (
    <span
      role="status"
      className={
        stale
          ? "inline-flex items-center gap-1.5 rounded-sm border border-dashed border-text px-1.5 text-12 font-semibold text-text"
          : "inline-flex items-center gap-1.5 text-12 text-muted"
      }
    >
      <svg viewBox="0 0 12 12" className="size-2.5" aria-hidden="true">
        {health.state === "live" ? (
          <circle cx="6" cy="6" r="4" fill="currentColor" />
        ) : (
          <circle
            cx="6"
            cy="6"
            r="4"
            fill="none"
            stroke="currentColor"
            strokeWidth="2"
            strokeDasharray="3 2"
          />
        )}
      </svg>
      {text}
    </span>
  );
}
