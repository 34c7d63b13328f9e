/** One change: where it stands and what is next, its plan, who agrees and why, and what happened. */
import { useQuery } from "@tanstack/react-query";
import { getRouteApi, Link, Navigate } from "@tanstack/react-router";
import * as queries from "@/api/queries";
import type { ChangeDecision, ChangeExcuse, ChangeRecord } from "@/api/types";
import { Empty, Panel, Shown, Tag, useDocumentTitle } from "@/ui/block";
import { Time } from "@/ui/time";
import { Actions } from "./actions";
import { Caused } from "./caused";
import { nextInWords, OUTCOME_WORDS, words } from "./change";
import { Conflicts } from "./conflicts";
import { asTitle, Decide } from "./decide";
import { Findings, Quality, Requirements, Why } from "./judged";
import { Notices } from "./notices";
import { PlanFacts, PlanPeople, Steps } from "./plan";

const route = getRouteApi("/changes/$number");

export default function ChangeScreen() {
  const { number } = route.useParams();
  const change = useQuery(queries.change(number));
  return (
    <Shown read={change} what="the change">
      {(data) =>
        String(data.number) === number ? (
          <Screen change={data} />
        ) : (
          <Navigate to="/changes/$number" params={{ number: String(data.number) }} replace />
        )
      }
    </Shown>
  );
}

function Screen({ change }: { change: ChangeRecord }) {
  const { plan, findings, assessment } = change;
  useDocumentTitle(`CHG-${change.number} ${plan.title}`);
  return (
    <>
      <Head change={change} />
      <Actions change={change} />
      <div className="grid items-start gap-4 *:min-w-0 lg:grid-cols-[minmax(0,1fr)_minmax(0,26rem)]">
        <div className="flex flex-col gap-4">
          <Panel title="Plan">
            <PlanFacts plan={plan} submitter={change.submitter} />
          </Panel>
          <Steps title="Timeline" steps={plan.timeline ?? []} start={change.started_at ?? plan.start} />
          <Steps title="Rollback" steps={plan.rollback ?? []} start={null} />
          <Panel title="People">
            <PlanPeople plan={plan} />
          </Panel>
        </div>
        <div className="flex flex-col gap-4">
          {change.caused.length > 0 ? (
            <Panel title="What it caused">
              <Caused caused={change.caused} />
            </Panel>
          ) : null}
          {findings.length > 0 ? (
            <Panel title="What is missing">
              <Findings findings={findings} />
            </Panel>
          ) : null}
          <Conflicts change={change} />
          <Panel title="Who agrees">
            <Requirements approvals={change.approvals} />
            <Decisions decisions={change.decisions} />
          </Panel>
          <Panel title="Why these people, why this notice">
            <Why assessment={assessment} />
          </Panel>
          <Panel title="Quality of the plan">
            <Quality quality={change.quality} />
          </Panel>
          <Notices change={change} />
          <Panel title="What happened" flush>
            <History change={change} />
          </Panel>
        </div>
      </div>
    </>
  );
}

function Head({ change }: { change: ChangeRecord }) {
  const { plan, outcome } = change;
  return (
    <header className="mb-3 flex flex-col gap-2">
      <p className="flex flex-wrap items-center gap-x-3 gap-y-1">
        <span className="text-16 font-semibold">{words(change.state)}</span>
        {outcome ? <Tag>{OUTCOME_WORDS[outcome]}</Tag> : null}
        <span className="font-mono text-muted">CHG-{change.number}</span>
        {change.revision > 1 ? <Tag>revision {change.revision}</Tag> : null}
        {change.assessment.emergent ? <Tag>emergent</Tag> : null}
        {change.origin === "planned" ? null : <Tag>{words(change.origin).toLowerCase()}</Tag>}
      </p>
      <h1 className="text-24 leading-8 font-semibold [overflow-wrap:anywhere]">{plan.title}</h1>
      <p className="max-w-prose text-16">{nextInWords(change)}</p>
      {change.excuse ? <p className="max-w-prose text-muted">The reason given: {change.excuse}</p> : null}
      {change.sev2 ? <Sev2 sev2={change.sev2} /> : null}
      <dl className="flex flex-wrap gap-x-6 gap-y-1 text-13 [&>div]:flex [&>div]:gap-1.5 [&_dt]:text-muted">
        <Moment name="Began" at={change.started_at} />
        <Moment name="Done" at={change.ended_at} />
        <Moment name="Closed" at={change.closed_at} />
      </dl>
      <div className="max-w-md">
        <Decide change={change} />
      </div>
    </header>
  );
}

/** The incident that it went around the process for, and why that may be doubted. */
function Sev2({ sev2 }: { sev2: ChangeExcuse }) {
  return (
    <div className="max-w-prose">
      <p>
        It went around the process for{" "}
        <Link to="/incidents/$number" params={{ number: String(sev2.incident) }} className="link">
          incident {sev2.incident}
        </Link>
        {sev2.because.length > 0 ? ", which may be doubted:" : "."}
      </p>
      {sev2.because.length > 0 ? (
        <ul className="list-disc pl-5" aria-label="Why the excuse may be doubted">
          {sev2.because.map((why) => (
            <li key={why}>{why}</li>
          ))}
        </ul>
      ) : null}
    </div>
  );
}

function Moment({ name, at }: { name: string; at: string | null }) {
  if (!at) return null;
  return (
    <div>
      <dt>{name}</dt>
      <dd>
        <Time at={at} focusable />
      </dd>
    </div>
  );
}

function Decisions({ decisions }: { decisions: ChangeDecision[] }) {
  if (decisions.length === 0) return null;
  return (
    <section aria-label="Decisions" className="mt-3 border-t pt-3">
      <h3 className="font-semibold">Decisions</h3>
      <ul className="flex flex-col gap-2 pt-1">
        {decisions.map((one) => (
          <li key={`${one.at} ${one.by} ${one.approver}`} className="[overflow-wrap:anywhere]">
            <Decided decision={one} />
            <p className="text-13 text-muted">
              {one.reason ? `${one.reason} · ` : null}
              revision {one.revision} · <Time at={one.at} />
              {one.void ? " · void: a later wording touched what it covered" : null}
            </p>
          </li>
        ))}
      </ul>
    </section>
  );
}

function Decided({ decision }: { decision: ChangeDecision }) {
  const { by, on_behalf_of: of, approved } = decision;
  const said = `${by}${of ? ` for ${of}` : ""} ${approved ? "agreed" : "rejected it"}`;
  return (
    <p>
      {decision.void ? <s>{said}</s> : <span className="font-medium">{said}</span>}{" "}
      <span className="text-muted">{asTitle(decision)}</span>
    </p>
  );
}

function History({ change }: { change: ChangeRecord }) {
  if (change.history.length === 0) return <Empty title="Nothing yet" />;
  return (
    <ol className="divide-y">
      {change.history.map((entry, place) => (
        // biome-ignore lint/suspicious/noArrayIndexKey: entries are only ever added at the end.
        <li key={place} className="px-4 py-2 [overflow-wrap:anywhere]">
          <p>{entry.text}</p>
          <p className="text-13 text-muted">
            {entry.actor} · <Time at={entry.at} />
          </p>
        </li>
      ))}
    </ol>
  );
}
