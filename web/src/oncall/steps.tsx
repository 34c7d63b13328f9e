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
            {step.when ? <span className="text-muted">{condition(step.when)} </span> : null}
            {step.targets.map((target, at) => (
              <span key={JSON.stringify(target)}>
                {at > 0 ? ", " : ""}
                <Target target={target} />
              </span>
            ))}
            {step.all_acknowledge ? <span className="text-muted">; everybody must acknowledge</span> : null}
          </li>
        ))}
      </ol>
      <p className="text-13 text-muted">
        {policy.repeat === 0 ? "Gone through once" : `Repeated ${count(policy.repeat, "time")}`}, then the
        catch-all.{" "}
        {policy.second_set
          ? `Not over after ${duration(policy.second_set.after_seconds)}: ${policy.second_set.escalation_policy} takes over. `
          : null}
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

/** When a step counts, in words. */
function condition(when: NonNullable<EscalationPolicy["steps"][number]["when"]>): string {
  const parts = [
    when.severity.length > 0 ? `severity ${when.severity.join(" or ")}` : null,
    when.hours,
    when.matches ? `where ${when.matches}` : null,
    when.alerts
      ? `more than ${when.alerts.more_than} alerts in ${duration(when.alerts.within_seconds)}`
      : null,
  ];
  return `(${parts.filter(Boolean).join("; ")})`;
}

function Target({ target }: { target: EscalationTarget }) {
  if ("user" in target) return <strong className="font-semibold">{target.user}</strong>;
  if ("team" in target) return <>everybody in {target.team}</>;
  if ("round_robin" in target) return <>the next one of {target.round_robin}</>;
  if ("rotation" in target) {
    return (
      <>
        whoever has the turn in {target.rotation.layer} of {target.rotation.schedule}
      </>
    );
  }
  if ("role" in target) {
    return (
      <>
        whoever is on call as {target.role.role.replaceAll("_", " ")}
        {target.role.team ? ` of ${target.role.team}` : ""}
      </>
    );
  }
  if ("channel" in target) {
    return (
      <>
        tells {target.channel.address} by {target.channel.provider}
      </>
    );
  }
  if ("webhook" in target) return <>tells the webhook {target.webhook}</>;
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
