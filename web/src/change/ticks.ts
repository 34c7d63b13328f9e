/** Which steps of a change were ticked off, and when; kept in this browser. */

const PREFIX = "muster.run.change.";

export type Part = "timeline" | "rollback";
/** When each step was ticked, by its part and place, such as `timeline 2`. */
export type Ticks = Record<string, string>;

export const tickOf = (part: Part, place: number) => `${part} ${place}`;

/** A change that is reworded has other steps, so its ticks are those of its revision. */
const keyOf = (number: number, revision: number) => `${PREFIX}${number}.${revision}`;

export function ticksOf(number: number, revision: number): Ticks {
  try {
    const ticks: unknown = JSON.parse(localStorage.getItem(keyOf(number, revision)) ?? "{}");
    return typeof ticks === "object" && ticks !== null ? (ticks as Ticks) : {};
  } catch {
    return {};
  }
}

export function keepTicks(number: number, revision: number, ticks: Ticks): void {
  localStorage.setItem(keyOf(number, revision), JSON.stringify(ticks));
}

/** The first step that is not ticked; the count where all are. */
export function currentOf(part: Part, count: number, ticks: Ticks): number {
  for (let place = 0; place < count; place += 1) {
    if (!ticks[tickOf(part, place)]) return place;
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
