/** A schedule drawn lane by lane: what counts, the overrides, the layers; and where nobody is. */
import type { Gap, SchedulePreview, Shift } from "@/api/types";
import { Tag } from "@/ui/block";
import { daysFrom, wallClock } from "@/ui/zoned";

/** A date needs this part of the width; nearer to the end it would be cut. */
const LABEL_ROOM = 0.05;

const ROW_REM = 2;

const NAMES: Record<string, string> = { final: "On call", overrides: "Overrides" };

export function Lanes({ preview }: { preview: SchedulePreview }) {
  const { timezone } = preview;
  const lanes = preview.lanes.filter(({ kind, shifts }) => kind !== "overrides" || shifts.length > 0);
  const from = Date.parse(preview.from);
  const to = Date.parse(preview.to);
  const days = daysFrom(from, timezone, Math.ceil((to - from) / 86_400_000) + 1).filter(
    (day) => day.from < to,
  );
  const place = (start: number, end: number) => ({
    insetInlineStart: `${(100 * (Math.max(start, from) - from)) / (to - from)}%`,
    width: `${(100 * (Math.min(end, to) - Math.max(start, from))) / (to - from)}%`,
  });
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
            index % 7 === 0 && day.from < to - LABEL_ROOM * (to - from) ? (
              <span key={day.date} className="absolute pl-1" style={place(day.from, to)}>
                {day.date.slice(5)}
              </span>
            ) : null,
          )}
        </div>
        {lanes.map((lane) => {
          const rows = stacked(lane.shifts, from, to);
          return (
            <div
              key={`${lane.kind} ${lane.name}`}
              className="flex items-center border-b py-1.5 last:border-b-0"
            >
              <p className="w-28 shrink-0 truncate px-2 text-13 font-medium">
                {NAMES[lane.kind] ?? lane.name}
              </p>
              <ul className="relative flex-1" style={{ height: `${ROW_REM * Math.max(1, rows.length)}rem` }}>
                {lane.kind === "final"
                  ? preview.gaps.map((gap) => (
                      <li
                        key={gap.from}
                        className="lane-gap absolute inset-y-0 rounded-sm"
                        style={place(Date.parse(gap.from), Date.parse(gap.to))}
                        title={`Nobody ${spell(gap, timezone)}`}
                      >
                        <span className="sr-only">Nobody {spell(gap, timezone)}</span>
                      </li>
                    ))
                  : null}
                {rows.flatMap((bars, row) =>
                  bars.map((bar) => {
                    const span = {
                      from: new Date(bar.from).toISOString(),
                      to: new Date(bar.to).toISOString(),
                    };
                    const names = bar.users.join(" and ");
                    return (
                      <li
                        key={`${bar.from} ${names}`}
                        className="absolute h-8 overflow-hidden rounded-sm border border-edge bg-raised px-1 text-12 leading-8 text-ellipsis whitespace-nowrap"
                        style={{ ...place(bar.from, bar.to), top: `${ROW_REM * row}rem` }}
                        title={`${names} ${spell(span, timezone)}`}
                      >
                        {names}
                      </li>
                    );
                  }),
                )}
              </ul>
            </div>
          );
        })}
      </div>
    </section>
  );
}

interface Bar {
  users: string[];
  from: number;
  to: number;
}

/**
 * The shifts of a lane in rows that do not overlap. Several on one turn are one bar;
 * who only goes along has none.
 */
export function stacked(shifts: Shift[], from: number, to: number): Bar[][] {
  const bars: Bar[] = [];
  for (const shift of shifts.filter(({ shadow }) => shadow === null)) {
    const start = shift.from ? Date.parse(shift.from) : from;
    const end = shift.to ? Date.parse(shift.to) : to;
    const same = bars.find((bar) => bar.from === start && bar.to === end);
    if (same) same.users.push(shift.user);
    else bars.push({ users: [shift.user], from: start, to: end });
  }
  const rows: Bar[][] = [];
  for (const bar of bars.sort((a, b) => a.from - b.from)) {
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
        {`, ${gaps.length === 0 ? "no gap" : gaps.length === 1 ? "1 gap" : `${gaps.length} gaps`}`}
        {people.map(({ user, before_seconds, after_seconds }) => (
          <span key={user}>
            {", "}
            {user} {signed((after_seconds - before_seconds) / 3_600)} h
          </span>
        ))}
        .
      </p>
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

function signed(hours: number): string {
  const rounded = Math.round(hours * 10) / 10;
  return rounded > 0 ? `+${rounded}` : `−${Math.abs(rounded)}`;
}
