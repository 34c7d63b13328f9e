/** The incidents that a change caused, and how long services were out by that. */
import { Link } from "@tanstack/react-router";
import type { CausedIncident } from "@/api/types";
import { Severity } from "@/ui/glyph";
import { Time } from "@/ui/time";

export function Caused({ caused }: { caused: CausedIncident[] }) {
  if (caused.length === 0) return null;
  return (
    <ul aria-label="Caused incidents" className="divide-y">
      {caused.map((one) => (
        <li key={one.number} className="py-2 [overflow-wrap:anywhere]">
          <p className="flex flex-wrap items-center gap-x-3">
            <Severity level={one.severity} />
            <Link to="/incidents/$number" params={{ number: String(one.number) }} className="link">
              #{one.number} {one.title}
            </Link>
            <strong className="font-semibold">{outage(one)}</strong>
          </p>
          <p className="text-13 text-muted">
            {one.by}
            {one.reason ? `: ${one.reason}` : null} · <Time at={one.at} />
          </p>
        </li>
      ))}
    </ul>
  );
}

function outage({ outage_minutes: minutes, status }: CausedIncident): string {
  if (minutes === null) return "no outage";
  const goesOn = status !== "resolved" && status !== "closed" && status !== "restored";
  return `${minutes} min of outage${goesOn ? " so far" : ""}`;
}
