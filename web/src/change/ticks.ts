/** Which steps of a change were done, by whom, and how late; the record keeps them. Pure. */
import type { ChangeRun, ChangeTick } from "@/api/types";

/** The tick of a step, which is counted from 0 here and from 1 in the record. */
export function tickAt(ticks: ChangeTick[], run: ChangeRun, place: number): ChangeTick | undefined {
  return ticks.find((tick) => tick.run === run && tick.step === place + 1);
}

/** The first step that is not ticked; the count where all are. */
export function currentOf(run: ChangeRun, count: number, ticks: ChangeTick[]): number {
  for (let place = 0; place < count; place += 1) {
    if (!tickAt(ticks, run, place)) return place;
  }
  return count;
}

/** `on time`, `3 m late`, `5 m early`: what was against what was planned. */
export function drift(planned: string, actual: number): string {
  const minutes = Math.round((actual - Date.parse(planned)) / 60_000);
  if (minutes === 0) return "on time";
  const length = Math.abs(minutes) < 60 ? `${Math.abs(minutes)} m` : hours(Math.abs(minutes));
  return minutes > 0 ? `${length} late` : `${length} early`;
}

function hours(minutes: number): string {
  return `${Math.floor(minutes / 60)} h ${String(minutes % 60).padStart(2, "0")} m`;
}
