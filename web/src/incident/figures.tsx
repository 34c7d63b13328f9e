/** When each thing happened and how long it took. */
import type { Incident } from "@/api/types";
import { Fact, Facts } from "@/ui/block";
import { span } from "@/ui/format";
import { Time } from "@/ui/time";
import { CorrectTimes } from "./times";

export function Figures({ incident }: { incident: Incident }) {
  const figures = incident.statistics;
  const spans: [string, number | null | undefined][] = [
    ["To detect", figures?.occurred_to_detected_seconds],
    ["From beginning to end", figures?.occurred_to_resolved_seconds],
    ["To acknowledge", figures?.detected_to_acknowledged_seconds],
    ["To restore", figures?.detected_to_restored_seconds],
    ["To resolve", figures?.detected_to_resolved_seconds],
  ];
  const stamps: [string, string | null][] = [
    ["Occurred", incident.occurred_at],
    ["Opened", incident.created_at],
    ["Acknowledged", incident.acknowledged_at],
    ["First person there", incident.engaged_at],
    ["Research began", incident.researching_at],
    ["Cause identified", incident.identified_at],
    ["Restored", incident.restored_at],
    ["Resolved", incident.resolved_at],
    ["Closed", incident.closed_at],
  ];
  return (
    <div className="flex flex-col gap-6 p-4">
      <dl className="grid grid-cols-2 gap-4">
        {spans.map(([name, seconds]) => (
          <div key={name}>
            <dt className="text-13 text-muted">{name}</dt>
            <dd className="text-20 font-semibold">
              {seconds === null || seconds === undefined ? "not yet" : span(seconds)}
            </dd>
          </div>
        ))}
      </dl>
      <Facts>
        {stamps.map(([name, at]) => (
          <Fact key={name} name={name}>
            {at ? <Time at={at} focusable /> : <span className="text-muted">not yet</span>}
          </Fact>
        ))}
        {incident.reopened_count > 0 ? <Fact name="Reopened">{incident.reopened_count} times</Fact> : null}
      </Facts>
      <CorrectTimes incident={incident} />
    </div>
  );
}
