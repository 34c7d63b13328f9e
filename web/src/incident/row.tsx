/** One incident in a list: the most urgent thing first, everything else on one line. */
import { Link } from "@tanstack/react-router";
import clsx from "clsx";
import type { Incident } from "@/api/types";
import { Tag } from "@/ui/block";
import { count, utc } from "@/ui/format";
import { Severity, State } from "@/ui/glyph";
import { Countdown, Time } from "@/ui/time";

interface RowProps {
  incident: Incident;
  /** Present where rows can be selected. */
  selection?: { selected: boolean; toggle: () => void };
  current?: boolean;
}

export function IncidentRow({ incident, selection, current = false }: RowProps) {
  const state = incident.snoozed_until ? "snoozed" : incident.status;
  return (
    <div
      className={clsx(
        "relative flex min-h-14 items-center gap-3 border-l-4 px-3 py-2 hover:bg-raised",
        current ? "border-l-text bg-raised" : "border-l-transparent",
      )}
    >
      {selection ? (
        <label className="relative z-10 -m-2 flex size-11 shrink-0 items-center justify-center">
          <input
            type="checkbox"
            className="size-5"
            checked={selection.selected}
            onChange={selection.toggle}
            aria-label={`Select incident ${incident.number}`}
          />
        </label>
      ) : null}
      <span className="w-6 shrink-0 self-start pt-0.5 md:w-28 md:self-center md:pt-0">
        <Severity level={incident.severity} name={incident.severity_name} wordHidden />
        <span className="ml-1.5 hidden align-[0.3em] text-13 md:inline" aria-hidden="true">
          {incident.severity_name}
        </span>
      </span>
      <div className="min-w-0 flex-1">
        <Link
          to="/incidents/$number"
          params={{ number: String(incident.number) }}
          className={clsx(
            "line-clamp-2 after:absolute after:inset-0",
            incident.status === "triggered" && !incident.snoozed_until && "font-semibold",
          )}
          title={`Since ${utc(incident.created_at)}`}
          data-row-link
        >
          {incident.title}
        </Link>
        <div className="flex flex-wrap items-center gap-x-2 py-0.5 text-13 md:hidden">
          <State state={state} who={incident.assignee} />
          <RowNote incident={incident} />
        </div>
        <div className="flex flex-wrap items-center gap-x-2 text-13 text-muted">
          <span className="font-mono">#{incident.number}</span>
          {incident.service ? <span>{incident.service}</span> : null}
          {incident.alert_count > 1 ? <span>{count(incident.alert_count, "alert")}</span> : null}
          <Time at={incident.created_at} className="lg:hidden" show="age" />
          {incident.practice ? <Tag>Practice</Tag> : null}
          {incident.tags.map((tag) => (
            <Tag key={tag}>{tag}</Tag>
          ))}
        </div>
      </div>
      <div className="hidden w-36 shrink-0 flex-col text-13 md:flex">
        <State state={state} who={incident.assignee} />
        <RowNote incident={incident} />
      </div>
      <Time
        at={incident.created_at}
        className="hidden w-48 shrink-0 text-right text-13 text-muted lg:block"
      />
    </div>
  );
}

function RowNote({ incident }: { incident: Incident }) {
  if (incident.snoozed_until) {
    return (
      <span className="text-muted">
        until <Time at={incident.snoozed_until} show="clock" />
      </span>
    );
  }
  if (incident.status === "triggered" && incident.paging.state === "exhausted") {
    return <span className="font-semibold">nobody answered</span>;
  }
  if (incident.status === "triggered" && incident.paging.next_at) {
    return (
      <span className="text-muted">
        escalates <Countdown to={incident.paging.next_at} />
      </span>
    );
  }
  return incident.assignee ? <span className="text-muted">{incident.assignee}</span> : null;
}
