/** Who is on call now, and when the reader's own turn comes. */
import { useQueries, useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { useState } from "react";
import * as queries from "@/api/queries";
import type { OnCallSchedule } from "@/api/types";
import { Empty, Panel, Shown } from "@/ui/block";
import { nowMs } from "@/ui/clock";
import { Time } from "@/ui/time";
import { turnNext, turnNow } from "./turn";

const LOOK_AHEAD_DAYS = 30;
const SCHEDULES_ASKED_MAX = 6;

export function OnCallPanel({ me }: { me: string }) {
  const onCall = useQuery(queries.onCall());
  return (
    <div className="flex flex-col gap-4">
      <Shown read={onCall} what="who is on call">
        {({ items }) => (
          <>
            <MyTurn me={me} schedules={items} />
            <Panel
              title="On call now"
              flush
              aside={
                <Link to="/on-call" className="link text-13">
                  Schedules
                </Link>
              }
            >
              {items.length === 0 ? (
                <Empty title="No schedule yet">
                  <p>
                    Write one in your configuration and run <code>muster apply</code>.
                  </p>
                </Empty>
              ) : (
                <ul className="divide-y">
                  {items.map((schedule) => (
                    <li key={schedule.schedule} className="px-4 py-2.5">
                      <p className="font-semibold">
                        {schedule.on_call.map((shift) => shift.full_name || shift.user).join(", ") ||
                          "Nobody: a gap"}
                      </p>
                      <p className="text-13 text-muted">{schedule.schedule}</p>
                    </li>
                  ))}
                </ul>
              )}
            </Panel>
          </>
        )}
      </Shown>
    </div>
  );
}

function MyTurn({ me, schedules }: { me: string; schedules: OnCallSchedule[] }) {
  const now = turnNow(schedules, me);
  const user = useQuery({ ...queries.user(me), enabled: me !== "" });
  const known = turnNext(schedules, me);
  const teams = user.data?.teams ?? [];
  const asked = known ? [] : schedules.filter(({ team }) => team !== null && teams.includes(team));
  const later = useNextShift(
    asked.slice(0, SCHEDULES_ASKED_MAX).map(({ schedule }) => schedule),
    me,
  );
  const next = known ?? later;
  return (
    <Panel title="Your turn">
      {now ? (
        <p>
          You are on call for <strong className="font-semibold">{now.schedule}</strong>
          {now.to ? (
            <>
              {" "}
              until <Time at={now.to} focusable />
            </>
          ) : null}
          .
        </p>
      ) : null}
      {next ? (
        <p className={now ? "mt-1 text-muted" : undefined}>
          {now ? "Then" : "Next"}: {next.schedule}, <Time at={next.from} focusable />
        </p>
      ) : now ? null : (
        <p className="text-muted">No shift in the next {LOOK_AHEAD_DAYS} days.</p>
      )}
    </Panel>
  );
}

/** The first shift still to come, for schedules whose next handoff is somebody else's. */
function useNextShift(schedules: string[], me: string): { schedule: string; from: string } | null {
  const [range] = useState(() => {
    const from = new Date(nowMs());
    from.setUTCMinutes(0, 0, 0);
    const to = new Date(from.getTime() + LOOK_AHEAD_DAYS * 86_400_000);
    return { from: from.toISOString(), to: to.toISOString() };
  });
  const reads = useQueries({
    queries: schedules.map((schedule) => queries.shifts(schedule, range.from, range.to)),
  });
  const mine = reads.flatMap((read, index) =>
    (read.data?.items ?? [])
      .filter(({ user, shadow }) => user === me && shadow === null)
      .flatMap(({ from }) => (from && Date.parse(from) > nowMs() ? [from] : []))
      .map((from) => ({ schedule: schedules[index] ?? "", from })),
  );
  return mine.sort((a, b) => a.from.localeCompare(b.from))[0] ?? null;
}
