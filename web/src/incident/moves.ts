/**
 * Which moves an incident offers, in the order a responder needs them. A pure
 * reading of its state for the screen; the server decides again and may refuse.
 */
import type { Incident } from "@/api/types";

export type Move =
  | "acknowledge"
  | "unacknowledge"
  | "escalate"
  | "snooze"
  | "unsnooze"
  | "page"
  | "engage"
  | "help"
  | "check-in"
  | "helpers"
  | "assign"
  | "research"
  | "identify"
  | "restore"
  | "resolve"
  | "severity"
  | "merge"
  | "restrict"
  | "reopen"
  | "close";

export const MOVE_WORD: Record<Move, string> = {
  acknowledge: "Acknowledge",
  unacknowledge: "Take back acknowledgement",
  escalate: "Escalate",
  snooze: "Snooze",
  unsnooze: "End snooze",
  page: "Add person",
  engage: "Engage group",
  help: "Ask for help",
  "check-in": "I am here",
  helpers: "I can help",
  assign: "Assign",
  research: "Start research",
  identify: "Cause identified",
  restore: "Service restored",
  resolve: "Resolve",
  severity: "Change severity",
  merge: "Merge",
  restrict: "Restrict",
  reopen: "Reopen",
  close: "Close",
};

export function isOpen(incident: Pick<Incident, "status">): boolean {
  return incident.status !== "resolved" && incident.status !== "closed";
}

type Known = Pick<Incident, "status" | "snoozed_until" | "merged_into" | "restricted">;

/**
 * The first is the one under the thumb; the next few have buttons; the rest are in the menu.
 * Whoever is asked to come, though somebody has it, says first that they are here.
 */
export function moves(incident: Known, isAwaited = false): Move[] {
  const offered = movesOf(incident);
  if (!isAwaited || offered[0] === "acknowledge" || !offered.includes("check-in")) return offered;
  return ["check-in", ...offered.filter((move) => move !== "check-in")];
}

function movesOf(incident: Known): Move[] {
  if (incident.merged_into !== null) return [];
  const rest: Move[] = incident.restricted ? [] : ["restrict"];
  return [...ofStatus(incident), ...rest];
}

function ofStatus(incident: Pick<Incident, "status" | "snoozed_until">): Move[] {
  const snooze: Move = incident.snoozed_until ? "unsnooze" : "snooze";
  const always: Move[] = ["help", "check-in", "helpers", "page", "engage", "assign", "severity", "merge"];
  switch (incident.status) {
    case "triggered":
      return ["acknowledge", "escalate", snooze, "resolve", "research", ...always];
    case "acknowledged":
      return [
        "resolve",
        "escalate",
        "help",
        "research",
        "check-in",
        "helpers",
        "page",
        "engage",
        "identify",
        "restore",
        snooze,
        "unacknowledge",
        "assign",
        "severity",
        "merge",
      ];
    case "researching":
      return [
        "identify",
        "escalate",
        "help",
        "restore",
        "resolve",
        "check-in",
        "helpers",
        "page",
        "engage",
        snooze,
        "assign",
        "severity",
        "merge",
      ];
    case "identified":
      return [
        "restore",
        "escalate",
        "help",
        "resolve",
        "check-in",
        "helpers",
        "page",
        "engage",
        snooze,
        "assign",
        "severity",
        "merge",
      ];
    case "restored":
      return [
        "resolve",
        "reopen",
        "page",
        "engage",
        "escalate",
        "help",
        "check-in",
        "helpers",
        "assign",
        "severity",
        "merge",
      ];
    case "resolved":
      return ["close", "reopen"];
    case "closed":
      return ["reopen"];
  }
}

/** Moves that act at once, without asking anything first. */
export function isImmediate(move: Move): boolean {
  return [
    "acknowledge",
    "unacknowledge",
    "unsnooze",
    "research",
    "restore",
    "close",
    "check-in",
    "helpers",
  ].includes(move);
}
