/**
 * Wall clocks of a zone and instants. Pure, for what a person types and for days
 * that the clocks make longer or shorter; who is on call when, the server says.
 */

const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;

export interface Day {
  /** `2026-03-29`, on that zone's calendar. */
  date: string;
  from: number;
  to: number;
  hours: number;
}

/** The instant of a wall clock such as `2026-03-29T02:30`; one that the clocks skip means the time after. */
export function instantOf(wall: string, zone: string): number {
  const asUtc = Date.parse(`${wall}Z`);
  const guess = asUtc - offsetMs(asUtc, zone);
  const exact = asUtc - offsetMs(guess, zone);
  return wallClock(exact, zone) === wall.slice(0, 16) ? exact : Math.max(guess, exact);
}

/** `2026-03-29T02:30` as the clocks of the zone show it; the value of a `datetime-local` field. */
export function wallClock(at: number, zone: string): string {
  return new Date(at + offsetMs(at, zone)).toISOString().slice(0, 16);
}

/** The calendar days of a zone, from the one that holds `at`. */
export function daysFrom(at: number, zone: string, count: number): Day[] {
  const first = Date.parse(`${wallClock(at, zone).slice(0, 10)}T12:00Z`);
  return Array.from({ length: count }, (_, index) => {
    const date = new Date(first + index * 24 * HOUR_MS).toISOString().slice(0, 10);
    const next = new Date(first + (index + 1) * 24 * HOUR_MS).toISOString().slice(0, 10);
    const from = instantOf(`${date}T00:00`, zone);
    const to = instantOf(`${next}T00:00`, zone);
    return { date, from, to, hours: (to - from) / HOUR_MS };
  });
}

/** How far the zone's clocks are ahead of UTC at an instant. */
function offsetMs(at: number, zone: string): number {
  const parts = formatter(zone).formatToParts(at);
  const part = (type: string) => Number(parts.find((each) => each.type === type)?.value);
  const shown = Date.UTC(part("year"), part("month") - 1, part("day"), part("hour"), part("minute"));
  return shown - Math.floor(at / MINUTE_MS) * MINUTE_MS;
}

const formatters = new Map<string, Intl.DateTimeFormat>();

function formatter(zone: string): Intl.DateTimeFormat {
  const known = formatters.get(zone);
  if (known) return known;
  const made = new Intl.DateTimeFormat("en-GB", {
    timeZone: zone,
    hourCycle: "h23",
    year: "numeric",
    month: "numeric",
    day: "numeric",
    hour: "numeric",
    minute: "numeric",
  });
  formatters.set(zone, made);
  return made;
}
