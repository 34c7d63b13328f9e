/** A plan that is not saved yet, kept in the browser across reloads and lost connections. */
import type { ChangePlan, ChangeStep } from "@/api/types";

const PREFIX = "muster.draft.change.";

/** The plan as it is typed, and the revision that its writer began with. */
export interface PlanDraft {
  plan: ChangePlan;
  revision: number;
}

export const BLANK: ChangePlan = {
  title: "",
  service: "",
  class: "",
  technician: null,
  start: null,
  end: null,
  impact: null,
  confidence: null,
  incident: null,
  rollback_takes: null,
  timeline: [],
  rollback: [],
};

export const BLANK_STEP: ChangeStep = {
  at: "T+00:00",
  phase: "during",
  monitoring: false,
  text: "",
  command: "",
  hosts: [],
  environment: "production",
};

/** What is kept for a change, or for the new one under `new`. */
export function planDraftOf(name: string): PlanDraft | null {
  try {
    const draft: unknown = JSON.parse(localStorage.getItem(PREFIX + name) ?? "null");
    return isPlanDraft(draft) ? { ...draft, plan: { ...BLANK, ...draft.plan } } : null;
  } catch {
    return null;
  }
}

export function keepPlanDraft(name: string, draft: PlanDraft | null): void {
  if (draft) localStorage.setItem(PREFIX + name, JSON.stringify(draft));
  else localStorage.removeItem(PREFIX + name);
}

function isPlanDraft(value: unknown): value is PlanDraft {
  return (
    typeof value === "object" &&
    value !== null &&
    "plan" in value &&
    typeof value.plan === "object" &&
    value.plan !== null &&
    "revision" in value &&
    typeof value.revision === "number"
  );
}

/** A step to go on from the last: at its time, on its hosts. */
export function stepAfter(steps: ChangeStep[]): ChangeStep {
  const last = steps.at(-1);
  if (!last) return BLANK_STEP;
  const { at, phase, hosts, environment } = last;
  return { ...BLANK_STEP, at, phase, hosts, environment };
}

/** One step for each line of commands. */
export function stepsFrom(lines: string, steps: ChangeStep[]): ChangeStep[] {
  const like = stepAfter(steps);
  return lines
    .split("\n")
    .map((line) => line.trim())
    .filter(Boolean)
    .map((command) => ({ ...like, command }));
}

export function moved<T>(list: T[], from: number, to: number): T[] {
  const next = [...list];
  const [taken] = next.splice(from, 1);
  if (taken !== undefined) next.splice(to, 0, taken);
  return next;
}

/** `sw1, sw2` as names. */
export function namesIn(text: string): string[] {
  return text
    .split(/[,\n]/)
    .map((name) => name.trim())
    .filter(Boolean);
}
