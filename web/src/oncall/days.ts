/** Who is on call on each calendar day of a schedule's zone, and where nobody is. Pure. */
import type { Shift } from "@/api/types";
import { type Day, daysFrom } from "@/ui/zoned";

export interface Part {
  /** Null is a gap. */
  user: string | null;
  layer: string | null;
  from: number;
  to: number;
}

export interface DayOnCall extends Day {
  parts: Part[];
}

export function dayByDay(shifts: Shift[], at: number, zone: string, count: number): DayOnCall[] {
  return daysFrom(at, zone, count).map((day) => ({ ...day, parts: partsOf(day, shifts) }));
}

function partsOf(day: Day, shifts: Shift[]): Part[] {
  const parts = shifts.flatMap((shift): Part[] => {
    const from = Math.max(day.from, shift.from ? Date.parse(shift.from) : day.from);
    const to = Math.min(day.to, shift.to ? Date.parse(shift.to) : day.to);
    return from < to ? [{ user: shift.user, layer: shift.layer, from, to }] : [];
  });
  return [...parts, ...gaps(day, parts)].sort((a, b) => a.from - b.from);
}

function gaps(day: Day, parts: Part[]): Part[] {
  const found: Part[] = [];
  let covered = day.from;
  for (const { from, to } of [...parts].sort((a, b) => a.from - b.from)) {
    if (from > covered) found.push({ user: null, layer: null, from: covered, to: from });
    covered = Math.max(covered, to);
  }
  if (covered < day.to) found.push({ user: null, layer: null, from: covered, to: day.to });
  return found;
}
