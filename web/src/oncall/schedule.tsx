/** One schedule: who has it on each of the next days, by the clocks of its own zone. */
import { useQuery } from "@tanstack/react-query";
import { getRouteApi } from "@tanstack/react-router";
import { useState } from "react";
import * as queries from "@/api/queries";
import type { Schedule } from "@/api/types";
import { Panel, ScreenHead, Shown, Tag } from "@/ui/block";
import { nowMs } from "@/ui/clock";
import { daysFrom, wallClock } from "@/ui/zoned";
import { type DayOnCall, dayByDay, type Part } from "./days";
import { EditLink } from "./edit-link";
import { About, ClockChanges } from "./schedule-about";

const route = getRouteApi("/schedules/$name");
const DAYS = 14;

export default function ScheduleScreen() {
  const { name } = route.useParams();
  const schedule = useQuery(queries.schedule(name));
  return (
    <Shown read={schedule} what="the schedule">
      {(data) => (
        <>
          <ScreenHead title={data.name}>
            <EditLink to="/schedules/$name/edit" name={data.name} />
          </ScreenHead>
          <div className="grid items-start gap-4 lg:grid-cols-[minmax(0,1fr)_22rem]">
            <Shifts key={data.name} schedule={data} />
            <div className="flex flex-col gap-4">
              <ClockChanges changes={data.clock_changes} zone={data.timezone} />
              <About schedule={data} />
            </div>
          </div>
        </>
      )}
    </Shown>
  );
}

function Shifts({ schedule: { name, timezone } }: { schedule: Schedule }) {
  const [now] = useState(nowMs);
  const days = daysFrom(now, timezone, DAYS);
  const iso = (at = now) => new Date(at).toISOString();
  const shifts = useQuery(queries.shifts(name, iso(days[0]?.from), iso(days.at(-1)?.to)));
  return (
    <Panel title={`The next ${DAYS} days, in ${timezone} time`} flush>
      <Shown read={shifts} what="the shifts">
        {({ items }) => (
          <ol className="divide-y">
            {dayByDay(items, now, timezone, DAYS).map((day) => (
              <DayRow key={day.date} day={day} zone={timezone} />
            ))}
          </ol>
        )}
      </Shown>
    </Panel>
  );
}

const dayName = new Intl.DateTimeFormat("en-GB", {
  weekday: "short",
  day: "numeric",
  month: "short",
  timeZone: "UTC",
});

function DayRow({ day, zone }: { day: DayOnCall; zone: string }) {
  return (
    <li className="grid gap-x-4 gap-y-1 px-4 py-2 sm:grid-cols-[11rem_minmax(0,1fr)]">
      <div className="flex flex-wrap content-start items-center gap-2">
        <time dateTime={day.date}>{dayName.format(Date.parse(day.date))}</time>
        {day.hours === 24 ? null : <Tag>{day.hours} hours</Tag>}
        {day.hours === 24 ? null : (
          <span className="text-13 text-muted">the clocks go {day.hours < 24 ? "forward" : "back"}</span>
        )}
      </div>
      <ul>
        {day.parts.map((part) => (
          <li
            key={`${part.from} ${part.user} ${part.layer} ${part.shadow}`}
            className="flex flex-wrap gap-x-3"
          >
            <span className={part.shadow ? "text-muted" : "font-semibold"}>
              {part.user ?? "Nobody: a gap"}
            </span>
            <span className="text-13 text-muted">
              {[clocks(part, day, zone), ...notes(part)].join(" · ")}
            </span>
          </li>
        ))}
      </ul>
    </li>
  );
}

function notes({ layer, shadow, mentor, longerBy }: Part): string[] {
  const found: string[] = [];
  if (layer) found.push(layer);
  if (shadow) found.push(`goes along with ${shadow}, is not paged`);
  if (mentor) found.push(`in training, ${mentor} gets copies`);
  if (longerBy !== 0) {
    found.push(`this shift is ${Math.abs(longerBy)} minutes ${longerBy < 0 ? "shorter" : "longer"}`);
  }
  return found;
}

function clocks(part: Part, day: DayOnCall, zone: string): string {
  if (part.from === day.from && part.to === day.to) return "all day";
  const clock = (at: number) => wallClock(at, zone).slice(11);
  return `${clock(part.from)} to ${part.to === day.to ? "24:00" : clock(part.to)}`;
}
