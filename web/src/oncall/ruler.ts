/**
 * The axis of the lanes: where an instant stands, and which instant somebody means who
 * points at it. What is meant is a shift's edge where one is near, else a full hour of
 * the schedule's clocks. Pure.
 */
import { instantOf, wallClock } from "@/ui/zoned";

export const HOUR_MS = 3_600_000;

export interface Ruler {
  from: number;
  to: number;
  zone: string;
  /** Full hours that are multiples of this are meant. */
  stepHours: number;
  /** Where shifts begin and end. */
  edges: number[];
}

/** What of an override somebody has hold of. */
export type Part = "whole" | "from" | "to";

export interface Stretch {
  from: number;
  to: number;
}

/** The hours that a pointer can tell apart where so many days are drawn. */
export function stepOf(days: number): number {
  return days <= 7 ? 1 : days <= 14 ? 3 : 6;
}

/** A stretch as parts of the axis, in percent; what reaches beyond is cut. */
export function placed({ from, to }: Ruler, stretch: Stretch): { insetInlineStart: string; width: string } {
  const begin = Math.min(Math.max(stretch.from, from), to);
  const end = Math.max(Math.min(stretch.to, to), begin);
  const percent = (length: number) => `${(100 * length) / (to - from)}%`;
  return { insetInlineStart: percent(begin - from), width: percent(end - begin) };
}

/** The instant that is meant by a place on the axis, from 0 to 1. */
export function meant(ruler: Ruler, place: number): number {
  const { from, to } = ruler;
  return snapped(ruler, from + Math.min(Math.max(place, 0), 1) * (to - from));
}

/** What a stretch becomes when a part of it is dragged so far, in parts of the axis. */
export function dragged(ruler: Ruler, stretch: Stretch, part: Part, by: number): Stretch {
  const { from, to } = stretch;
  const far = by * (ruler.to - ruler.from);
  const shortest = ruler.stepHours * HOUR_MS;
  switch (part) {
    case "from":
      return { from: Math.min(snapped(ruler, from + far), to - shortest), to };
    case "to":
      return { from, to: Math.max(snapped(ruler, to + far), from + shortest) };
    case "whole": {
      const begin = snapped(ruler, from + far);
      return { from: begin, to: begin + (to - from) };
    }
  }
}

function snapped({ zone, stepHours, edges }: Ruler, at: number): number {
  const step = stepHours * HOUR_MS;
  const [near] = edges
    .filter((edge) => Math.abs(edge - at) <= step / 2)
    .sort((a, b) => Math.abs(a - at) - Math.abs(b - at));
  if (near !== undefined) return near;
  const wall = Date.parse(`${wallClock(at, zone)}Z`);
  return instantOf(new Date(Math.round(wall / step) * step).toISOString().slice(0, 16), zone);
}
