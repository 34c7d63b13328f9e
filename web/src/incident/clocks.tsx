/** The clocks beside the escalation: when they go on, who is there and who is waited for. */
import type { ReactNode } from "react";
import type { Incident } from "@/api/types";
import { Empty } from "@/ui/block";
import { Countdown, Time } from "@/ui/time";
import { isOpen } from "./moves";

export function Clocks({ incident }: { incident: Incident }) {
  const { management, rotation, second_set, silence, missing, awaited } = incident.clocks;
  const present = incident.clocks.present.filter(({ released_at }) => released_at === null);
  const isQuiet =
    !management &&
    !rotation &&
    !second_set &&
    !silence &&
    missing.length + awaited.length + present.length === 0;
  if (isQuiet) {
    return (
      <Empty title={isOpen(incident) ? "No clock runs" : "It is over: no clock runs"}>
        <p>Nobody is waited for. Anybody may say that they are here.</p>
      </Empty>
    );
  }
  return (
    <ul className="divide-y">
      {rotation ? (
        <Row
          name="Goes to somebody else"
          detail={
            rotation.waits_for === "research"
              ? "unless it is moved to researching"
              : "unless somebody works on it: a move, a note, a change"
          }
          at={rotation.due_at}
        />
      ) : null}
      {management ? (
        <Row
          name={`${management.next_user ?? "Nobody"} is asked as manager`}
          detail={
            (management.plan ?? []).length > 1
              ? `then ${(management.plan ?? [])
                  .slice(1)
                  .map(({ user }) => user)
                  .join(", ")}`
              : "whoever has acknowledged"
          }
          at={management.next_at}
        />
      ) : null}
      {second_set ? (
        <Row
          name={`${second_set.policy ?? "Another policy"} takes over`}
          detail="where it is not over by then: a clock that asks others, not a target"
          at={second_set.at}
        />
      ) : null}
      {silence ? (
        <Row
          name={`${silence.user ?? "Nobody"} is asked for news`}
          detail={
            silence.user
              ? "unless something is written down"
              : "nobody is technical assist or scribe; the technical lead is not asked"
          }
          at={silence.due_at}
        />
      ) : null}
      {missing.length > 0 ? (
        <Line name="Still to acknowledge">{missing.join(", ")}; this step asks everybody</Line>
      ) : null}
      {awaited.map((one) => (
        <Row
          key={`awaited ${one.user}`}
          name={`${one.user} is waited for`}
          detail={one.late ? "later than asked for" : "paged, has not checked in"}
          at={one.due_at}
        />
      ))}
      {present.map((one) => (
        <Line key={`present ${one.user}`} name={`${one.user} is here`}>
          since <Time at={one.at} show="clock" focusable />
          {one.late ? ", later than asked for" : ""}
        </Line>
      ))}
    </ul>
  );
}

function Row({ name, detail, at }: { name: string; detail: string; at: string }) {
  return (
    <li className="flex flex-wrap items-baseline justify-between gap-x-4 px-4 py-2.5">
      <span>
        <span className="font-semibold">{name}</span> <span className="text-muted">{detail}</span>
      </span>
      <span className="text-13">
        <Countdown to={at} passed="now" /> <Time at={at} show="clock" className="text-muted" focusable />
      </span>
    </li>
  );
}

function Line({ name, children }: { name: string; children: ReactNode }) {
  return (
    <li className="px-4 py-2.5">
      <span className="font-semibold">{name}</span> <span className="text-muted">{children}</span>
    </li>
  );
}
