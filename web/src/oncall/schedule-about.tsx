/** How a schedule is put together, and the changes of the clocks ahead of it. */
import { Link } from "@tanstack/react-router";
import { Fragment } from "react";
import type { Schedule } from "@/api/types";
import { Fact, Facts, Panel } from "@/ui/block";
import { wallClock } from "@/ui/zoned";
import { InStep } from "./in-step";
import { lengthInWords } from "./turns";

type Layer = Schedule["layers"][number];
type Change = Schedule["clock_changes"][number];

/** A warning ahead of shifts that are shorter or longer than people expect. */
export function ClockChanges({ changes, zone }: { changes: Change[]; zone: string }) {
  if (changes.length === 0) return null;
  return (
    <Panel title="The clocks change">
      <ul className="flex flex-col gap-2">
        {changes.map((change) => (
          <li key={`${change.at} ${change.timezone}`}>
            <p>
              {change.timezone} goes {change.forward_minutes > 0 ? "forward" : "back"} by{" "}
              {Math.abs(change.forward_minutes)} minutes on{" "}
              <time dateTime={change.at}>{wallClock(Date.parse(change.at), zone)}</time>.
            </p>
            <p className="text-13 text-muted">
              {change.shifts.length === 0
                ? "It falls into nobody's shift."
                : `It falls into the shift of ${change.shifts.map(({ user }) => user).join(", ")}.`}
            </p>
          </li>
        ))}
      </ul>
    </Panel>
  );
}

export function About({ schedule }: { schedule: Schedule }) {
  return (
    <Panel title="About">
      <Facts>
        <Fact name="Team">{schedule.team ?? "none"}</Fact>
        {schedule.role ? <Fact name="On call as">{schedule.role.replaceAll("_", " ")}</Fact> : null}
        <Fact name="Time zone">{schedule.timezone}</Fact>
        {schedule.chat ? (
          <Fact name={`In ${schedule.chat.provider}`}>
            <InStep schedule={schedule.name} chat={schedule.chat} />
          </Fact>
        ) : null}
        {schedule.layers.map((layer) => (
          <Fact key={layer.name} name={`Layer ${layer.name}`}>
            <Turns turns={layer.turns} />
            <p className="text-13 text-muted">{told(layer, schedule.timezone)}</p>
            {layer.changes.map((change) => (
              <p key={change.from} className="text-13">
                from {change.from}: <Turns turns={change.turns} />
              </p>
            ))}
          </Fact>
        ))}
        {schedule.shadows.map((shadow) => (
          <Fact key={`${shadow.user} ${shadow.follows} ${shadow.from}`} name="In training">
            {shadow.reverse
              ? `${shadow.user} has the shifts of ${shadow.follows}, who gets copies`
              : `${shadow.user} goes along with ${shadow.follows}`}
          </Fact>
        ))}
        <Fact name="Escalation">
          {schedule.escalation_policies.length === 0
            ? "no policy pages by it"
            : schedule.escalation_policies.map((name, index) => (
                <Fragment key={name}>
                  {index > 0 ? ", " : ""}
                  <Link to="/policies/$name" params={{ name }} className="link">
                    {name}
                  </Link>
                </Fragment>
              ))}
        </Fact>
      </Facts>
    </Panel>
  );
}

function Turns({ turns }: { turns: string[][] }) {
  return <span>{turns.map((people) => people.join(" and ")).join(", ") || "nobody"}</span>;
}

function told({ every, handoff, timezone, adds }: Layer, zone: string): string {
  const parts = [`turns of ${every.map(lengthInWords).join(", then ")}`, `handoff ${handoff}`];
  if (timezone !== zone) parts.push(`${timezone} time`);
  if (adds) parts.push("joins whoever is on call below");
  return parts.join(" · ");
}
