/**
 * What a change is to its screens: its shape, where it stands in words, what comes
 * next, and what its reader may do. Pure; the server decides what is obeyed.
 */
import type { ChangeImpact, ChangeOutcome, ChangePlan, ChangeRecord, ChangeState } from "@/api/types";

export const STATES: ChangeState[] = [
  "draft",
  "submitted",
  "in_review",
  "approved",
  "scheduled",
  "in_progress",
  "rolling_back",
  "resolved",
  "monitored",
  "retro_review",
  "closed",
  "rejected",
  "cancelled",
  "expired",
];

/** `in_review` as `In review`. */
export function words(name: string): string {
  const text = name.replaceAll("_", " ");
  return text.charAt(0).toUpperCase() + text.slice(1);
}

export const IMPACT_WORDS: Record<ChangeImpact, string> = {
  none: "Nobody notices",
  internal: "Colleagues notice",
  customer: "Some customers notice",
  customer_wide: "All customers notice",
};

export const OUTCOME_WORDS: Record<ChangeOutcome, string> = {
  success: "Success, as it was meant",
  issues: "Done, with trouble",
  failed: "Failed, not done",
  rolled_back: "Rolled back",
};

/** `a`, `a and b`, `a, b and c`. */
export function listed(names: string[]): string {
  if (names.length < 2) return names.join("");
  return `${names.slice(0, -1).join(", ")} and ${names.at(-1)}`;
}

/** What is to happen now, and whose turn it is. */
export function nextInWords({ state, approvals, plan, decisions, submitter }: ChangeRecord): string {
  const technician = plan.technician ?? "Whoever does it";
  const open = approvals.filter((one) => one.state === "asked").flatMap(({ people }) => people);
  const asked = listed([...new Set(open)]) || "those who must agree";
  switch (state) {
    case "draft":
      return "Complete the plan, then submit it. Nobody is asked before that.";
    case "submitted":
    case "in_review":
      return `Waits for ${asked} to agree.`;
    case "approved":
      return "Everybody agrees, and something is in its way: move it, or say why it goes on all the same.";
    case "scheduled":
      return `Everybody agrees. ${technician} begins it when its time comes.`;
    case "in_progress":
      return `${technician} is doing it now.`;
    case "rolling_back":
      return "It is being taken back: follow the rollback, then say that it is finished.";
    case "resolved":
      return "Done. Look at how things are; after an hour without a word it counts as looked at.";
    case "monitored":
      return "Done and looked at. Close it, with what was learned.";
    case "retro_review":
      return `Done already. Waits for ${asked} to agree afterwards.`;
    case "rejected": {
      const no = decisions.findLast(({ approved }) => !approved);
      return `${no ? `${no.by} says: ${no.reason}. ` : ""}${submitter} mends the plan and submits it again.`;
    }
    case "closed":
      return "Nothing is left to do.";
    case "cancelled":
      return "It will not be done.";
    case "expired":
      return "Its time passed before it was begun. Clone it to plan it anew.";
  }
}

const AHEAD: ChangeState[] = ["submitted", "in_review", "approved", "scheduled"];
const UNDER_WAY: ChangeState[] = ["in_progress", "rolling_back"];

export const ACTIONS = [
  "submit",
  "start",
  "finish",
  "abort",
  "monitor",
  "close",
  "record",
  "cancel",
] as const;
export type ActionName = (typeof ACTIONS)[number];

export const isWrittenStill = (state: ChangeState) => state === "draft" || state === "rejected";
export const mayBeEdited = (state: ChangeState) => isWrittenStill(state) || AHEAD.includes(state);
export const isUnderWay = (state: ChangeState) => UNDER_WAY.includes(state);

/** What a party to the change may do, the likeliest first. */
export function actionsOf({ state, plan, yours }: ChangeRecord): ActionName[] {
  if (!yours) return [];
  const able: Record<ActionName, boolean> = {
    submit: isWrittenStill(state),
    start: state === "draft" || AHEAD.includes(state),
    finish: isUnderWay(state),
    abort: state === "in_progress",
    monitor: state === "resolved",
    close: state === "resolved" || state === "monitored",
    record: isWrittenStill(state) && plan.incident !== null,
    cancel: mayBeEdited(state),
  };
  return ACTIONS.filter((name) => able[name]);
}

/** The minutes of `T+01:10`; null where it is no such time. */
export function minutesOf(at: string): number | null {
  const found = /^T\s*([+-])\s*(\d{1,3}):([0-5]\d)$/i.exec(at.trim());
  if (!found) return null;
  const minutes = Number(found[2]) * 60 + Number(found[3]);
  return found[1] === "-" ? -minutes : minutes;
}

/** The instant of a step of something that began, or begins, then. */
export function instantAt(start: string, at: string): string | null {
  const minutes = minutesOf(at);
  return minutes === null ? null : new Date(Date.parse(start) + minutes * 60_000).toISOString();
}

/** A plan to begin another from: the same without its dates. */
export function cloned(plan: ChangePlan): ChangePlan {
  return { ...plan, start: null, end: null };
}
