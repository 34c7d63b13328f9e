/**
 * Severity and state as shapes. Severity has the only hue on the screen and
 * always its number and word; state is fill, outline and word, never a colour.
 */
import clsx from "clsx";
import type { ReactNode } from "react";
import type { IncidentStatus } from "@/api/types";
import { initials } from "./format";
import { severityName } from "./severity";

type Size = "sm" | "md" | "lg";

const SIZE: Record<Size, string> = { sm: "size-4", md: "size-5", lg: "size-8" };

export function SeverityGlyph({ level, size = "md" }: { level: number; size?: Size }) {
  return (
    <svg viewBox="0 0 24 24" className={clsx("sev-glyph shrink-0", SIZE[size])} aria-hidden="true">
      {severityShape(level)}
      <text
        x="12"
        y={level === 2 ? 18.5 : 16.8}
        textAnchor="middle"
        fontSize={level === 2 ? 12 : 13.5}
        fontWeight="700"
        fill={`var(--sev${Math.min(level, 4)}-on)`}
      >
        {level}
      </text>
    </svg>
  );
}

function severityShape(level: number): ReactNode {
  switch (level) {
    case 1:
      return <path d="M7.4 1h9.2L23 7.4v9.2L16.6 23H7.4L1 16.6V7.4z" fill="var(--sev1)" />;
    case 2:
      return (
        <path
          d="M12 2 23.2 21.8H.8z"
          fill="var(--sev2)"
          stroke="var(--sev2-edge)"
          strokeWidth="1.4"
          strokeLinejoin="round"
        />
      );
    case 3:
      return <rect x="2" y="2" width="20" height="20" rx="2.5" fill="var(--sev3)" />;
    default:
      return <circle cx="12" cy="12" r="10" fill="none" stroke="var(--sev4-edge)" strokeWidth="2" />;
  }
}

/** Glyph and word; the word can be left to assistive technology where space is short. */
export function Severity({
  level,
  name = severityName(level),
  size,
  wordHidden = false,
}: {
  level: number;
  name?: string;
  size?: Size;
  wordHidden?: boolean;
}) {
  return (
    <span className="inline-flex items-center gap-1.5" title={`Severity ${level}: ${name}`}>
      <SeverityGlyph level={level} size={size} />
      <span className={wordHidden ? "sr-only" : undefined}>
        <span className="sr-only">Severity {level}: </span>
        {name}
      </span>
    </span>
  );
}

export type GlyphState = IncidentStatus | "snoozed" | "suppressed" | "open";

export function StateGlyph({ state, who }: { state: GlyphState; who?: string | null }) {
  return (
    <svg viewBox="0 0 20 20" className="size-5 shrink-0" aria-hidden="true">
      {stateShape(state, who)}
    </svg>
  );
}

function stateShape(state: GlyphState, who: string | null | undefined): ReactNode {
  const ring = <circle cx="10" cy="10" r="8" fill="none" stroke="currentColor" strokeWidth="1.8" />;
  switch (state) {
    case "triggered":
    case "open":
      return <circle cx="10" cy="10" r="8.5" fill="currentColor" />;
    case "acknowledged":
      return (
        <>
          {ring}
          {who ? (
            <text x="10" y="13" textAnchor="middle" fontSize="8" fontWeight="700" fill="currentColor">
              {initials(who)}
            </text>
          ) : null}
        </>
      );
    case "researching":
      return (
        <>
          {ring}
          <circle cx="10" cy="10" r="2.5" fill="currentColor" />
        </>
      );
    case "identified":
      return (
        <>
          {ring}
          <circle cx="10" cy="10" r="4.8" fill="currentColor" />
        </>
      );
    case "restored":
      return (
        <>
          {ring}
          <path d="M10 2a8 8 0 0 0 0 16z" fill="currentColor" />
        </>
      );
    case "snoozed":
      return (
        <>
          {ring}
          <path
            d="M7 7h6l-6 6h6"
            fill="none"
            stroke="currentColor"
            strokeWidth="1.8"
            strokeLinejoin="round"
          />
        </>
      );
    case "suppressed":
      return (
        <circle
          cx="10"
          cy="10"
          r="8"
          fill="none"
          stroke="currentColor"
          strokeWidth="1.8"
          strokeDasharray="3.2 2.4"
        />
      );
    case "resolved":
      return <path d="m4 10.5 4 4 8-9" fill="none" stroke="currentColor" strokeWidth="2" />;
    case "closed":
      return (
        <>
          <rect
            x="2.5"
            y="2.5"
            width="15"
            height="15"
            rx="2"
            fill="none"
            stroke="currentColor"
            strokeWidth="1.5"
          />
          <path d="m5.5 10.3 3 3 6-6.6" fill="none" stroke="currentColor" strokeWidth="1.8" />
        </>
      );
  }
}

export function State({ state, who }: { state: GlyphState; who?: string | null }) {
  const quiet = state === "resolved" || state === "closed" || state === "suppressed";
  return (
    <span
      className={clsx(
        "inline-flex items-center gap-1.5 whitespace-nowrap",
        quiet ? "text-muted" : state === "triggered" ? "font-semibold" : undefined,
      )}
    >
      <StateGlyph state={state} who={who} />
      <span>
        {STATE_WORD[state]}
        {state === "acknowledged" && who ? <span className="sr-only"> by {who}</span> : null}
      </span>
    </span>
  );
}

export const STATE_WORD: Record<GlyphState, string> = {
  triggered: "Triggered",
  acknowledged: "Acknowledged",
  researching: "Researching",
  identified: "Identified",
  restored: "Restored",
  resolved: "Resolved",
  closed: "Closed",
  snoozed: "Snoozed",
  suppressed: "Suppressed",
  open: "Open",
};

/** The teal check of success, never without its glyph. */
export function OkGlyph({ className = "size-4" }: { className?: string }) {
  return (
    <svg viewBox="0 0 16 16" className={clsx("shrink-0", className)} aria-hidden="true">
      <path d="m2.5 8.5 3.7 3.7 7.3-8.4" fill="none" stroke="var(--ok)" strokeWidth="2.2" />
    </svg>
  );
}
