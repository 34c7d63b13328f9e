/** What people write into a timeline: which entries those are, how they go on, and which are looked for. */
import type { TimelineEntry, TimelineKind } from "@/api/types";

const WRITTEN: TimelineKind[] = [
  "note",
  "decision",
  "contact",
  "evidence",
  "action_item",
  "hypothesis",
  "hypothesis_moved",
  "action",
  "action_moved",
];

export function isWritten(kind: TimelineKind): boolean {
  return WRITTEN.includes(kind);
}

export type HypothesisStep = "explore" | "abandon" | "confirm" | "reopen";
export type ActionStep = "begin" | "finish" | "undo" | "drop";

export type StepOf = { name: string; asks: string } & (
  | { of: "hypothesis"; step: HypothesisStep }
  | { of: "action"; step: ActionStep }
);

/** What can be done next, the likeliest first. */
export function stepsOf({ hypothesis, action }: TimelineEntry): StepOf[] {
  if (hypothesis) {
    const step = (step: HypothesisStep, name: string, asks = "What was found") =>
      ({ of: "hypothesis", step, name, asks }) as const;
    const ends = [step("confirm", "Confirm"), step("abandon", "Abandon")];
    switch (hypothesis.state) {
      case "open":
        return [step("explore", "Explore", "How (optional)"), ...ends];
      case "explored":
        return ends;
      default:
        return [step("reopen", "Take up again", "Why")];
    }
  }
  if (action) {
    const step = (step: ActionStep, name: string, asks = "What came of it") =>
      ({ of: "action", step, name, asks }) as const;
    const undo = action.irreversible ? [] : [step("undo", "Undone")];
    switch (action.state) {
      case "planned":
        return [step("begin", "Begin", "Anything to add (optional)"), step("drop", "Drop", "Why")];
      case "under_way":
        return [step("finish", "Done"), ...undo];
      case "done":
        return action.actual ? undo : [step("finish", "Say what came of it"), ...undo];
      default:
        return [];
    }
  }
  return [];
}

export const FILTERS = {
  everything: "Everything",
  written: "Written by people",
  pinned: "Pinned",
  decisions: "Decisions",
  hypotheses: "Hypotheses",
  changes: "Changes",
  evidence: "Evidence and contacts",
  action_items: "Action items",
} as const;

export type Filter = keyof typeof FILTERS;

export function isFilter(name: string): name is Filter {
  return name in FILTERS;
}

export function passes(filter: Filter, { kind, pinned }: TimelineEntry): boolean {
  switch (filter) {
    case "everything":
      return true;
    case "written":
      return isWritten(kind);
    case "pinned":
      return pinned;
    case "decisions":
      return kind === "decision";
    case "hypotheses":
      return kind === "hypothesis" || kind === "hypothesis_moved";
    case "changes":
      return kind === "action" || kind === "action_moved";
    case "evidence":
      return kind === "evidence" || kind === "contact";
    case "action_items":
      return kind === "action_item";
  }
}

/** The newest first, by when it happened with all corrections. */
export function newestFirst(entries: TimelineEntry[]): TimelineEntry[] {
  const at = ({ at, corrected }: TimelineEntry) => Date.parse(corrected?.at ?? at);
  return entries.toSorted((a, b) => at(b) - at(a) || b.seq - a.seq);
}
