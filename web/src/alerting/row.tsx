/** One alert in a list. */
import { Link } from "@tanstack/react-router";
import clsx from "clsx";
import type { Alert } from "@/api/types";
import { count, utc } from "@/ui/format";
import { Severity, State, StateGlyph } from "@/ui/glyph";
import { Time } from "@/ui/time";

export function AlertRow({
  alert,
  compact = false,
  current = false,
}: {
  alert: Alert;
  compact?: boolean;
  current?: boolean;
}) {
  return (
    <div
      className={clsx(
        "relative flex min-h-14 items-center gap-3 border-l-4 px-3 py-2 hover:bg-raised",
        current ? "border-l-text bg-raised" : "border-l-transparent",
      )}
    >
      {alert.severity === null ? (
        <span title="Informational: it pages nobody">
          <StateGlyph state="suppressed" />
          <span className="sr-only">Informational: </span>
        </span>
      ) : (
        <Severity level={alert.severity} wordHidden />
      )}
      <div className="min-w-0 flex-1">
        <Link
          to="/alerts/$id"
          params={{ id: alert.id }}
          title={`Last seen ${utc(alert.last_at)}`}
          className="line-clamp-2 after:absolute after:inset-0"
          data-row-link
        >
          {alert.summary}
        </Link>
        <div className="flex flex-wrap gap-x-2 text-13 text-muted">
          {alert.service ? <span>{alert.service}</span> : null}
          {alert.integration && !compact ? <span>{alert.integration}</span> : null}
          {alert.count > 1 ? <span>{count(alert.count, "time")}</span> : null}
          <Time at={alert.last_at} show="age" />
          {alert.not_paged && alert.incident === null && alert.status !== "resolved" ? (
            <span className="line-clamp-1">{alert.not_paged}</span>
          ) : null}
        </div>
      </div>
      <div className={clsx("flex shrink-0 flex-col items-end text-13", !compact && "md:w-32 md:items-start")}>
        <State state={alert.status} />
        {alert.incident !== null && !compact ? (
          <Link
            to="/incidents/$number"
            params={{ number: String(alert.incident) }}
            className="link relative z-10 inline-flex min-h-6 items-center"
          >
            Incident #{alert.incident}
          </Link>
        ) : null}
      </div>
    </div>
  );
}
