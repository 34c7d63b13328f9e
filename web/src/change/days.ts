/** What stands in the calendar of changes on each day of a zone. Pure. */
import type { ChangeCalendar, ChangeItem } from "@/api/types";
import { type Day, daysFrom, instantOf, wallClock } from "@/ui/zoned";

export type View = "month" | "week";

export interface Mark {
  kind: "freeze" | "window" | "gap" | "incident" | "change";
  /** Unique within its day. */
  key: string;
  from: number;
  to: number;
  title: string;
  /** What stands beside it. */
  more: string;
  /** The number of a change or an incident. */
  number: number | null;
  /** What is in the way of a change, in words; empty where nothing is. */
  clash: string;
}

export interface DayOfChanges extends Day {
  /** Whether it belongs to the month that is looked at. */
  isInside: boolean;
  marks: Mark[];
}

const DAY_MS = 24 * 3_600_000;
const ORDER: Mark["kind"][] = ["freeze", "gap", "incident", "change", "window"];

/** The days of a view that holds `at`: whole weeks from a Monday on, one or as many as a month touches. */
export function shown(view: View, at: number, zone: string): Day[] {
  const date = wallClock(at, zone).slice(0, 10);
  const first = view === "month" ? `${date.slice(0, 8)}01` : date;
  const noon = Date.parse(`${first}T12:00Z`);
  const monday = noon - ((new Date(noon).getUTCDay() + 6) % 7) * DAY_MS;
  const begin = instantOf(`${new Date(monday).toISOString().slice(0, 10)}T12:00`, zone);
  if (view === "week") return daysFrom(begin, zone, 7);
  const weeks = daysFrom(begin, zone, 42);
  const month = date.slice(0, 7);
  const last = weeks.findLastIndex((day) => day.date.startsWith(month));
  return weeks.slice(0, Math.ceil((last + 1) / 7) * 7);
}

/** The day from which the view before or after is reached. */
export function turned(view: View, date: string, by: 1 | -1): string {
  const noon = new Date(`${date}T12:00Z`);
  if (view === "week") noon.setUTCDate(noon.getUTCDate() + 7 * by);
  else noon.setUTCMonth(noon.getUTCMonth() + by, 1);
  return noon.toISOString().slice(0, 10);
}

/** What stands on each day. What is not over yet is known up to now, and not beyond. */
export function dayByDay(
  calendar: ChangeCalendar,
  days: Day[],
  month: string | null,
  now: number,
): DayOfChanges[] {
  const all = marks(calendar, now);
  return days.map((day) => ({
    ...day,
    isInside: month === null || day.date.startsWith(month),
    marks: all.filter(({ from, to }) => from < day.to && to > day.from),
  }));
}

/** Everything of a calendar that has a time, freezes first. */
function marks(calendar: ChangeCalendar, now: number): Mark[] {
  const end = Date.parse(calendar.to);
  const at = (instant: string | null) => (instant === null ? end : Date.parse(instant));
  // What began at this very moment is on a day, too.
  const soFar = (from: string) => Math.min(end, Math.max(now, Date.parse(from) + 1));
  const found: Mark[] = [
    ...calendar.freezes.map(
      (one): Mark => ({
        kind: "freeze",
        key: `freeze ${one.name}`,
        from: at(one.from),
        to: at(one.until),
        title: one.name,
        more: one.reason,
        number: null,
        clash: "",
      }),
    ),
    ...calendar.gaps.map(
      (one): Mark => ({
        kind: "gap",
        key: `gap ${one.service} ${one.from}`,
        from: at(one.from),
        to: at(one.to),
        title: `${one.service}: ${one.caught ? "only the catch-all is on call" : "nobody is on call"}`,
        more: "",
        number: null,
        clash: "",
      }),
    ),
    ...calendar.incidents.map(
      (one): Mark => ({
        kind: "incident",
        key: `incident ${one.number}`,
        from: at(one.from),
        to: one.to === null ? soFar(one.from) : at(one.to),
        title: one.title,
        more: `SEV${one.severity} · ${one.service}`,
        number: one.number,
        clash: "",
      }),
    ),
    ...calendar.changes.map(
      (one): Mark => ({
        kind: "change",
        key: `change ${one.number}`,
        from: at(one.start),
        to: at(one.end),
        title: one.title,
        more: [one.service, one.state.replaceAll("_", " "), one.technician].filter(Boolean).join(" · "),
        number: one.number,
        clash: clashOf(one, calendar.changes),
      }),
    ),
    ...calendar.windows.map(
      (one): Mark => ({
        kind: "window",
        key: `window ${one.name} ${one.from}`,
        from: at(one.from),
        to: at(one.to),
        title: one.name,
        more: "",
        number: null,
        clash: "",
      }),
    ),
  ];
  return found.sort((a, b) => ORDER.indexOf(a.kind) - ORDER.indexOf(b.kind) || a.from - b.from);
}

const AHEAD = ["submitted", "in_review", "approved", "scheduled", "in_progress", "rolling_back"];

/** Which other changes of the service are at the same time; both are still to be done or under way. */
function clashOf(one: ChangeItem, all: ChangeItem[]): string {
  const { start, end } = one;
  if (start === null || end === null || !AHEAD.includes(one.state)) return "";
  const [from, to] = [Date.parse(start), Date.parse(end)];
  const others = all.filter(
    (other) =>
      other.number !== one.number &&
      other.service === one.service &&
      AHEAD.includes(other.state) &&
      other.start !== null &&
      other.end !== null &&
      Date.parse(other.start) < to &&
      Date.parse(other.end) > from,
  );
  const named = others.map(({ number }) => `CHG-${number}`);
  if (named.length > 0) return `At the same time as ${named.join(", ")}`;
  return one.state === "approved" ? "Something is in its way" : "";
}

/** When something is on a day, as the clocks of the zone show it. */
export function clocks({ from, to }: Mark, day: Day, zone: string): string {
  if (from <= day.from && to >= day.to) return "all day";
  const clock = (at: number) => wallClock(at, zone).slice(11);
  return `${from <= day.from ? "00:00" : clock(from)} to ${to >= day.to ? "24:00" : clock(to)}`;
}
