/** Reads what the workbench answers: when pages would go out, and what a proposal changes. Pure. */
import type { PlannedPage, TrialSignal } from "@/api/types";

export type Aspect = "service" | "severity" | "decision" | "grouping" | "held" | "pages" | "warnings";

export interface Pair {
  now: TrialSignal | null;
  /** Null where the proposal makes no such signal, undefined where nothing is proposed. */
  proposed: TrialSignal | null | undefined;
  changed: Aspect[];
}

/** Signals belong together by what they are about; the order of a message is kept. */
export function pairs(now: TrialSignal[], proposed?: TrialSignal[]): Pair[] {
  if (!proposed) return now.map((signal) => ({ now: signal, proposed: undefined, changed: [] }));
  const left = [...proposed];
  const matched = now.map((signal): Pair => {
    const index = left.findIndex((other) => identity(other) === identity(signal));
    const [other] = index < 0 ? [] : left.splice(index, 1);
    return { now: signal, proposed: other ?? null, changed: other ? changes(signal, other) : [] };
  });
  return [...matched, ...left.map((signal): Pair => ({ now: null, proposed: signal, changed: [] }))];
}

/** How long after the signal a page goes out, in whole seconds. */
export function afterSeconds(signal: TrialSignal, page: PlannedPage): number {
  const said = signal.texts?.webhook.at;
  const start = typeof said === "string" ? said : (signal.pages[0]?.at ?? page.at);
  return Math.round((Date.parse(page.at) - Date.parse(start)) / 1000);
}

function identity(signal: TrialSignal): string {
  return JSON.stringify([signal.action, signal.dedup_key]);
}

function changes(now: TrialSignal, proposed: TrialSignal): Aspect[] {
  const aspects: Record<Aspect, (signal: TrialSignal) => unknown> = {
    service: (signal) => [signal.service, signal.routed_by],
    severity: (signal) => [signal.severity, signal.severity_by],
    decision: (signal) => signal.decision,
    grouping: (signal) => signal.grouping,
    held: (signal) => signal.not_paged,
    pages: (signal) =>
      signal.pages.map((page) => [afterSeconds(signal, page), page.step, page.round, page.user, page.method]),
    warnings: (signal) => signal.warnings,
  };
  return (Object.keys(aspects) as Aspect[]).filter(
    (aspect) => JSON.stringify(aspects[aspect](now)) !== JSON.stringify(aspects[aspect](proposed)),
  );
}
