/** What happens if nobody answers: who is asked, and when. */
import type { Incident, PlannedStep } from "@/api/types";
import { Empty } from "@/ui/block";
import { Countdown, Time } from "@/ui/time";
import { isOpen } from "./moves";

export function Plan({ incident }: { incident: Incident }) {
  const plan = incident.plan ?? [];
  if (plan.length === 0) return <NoPlan incident={incident} />;
  return (
    <>
      <p className="px-4 pt-3 text-13 text-muted">If nobody answers:</p>
      <ol className="divide-y">
        {plan.map((planned) => (
          <Planned key={`${planned.policy}.${planned.round}.${planned.step}`} planned={planned} />
        ))}
      </ol>
    </>
  );
}

function Planned({ planned }: { planned: PlannedStep }) {
  return (
    <li className="flex flex-wrap items-baseline justify-between gap-x-4 px-4 py-2.5">
      <span>
        <span className="font-semibold">{planned.users.join(", ") || "nobody"}</span>{" "}
        <span className="text-muted">
          {planned.step === null ? "the catch-all" : `step ${planned.step}`}
          {planned.round > 1 ? `, round ${planned.round}` : ""}
        </span>
      </span>
      <span className="text-13">
        <Countdown to={planned.at} passed="now" />{" "}
        <Time at={planned.at} show="clock" className="text-muted" focusable />
      </span>
    </li>
  );
}

function NoPlan({ incident }: { incident: Incident }) {
  if (!isOpen(incident)) return <Empty title="It is over: nobody will be paged" />;
  if (incident.paging.state === "exhausted") {
    return (
      <Empty title="Everybody was asked">
        <p>No step is left. Add a person, or escalate to start again.</p>
      </Empty>
    );
  }
  if (incident.snoozed_until) {
    return (
      <Empty title="Snoozed">
        <p>
          Paging starts again <Time at={incident.snoozed_until} focusable />.
        </p>
      </Empty>
    );
  }
  if (incident.assignee && incident.status !== "triggered") {
    return (
      <Empty title={`${incident.assignee} has it`}>
        <p>Nobody else will be paged unless you escalate or add a person.</p>
      </Empty>
    );
  }
  return (
    <Empty title="Nobody will be paged">
      <p>This severity asks for no pages, or the service has no escalation policy.</p>
    </Empty>
  );
}
