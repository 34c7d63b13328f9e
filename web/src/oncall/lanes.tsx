/** A schedule drawn lane by lane: what counts, the overrides, the layers; and where nobody is. */
import type { Gap, SchedulePreview, Shift } from "@/api/types";
import { Tag } from "@/ui/block";
import { daysFrom, instantOf, wallClock } from "@/ui/zoned";
import { Balance } from "./balance";
import { type Bar, Lane, type Moves } from "./lane";
import type { Override } from "./rota";
import { placed, type Ruler, stepOf } from "./ruler";

const DAY_MS = 86_400_000;

/** A date needs this part of the width; nearer to the end it would be cut. */
const LABEL_ROOM = 0.05;

/** How many dates have room beside each other. */
const DATES_MAX = 7;

const NAMES: Record<string, string> = { final: "On call", overrides: "Overrides" };

/** Overrides of a draft that are planned on the lanes. */
export interface Planning {
  overrides: Override[];
  /** Those that the preview knows; what is moved is some moments ahead of it. */
  previewed: Override[];
  moves: Moves;
}

export function Lanes({
  preview,
  days: count,
  planning,
}: {
  preview: SchedulePreview;
  /** How many days are drawn, from the first one on. */
  days: number;
  planning: Planning;
}) {
  const { timezone } = preview;
  const from = Date.parse(preview.from);
  const to = Math.min(Date.parse(preview.to), from + count * DAY_MS);
  const final = preview.lanes.find(({ kind }) => kind === "final")?.shifts ?? [];
  const ruler: Ruler = {
    from,
    to,
    zone: timezone,
    stepHours: stepOf(count),
    edges: final.flatMap((shift) => [shift.from, shift.to].flatMap((at) => (at ? [Date.parse(at)] : []))),
  };
  const days = daysFrom(from, timezone, count + 1).filter((day) => day.from < to);
  return (
    <section
      // biome-ignore lint/a11y/noNoninteractiveTabindex: a scrolling region must be reachable by keyboard.
      tabIndex={0}
      aria-label="The weeks ahead, lane by lane"
      className="overflow-x-auto"
    >
      <div className="min-w-[44rem] py-2">
        <div className="relative ml-28 h-6 border-b text-12 text-muted" aria-hidden="true">
          {days.map((day, index) =>
            index % Math.ceil(count / DATES_MAX) === 0 && day.from < to - LABEL_ROOM * (to - from) ? (
              <span
                key={day.date}
                className="absolute pl-1 whitespace-nowrap"
                style={placed(ruler, { from: day.from, to })}
              >
                {day.date.slice(5)}
              </span>
            ) : null,
          )}
        </div>
        {preview.lanes.map((lane) => {
          const isOverrides = lane.kind === "overrides";
          const bars = barsOf(
            isOverrides ? lane.shifts.filter((shift) => !isOwn(shift, planning, timezone)) : lane.shifts,
            { from, to, timezone },
          );
          const own = isOverrides ? ownBars(planning.overrides, timezone) : [];
          return (
            <Lane
              key={`${lane.kind} ${lane.name}`}
              name={NAMES[lane.kind] ?? lane.name}
              ruler={ruler}
              rows={stacked([...bars, ...own].filter((bar) => bar.from < to && bar.to > from))}
              gaps={lane.kind === "final" ? preview.gaps.map((gap) => drawnGap(gap, timezone)) : []}
              moves={lane.kind === "layer" ? undefined : planning.moves}
            />
          );
        })}
      </div>
    </section>
  );
}

function drawnGap(gap: Gap, timezone: string) {
  return { from: Date.parse(gap.from), to: Date.parse(gap.to), title: `Nobody ${spell(gap, timezone)}` };
}

/** Shifts as bars. Several on one turn are one bar; who only goes along has none. */
export function barsOf(
  shifts: Shift[],
  { from, to, timezone }: { from: number; to: number; timezone: string },
): Bar[] {
  const turns: { from: number; to: number; users: string[] }[] = [];
  for (const shift of shifts.filter(({ shadow }) => shadow === null)) {
    const start = shift.from ? Date.parse(shift.from) : from;
    const end = shift.to ? Date.parse(shift.to) : to;
    const same = turns.find((turn) => turn.from === start && turn.to === end);
    if (same) same.users.push(shift.user);
    else turns.push({ users: [shift.user], from: start, to: end });
  }
  return turns.map((turn) => bar(turn, turn.users.join(" and "), timezone));
}

function bar(
  { from, to }: { from: number; to: number },
  words: string,
  zone: string,
  own: number | null = null,
): Bar {
  const span = { from: new Date(from).toISOString(), to: new Date(to).toISOString() };
  return { from, to, words, own, title: `${words} ${spell(span, zone)}` };
}

/** The overrides of the draft as bars that can be moved; what has no times yet has none. */
export function ownBars(overrides: Override[], zone: string): Bar[] {
  return overrides.flatMap((override, own) => {
    const isFinished = [override.from, override.to].every((wall) => !Number.isNaN(Date.parse(`${wall}Z`)));
    if (!isFinished || override.to <= override.from) return [];
    const [from, to] = [instantOf(override.from, zone), instantOf(override.to, zone)];
    const words = `${override.user || "somebody"}${override.insteadOf ? ` for ${override.insteadOf}` : ""}`;
    return [bar({ from, to }, words, zone, own)];
  });
}

/** Whether a shift of the preview is one of the draft's overrides, which is drawn from the draft itself. */
function isOwn({ user, from, to }: Shift, { previewed }: Planning, zone: string): boolean {
  const at = (instant: string | null) => (instant ? wallClock(Date.parse(instant), zone) : "");
  return previewed.some((one) => one.user === user && one.from === at(from) && one.to === at(to));
}

/** Bars in rows that do not overlap. */
export function stacked(bars: Bar[]): Bar[][] {
  const rows: Bar[][] = [];
  for (const bar of bars.toSorted((a, b) => a.from - b.from)) {
    const free = rows.find((row) => (row.at(-1)?.to ?? 0) <= bar.from);
    if (free) free.push(bar);
    else rows.push([bar]);
  }
  return rows;
}

/** What an edit does, in words. */
export function Consequences({ preview }: { preview: SchedulePreview }) {
  const { gaps, people, clock_changes: clocks, timezone } = preview;
  return (
    <div className="flex flex-col gap-2 border-t p-4">
      <p>
        <strong className="font-semibold">
          {preview.shifts_changed === 0 ? "No shift changes" : `${preview.shifts_changed} shifts change`}
        </strong>
        {`, ${gaps.length === 0 ? "no gap" : gaps.length === 1 ? "1 gap" : `${gaps.length} gaps`}`}.
      </p>
      <Balance people={people} />
      {gaps.length > 0 ? (
        <div>
          <p className="font-semibold">Nobody is on call</p>
          <ul className="list-disc pl-5">
            {gaps.slice(0, 5).map((gap) => (
              <li key={gap.from}>{spell(gap, timezone)}</li>
            ))}
            {gaps.length > 5 ? <li>and {gaps.length - 5} more times</li> : null}
          </ul>
        </div>
      ) : null}
      {clocks.map(({ at, timezone: where, offset_before_seconds: before, offset_after_seconds: after }) => (
        <p key={`${at} ${where}`} className="flex flex-wrap items-center gap-2">
          <Tag>{after > before ? "23" : "25"} hours</Tag>
          <span>
            The clocks go {after > before ? "forward" : "back"} on{" "}
            {wallClock(Date.parse(at), timezone).slice(0, 10)}; handoffs keep their local time.
          </span>
        </p>
      ))}
    </div>
  );
}

/** `2026-11-27 17:00 to 2026-11-29 17:00`, by the clocks of the schedule. */
export function spell({ from, to }: Gap, zone: string): string {
  const clock = (at: string) => wallClock(Date.parse(at), zone).replace("T", " ");
  return `${clock(from)} to ${clock(to)}`;
}
