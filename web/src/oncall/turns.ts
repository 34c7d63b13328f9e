/**
 * Lengths of turns and handoffs as people choose them, and as configuration writes
 * them: `2w`, `Mon 09:00`, `first Mon 09:00`. Pure.
 */

export const UNITS = [
  { unit: "mo", name: "months" },
  { unit: "w", name: "weeks" },
  { unit: "d", name: "days" },
  { unit: "h", name: "hours" },
  { unit: "m", name: "minutes" },
];

export const CAPITAL_DAYS = ["Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"];

export interface Length {
  count: string;
  unit: string;
}

const WORDS: Record<string, Length> = {
  hourly: { count: "1", unit: "h" },
  daily: { count: "1", unit: "d" },
  weekly: { count: "1", unit: "w" },
  monthly: { count: "1", unit: "mo" },
};

/** `2w` in its parts; null for what is made of several units, such as `1d12h`. */
export function lengthOf(written: string): Length | null {
  const known = WORDS[written.trim()];
  if (known) return known;
  const parts = /^\s*(\d*)\s*(mo|w|d|h|m)\s*$/.exec(written);
  return parts ? { count: parts[1] ?? "", unit: parts[2] ?? "" } : null;
}

export function writtenLength({ count, unit }: Length): string {
  return `${count}${unit}`;
}

/** `2w` as `2 weeks`. */
export function lengthInWords(written: string): string {
  const length = lengthOf(written);
  const unit = UNITS.find((each) => each.unit === length?.unit);
  if (!length || !unit) return written;
  return `${length.count} ${length.count === "1" ? unit.name.slice(0, -1) : unit.name}`;
}

export interface Handoff {
  /** Empty where the day follows from the rest, else `Mon`, `15`, `last` or `first Mon`. */
  day: string;
  at: string;
}

/** A handoff that is not written is at midnight. */
export function handoffOf(written: string): Handoff {
  const words = written.split(/\s+/).filter(Boolean);
  return { day: words.slice(0, -1).join(" "), at: words.at(-1) ?? "00:00" };
}

export function writtenHandoff({ day, at }: Handoff): string {
  return day ? `${day} ${at}` : at;
}

/** The days that turns of these lengths may change on, in groups; the first is the usual one. */
export function handoffDays(every: string[]): { group: string; days: { day: string; name: string }[] }[] {
  const units = new Set(every.map((written) => lengthOf(written)?.unit ?? ""));
  const plain = (days: string[]) => days.map((day) => ({ day, name: day }));
  const free = { group: "", days: [{ day: "", name: "the day of the start" }] };
  if (units.has("mo")) {
    const dates = Array.from({ length: 30 }, (_, index) => ({
      day: `${index + 1}`,
      name: `day ${index + 1}`,
    }));
    const nth = ["first", "second", "third", "fourth", "last"].flatMap((word) =>
      CAPITAL_DAYS.map((day) => ({ day: `${word} ${day}`, name: `the ${word} ${day}` })),
    );
    return [
      free,
      { group: "A day of the month", days: [...dates, { day: "last", name: "the last day" }] },
      { group: "A weekday of the month", days: nth },
    ];
  }
  const weekdays = { group: "", days: plain(CAPITAL_DAYS) };
  if (units.has("w")) return [weekdays];
  return [
    { group: "", days: [{ day: "", name: "as the turns fall" }] },
    { group: "Beginning on", days: plain(CAPITAL_DAYS) },
  ];
}

/** The handoff as it may be for turns of these lengths. */
export function fittingHandoff(handoff: string, every: string[]): string {
  const { day, at } = handoffOf(handoff);
  const days = handoffDays(every).flatMap((group) => group.days);
  if (days.some((each) => each.day === day)) return handoff;
  return writtenHandoff({ day: days[0]?.day ?? "", at });
}
