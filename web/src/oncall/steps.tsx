/** The steps of an escalation policy, in words. */
import { Link } from "@tanstack/react-router";
import type { EscalationPolicy, EscalationTarget } from "@/api/types";
import { count, duration } from "@/ui/format";

export function Steps({ policy }: { policy: EscalationPolicy }) {
  return (
    <>
      <ol className="flex flex-col gap-1.5">
        {policy.steps.map((step, index) => (
          // biome-ignore lint/suspicious/noArrayIndexKey: a step is its place.
          <li key={index}>
            <span className="text-muted">{wait(step.after_seconds, index)}</span>{" "}
            {step.targets.map((target, at) => (
              <span key={JSON.stringify(target)}>
                {at > 0 ? ", " : ""}
                <Target target={target} />
              </span>
            ))}
          </li>
        ))}
      </ol>
      <p className="text-13 text-muted">
        {policy.repeat === 0 ? "Gone through once" : `Repeated ${count(policy.repeat, "time")}`}, then the
        catch-all.{" "}
        {policy.services.length === 0
          ? "No service pages by it."
          : `Pages for ${policy.services.join(", ")}.`}
      </p>
    </>
  );
}

/** Each wait counts from the step before. */
function wait(seconds: number, index: number): string {
  if (index === 0) return seconds === 0 ? "At once" : `After ${duration(seconds)}`;
  return `then after ${duration(seconds)}`;
}

function Target({ target }: { target: EscalationTarget }) {
  if ("user" in target) return <strong className="font-semibold">{target.user}</strong>;
  if ("team" in target) return <>everybody in {target.team}</>;
  if ("manager_of" in target) return <>the manager of {target.manager_of}</>;
  return (
    <>
      whoever is on call in{" "}
      <Link to="/schedules/$name" params={{ name: target.schedule }} className="link">
        {target.schedule}
      </Link>
    </>
  );
}
