/** Who is on call on each calendar day of a schedule's zone, and where nobody is. Pure. */
import type { Shift } from "@/api/types";
import { type Day, daysFrom } from "@/ui/zoned";

export interface Part {
  /** Null is a gap. */
  user: string | null;
  layer: string | null;
  /** On whose shift they only go along. */
  shadow: string | null;
  /** Whose shift it is while a trainee has it. */
  mentor: string | null;
  /** How many minutes longer the whole shift is than its local times say. */
  longerBy: number;
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
    const { user, layer, shadow, mentor, longer_by_minutes: longerBy } = shift;
    return from < to ? [{ user, layer, shadow, mentor, longerBy, from, to }] : [];
  });
  // Whoever only goes along covers nothing.
  const onCall = parts.filter(({ shadow }) => shadow === null);
  return [...parts, ...gaps(day, onCall)].sort((a, b) => a.from - b.from);
}

function gaps(day: Day, parts: Part[]): Part[] {
  const found: Part[] = [];
  let covered = day.from;
  for (const { from, to } of [...parts].sort((a, b) => a.from - b.from)) {
    if (from > covered) found.push(gap(covered, from));
    covered = Math.max(covered, to);
  }
  if (covered < day.to) found.push(gap(covered, day.to));
  return found;
}

function gap(from: number, to: number): Part {
  return { user: null, layer: null, shadow: null, mentor: null, longerBy: 0, from, to };
}
