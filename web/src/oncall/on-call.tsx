/** Who is on call for each schedule, until when, and who comes next; and the aliases that lead to them. */
import { useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { Download, PhoneCall } from "lucide-react";
import * as queries from "@/api/queries";
import type { OnCallSchedule } from "@/api/types";
import { openOverlay } from "@/shell/open";
import { Code, Empty, Panel, ScreenHead, Shown } from "@/ui/block";
import { Button, buttonClass, CopyButton } from "@/ui/button";
import { type Columns, exportRows } from "@/ui/csv";
import { Time } from "@/ui/time";
import { NewButton } from "./edit-link";

const COLUMNS: Columns<OnCallSchedule> = {
  schedule: (row) => row.schedule,
  team: (row) => row.team,
  on_call: (row) => row.on_call.map(({ user }) => user).join(" "),
  until: (row) => row.on_call[0]?.to,
  next: (row) => row.next[0]?.user,
  next_from: (row) => row.next[0]?.from,
};

const SCHEDULE_EXAMPLE = `schedules:
  - name: payments-primary
    team: payments
    timezone: Europe/Berlin
    layers:
      - name: weekly
        rotation: { every: 1w, handoff: "Mon 09:00", start: 2026-01-05, participants: [ana, bo] }`;

export default function OnCallScreen() {
  const onCall = useQuery(queries.onCall());
  return (
    <>
      <ScreenHead title="On call">
        <Link to="/policies" className={buttonClass("plain", "no-underline")}>
          Escalation policies
        </Link>
        <NewButton to="/schedules/$name/edit" noun="schedule" example="payments-primary" />
        <Button onClick={() => openOverlay("page")}>
          <PhoneCall className="size-4" aria-hidden="true" /> Page a person
        </Button>
        <Button onClick={() => exportRows("on-call", onCall.data?.items ?? [], COLUMNS)}>
          <Download className="size-4" aria-hidden="true" /> CSV
        </Button>
      </ScreenHead>
      <Shown read={onCall} what="who is on call">
        {({ items }) =>
          items.length === 0 ? (
            <div className="panel">
              <Empty title="No schedule yet">
                <p>
                  Put one into your configuration file and run <code>muster apply -f org.yaml</code>:
                </p>
                <Code text={SCHEDULE_EXAMPLE} label="Example of a schedule" />
                <CopyButton text={SCHEDULE_EXAMPLE} label="Copy the example schedule" />
              </Empty>
            </div>
          ) : (
            <ul className="grid gap-4 md:grid-cols-2 2xl:grid-cols-3">
              {items.map((schedule) => (
                <ScheduleCard key={schedule.schedule} schedule={schedule} />
              ))}
            </ul>
          )
        }
      </Shown>
      <Aliases />
    </>
  );
}

function ScheduleCard({ schedule }: { schedule: OnCallSchedule }) {
  return (
    <li className="panel p-4">
      <h2 className="font-semibold">
        <Link
          to="/schedules/$name"
          params={{ name: schedule.schedule }}
          className="link tap inline-flex items-center"
        >
          {schedule.schedule}
        </Link>
      </h2>
      <p className="text-13 text-muted">
        {schedule.team ? `${schedule.team} · ` : ""}
        {schedule.timezone}
      </p>
      {schedule.on_call.length === 0 ? (
        <p className="mt-3 text-20 font-semibold">Nobody: a gap</p>
      ) : (
        schedule.on_call.map((shift) => (
          <div key={`${shift.user} ${shift.layer}`} className="mt-3">
            <p className="text-20 font-semibold">{shift.full_name || shift.user}</p>
            <p className="text-13 text-muted">
              {shift.to ? (
                <>
                  until <Time at={shift.to} focusable />
                </>
              ) : (
                "with no end"
              )}
              {shift.layer ? ` · ${shift.layer}` : ""}
            </p>
          </div>
        ))
      )}
      <p className="mt-3 border-t pt-3 text-13">
        {schedule.next[0] ? (
          <>
            Next: <strong className="font-semibold">{schedule.next[0].user}</strong>,{" "}
            <Time at={schedule.next[0].from} focusable className="text-muted" />
          </>
        ) : (
          <span className="text-muted">Nobody comes after.</span>
        )}
      </p>
    </li>
  );
}

function Aliases() {
  const aliases = useQuery(queries.aliases());
  return (
    <div className="mt-4">
      <Panel title="Aliases that always lead to whoever is on call" flush>
        <Shown read={aliases} what="aliases">
          {({ items }) =>
            items.length === 0 ? (
              <Empty title="No alias yet">
                <p>Each service with an escalation policy gets its own.</p>
              </Empty>
            ) : (
              <ul className="divide-y">
                {items.map(({ alias, users }) => (
                  <li key={alias} className="flex min-h-14 flex-wrap items-center gap-x-4 gap-y-1 px-4 py-2">
                    <code className="min-w-0 flex-1 text-13">{alias}</code>
                    <span className={users.length === 0 ? "font-semibold" : undefined}>
                      {users.join(", ") || "nobody now"}
                    </span>
                    <CopyButton text={alias} label={`Copy ${alias}`} />
                  </li>
                ))}
              </ul>
            )
          }
        </Shown>
      </Panel>
    </div>
  );
}
