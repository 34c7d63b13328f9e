/**
 * Instants and lengths on the screen: local time with its zone, the age beside
 * it, UTC in the title and, where it can take focus, on focus.
 */
import clsx from "clsx";
import { createContext, use, useMemo } from "react";
import { nowMs, useTicking } from "./clock";
import { clockTime, countdown, duration, relative, utc } from "./format";

const HOUR_MS = 3_600_000;

/** The signed-in person's own zone; the browser's until that is known. */
export const ZoneContext = createContext(Intl.DateTimeFormat().resolvedOptions().timeZone);

export function useZone(): string {
  return use(ZoneContext);
}

interface TimeProps {
  at: string;
  /** Which half to show; both by default. */
  show?: "both" | "clock" | "age";
  /** Reachable by keyboard, for places that are not rows of a list. */
  focusable?: boolean;
  className?: string;
}

export function Time({ at, show = "both", focusable = false, className }: TimeProps) {
  const zone = useZone();
  const age = useTicking((now) => relative(at, now));
  const hour = useTicking((now) => Math.floor(now / HOUR_MS));
  // The hour is here because the day is left out only for as long as it is today.
  // biome-ignore lint/correctness/useExhaustiveDependencies: it is a reason to look again, not an input.
  const clock = useMemo(() => clockTime(at, zone, nowMs()), [at, zone, hour]);
  return (
    <time
      dateTime={at}
      title={show === "age" ? `${clock} · ${utc(at)}` : utc(at)}
      className={clsx(focusable && "utc-tip rounded-sm", className)}
      tabIndex={focusable ? 0 : undefined}
    >
      {show === "age" ? null : <span className="whitespace-nowrap">{clock}</span>}
      {show === "both" ? " · " : null}
      {show === "clock" ? null : <span className="whitespace-nowrap">{age}</span>}
    </time>
  );
}

/** Counts down to an instant; says so when it has passed. */
export function Countdown({ to, passed = "now" }: { to: string; passed?: string }) {
  const text = useTicking((now) => {
    const seconds = (Date.parse(to) - now) / 1000;
    return seconds > 0 ? countdown(seconds) : passed;
  });
  return (
    <span role="timer" className="font-semibold whitespace-nowrap">
      {text}
    </span>
  );
}

/** How long something has lasted, up to now or to its end. */
export function Elapsed({ from, to }: { from: string; to?: string | null }) {
  return useTicking((now) => duration(((to ? Date.parse(to) : now) - Date.parse(from)) / 1000));
}
