/** What the audit of changes asks and says: its weeks, shares in words, and which changes a figure is of. */
import type { AuditedChange } from "@/api/types";

const DAY_MS = 86_400_000;
export const SPANS = [4, 8, 26, 52];
export const WEEKS_USUAL = 8;

/** What a figure leads to. */
export const ONLY = {
  notice: "announced too late",
  told: "whose customers were not told",
  schedule: "not on time",
  emergent: "emergent",
  doubted: "excused by a sev2 that may be doubted",
  caused: "that caused an incident",
} as const;
export type Only = keyof typeof ONLY;

export function onlyOf(name: string | undefined): Only | undefined {
  return (Object.keys(ONLY) as Only[]).find((one) => one === name);
}

/** Whether a change is one of those that a figure counts against a team. */
export function counts(change: AuditedChange, only: Only | undefined): boolean {
  switch (only) {
    case "notice":
      return change.notice === "no";
    case "told":
      return change.customers_told === "no";
    case "schedule":
      return change.schedule === "no";
    case "emergent":
      return change.emergent;
    case "doubted":
      return (change.excuse?.doubts.length ?? 0) > 0;
    case "caused":
      return change.caused.length > 0;
    default:
      return true;
  }
}

/** From so many weeks ago; to the hour, so that moving about asks no new question. */
export function periodOf(weeks: number, now: number): { from: string; to: string } {
  const to = Math.ceil(now / 3_600_000) * 3_600_000;
  return { from: new Date(to - weeks * 7 * DAY_MS).toISOString(), to: new Date(to).toISOString() };
}

/** `3 of 4`, or a dash where nothing was asked. */
export function share({ asked, kept }: { asked: number; kept: number }): string {
  return asked === 0 ? "–" : `${kept} of ${asked}`;
}

/** The points of a plan of so many changes, on average, to one place; a dash where there are none. */
export function average(points: number, changes: number): string {
  return changes === 0 ? "–" : (points / changes).toFixed(1);
}
