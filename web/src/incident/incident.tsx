/**
 * One incident: what it is, what can be done, what happened and what will. On a
 * very wide screen the people stand left of the timeline and the trouble right of
 * it; on a wide one both stand right; on a phone each has its tab and the moves
 * stay under the thumb.
 */
import { useQuery } from "@tanstack/react-query";
import { getRouteApi, Link, Navigate } from "@tanstack/react-router";
import { Tabs } from "radix-ui";
import type { ReactNode } from "react";
import * as queries from "@/api/queries";
import type { Incident } from "@/api/types";
import { Shown, Tag, useDocumentTitle } from "@/ui/block";
import { SeverityGlyph, State } from "@/ui/glyph";
import { useMedia } from "@/ui/media";
import { Countdown, Elapsed, Time } from "@/ui/time";
import { ActionBar } from "./action-bar";
import { IncidentAlerts } from "./alerts";
import { BridgeFact, EstimateFact, RoomFact } from "./bridge";
import { Checklists } from "./checklist";
import { Clocks } from "./clocks";
import { Family } from "./family";
import { Fields } from "./fields";
import { Figures } from "./figures";
import { Gates } from "./gates";
import { Helpers } from "./helpers";
import { ImpactPanel, RunningCost } from "./impact";
import { Ledger } from "./ledger";
import { LinksFact } from "./links";
import { isOpen } from "./moves";
import { Nearby } from "./nearby";
import { Plan } from "./plan";
import { Prompts } from "./prompts";
import { Relations } from "./relations";
import { RestrictionNote } from "./restriction";
import { Roles } from "./roles";
import { Roster } from "./roster";
import { Synopsis } from "./synopsis";
import { Tags } from "./tags";
import { Timeline } from "./timeline";
import { NextUpdate, Updates } from "./updates";
import { WhatChanged } from "./what-changed";

const route = getRouteApi("/incidents/$number");

export default function IncidentScreen() {
  const { number } = route.useParams();
  const incident = useQuery(queries.incident(number));
  return (
    <Shown read={incident} what="the incident">
      {(data) => {
        // Live events name incidents by number, so that is the one address.
        const canonical = String(data.number);
        return canonical === number ? (
          <Screen incident={data} />
        ) : (
          <Navigate to="/incidents/$number" params={{ number: canonical }} replace />
        );
      }}
    </Shown>
  );
}

function Screen({ incident }: { incident: Incident }) {
  useDocumentTitle(`#${incident.number} ${incident.title}`);
  return (
    <div className="pb-20 md:pb-0">
      <Header incident={incident} />
      <ActionBar incident={incident} />
      <Sections incident={incident} />
    </div>
  );
}

function Header({ incident }: { incident: Incident }) {
  return (
    <header className="mb-3 flex flex-col gap-2">
      <div className="flex flex-wrap items-center gap-x-4 gap-y-1">
        <span className="inline-flex items-center gap-2 text-16 font-semibold">
          <SeverityGlyph level={incident.severity} size="lg" />
          <span>
            <span className="sr-only">Severity {incident.severity}: </span>
            {incident.severity_name}
          </span>
        </span>
        <span className="inline-flex text-16">
          <State state={incident.snoozed_until ? "snoozed" : incident.status} who={incident.assignee} />
        </span>
        <span className="font-mono text-muted">#{incident.number}</span>
        {incident.restricted ? <Tag>Restricted</Tag> : null}
        {incident.practice ? <Tag>Practice: nothing is broken</Tag> : null}
      </div>
      <h1 className="text-24 leading-8 font-semibold md:text-32 md:leading-10">{incident.title}</h1>
      {incident.summary && incident.summary !== incident.title ? (
        <p className="max-w-prose text-muted">{incident.summary}</p>
      ) : null}
      <RestrictionNote incident={incident} />
      <HeaderFacts incident={incident} />
      <div className="flex flex-wrap items-start gap-x-4 gap-y-1 *:max-w-full *:min-w-0">
        <Tags incident={incident} />
        <Fields incident={incident} />
        <Family incident={incident} />
        <Relations incident={incident} />
      </div>
    </header>
  );
}

function HeaderFacts({ incident }: { incident: Incident }) {
  const end = incident.resolved_at ?? incident.closed_at;
  return (
    <dl className="flex flex-wrap gap-x-6 gap-y-1 text-13 [&>div]:flex [&>div]:gap-1.5 [&_dt]:shrink-0 [&_dt]:text-muted">
      <BridgeFact incident={incident} />
      <div>
        <dt>Service</dt>
        <dd>
          {incident.service ? (
            <Link to="/services/$name" params={{ name: incident.service }} className="link">
              {incident.service}
            </Link>
          ) : (
            "not known"
          )}
        </dd>
      </div>
      <div>
        <dt>Began</dt>
        <dd>
          <Time at={incident.occurred_at ?? incident.created_at} focusable />
        </dd>
      </div>
      <div>
        <dt>{end ? "Lasted" : "Elapsed"}</dt>
        <dd className="font-semibold">
          <Elapsed from={incident.occurred_at ?? incident.created_at} to={end} />
        </dd>
      </div>
      <div>
        <dt>Assignee</dt>
        <dd>{incident.assignee ?? "nobody yet"}</dd>
      </div>
      {incident.impact.summary ? (
        <div>
          <dt>Impact</dt>
          <dd>{incident.impact.summary}</dd>
        </div>
      ) : null}
      {incident.impact.cost.length > 0 ? (
        <div>
          <dt>Cost</dt>
          <dd>
            <RunningCost impact={incident.impact} />
          </dd>
        </div>
      ) : null}
      <NextEscalation incident={incident} />
      <RoomFact incident={incident} />
      <EstimateFact incident={incident} />
      <LinksFact incident={incident} />
      {isOpen(incident) ? <NextUpdate number={String(incident.number)} /> : null}
      {incident.runbook ? (
        <div>
          <dt>Runbook</dt>
          <dd>
            <a href={incident.runbook} className="link" target="_blank" rel="noreferrer">
              open
            </a>
          </dd>
        </div>
      ) : null}
      {incident.merged_into !== null ? (
        <div>
          <dt>Merged into</dt>
          <dd>
            <Link to="/incidents/$number" params={{ number: String(incident.merged_into) }} className="link">
              #{incident.merged_into}
            </Link>
          </dd>
        </div>
      ) : null}
    </dl>
  );
}

function NextEscalation({ incident }: { incident: Incident }) {
  if (!isOpen(incident)) return null;
  const { paging } = incident;
  const row = (name: string, value: ReactNode) => (
    <div>
      <dt>{name}</dt>
      <dd>{value}</dd>
    </div>
  );
  if (incident.snoozed_until) return row("Snoozed until", <Time at={incident.snoozed_until} focusable />);
  if (paging.state === "waiting" && paging.next_at) {
    return row("Next escalation", <Countdown to={paging.next_at} passed="any moment" />);
  }
  if (paging.state === "exhausted")
    return row("Paging", <strong>everybody was asked, nobody answered</strong>);
  return null;
}

function helping({ helpers }: Incident): number {
  return helpers.filter(({ released_at }) => released_at === null).length;
}

interface Section {
  id: string;
  name: string;
  /** Whether it is about who does what, or about the trouble and what is said of it. */
  about: "people" | "trouble";
  body: ReactNode;
}

function Sections({ incident }: { incident: Incident }) {
  const wide = useMedia("(min-width: 64rem)");
  const widest = useMedia("(min-width: 90rem)");
  const number = String(incident.number);
  const sections: Section[] = [
    { id: "synopsis", about: "trouble", name: "Synopsis", body: <Synopsis number={number} /> },
    { id: "changed", about: "trouble", name: "What changed?", body: <WhatChanged incident={incident} /> },
    { id: "pages", about: "trouble", name: "Pages", body: <Ledger number={number} /> },
    { id: "roster", about: "people", name: "Roster", body: <Roster incident={incident} /> },
    { id: "roles", about: "people", name: "Roles", body: <Roles incident={incident} /> },
    { id: "checklist", about: "people", name: "Checklist", body: <Checklists incident={incident} /> },
    { id: "prompts", about: "people", name: "Prompts", body: <Prompts incident={incident} /> },
    { id: "plan", about: "trouble", name: "Plan", body: <Plan incident={incident} /> },
    { id: "clocks", about: "trouble", name: "Clocks", body: <Clocks incident={incident} /> },
    {
      id: "helpers",
      about: "people",
      name: helping(incident) > 0 ? `Helpers ${helping(incident)}` : "Helpers",
      body: <Helpers incident={incident} />,
    },
    {
      id: "alerts",
      about: "trouble",
      name: incident.alert_count > 0 ? `Alerts ${incident.alert_count}` : "Alerts",
      body: <IncidentAlerts number={number} />,
    },
    { id: "gates", about: "people", name: "Gates", body: <Gates incident={incident} /> },
    { id: "updates", about: "trouble", name: "Updates", body: <Updates number={number} /> },
    { id: "impact", about: "trouble", name: "Impact", body: <ImpactPanel incident={incident} /> },
    { id: "nearby", about: "trouble", name: "Nearby", body: <Nearby incident={incident} /> },
    { id: "figures", about: "trouble", name: "Figures", body: <Figures incident={incident} /> },
  ];
  const timeline = <Timeline number={number} />;
  if (!wide) {
    const first: Section = { id: "timeline", name: "Timeline", about: "trouble", body: timeline };
    return <Tabbed sections={[first, ...sections]} />;
  }
  if (widest) {
    return (
      <div className="grid grid-cols-[minmax(0,19rem)_minmax(0,1fr)_minmax(0,23rem)] items-start gap-4 2xl:grid-cols-[minmax(0,24rem)_minmax(0,1fr)_minmax(0,28rem)]">
        <Tabbed
          sections={sections.filter(({ about }) => about === "people")}
          of="people"
          label="Who does what"
        />
        <Timelined>{timeline}</Timelined>
        <Tabbed sections={sections.filter(({ about }) => about === "trouble")} />
      </div>
    );
  }
  return (
    <div className="grid grid-cols-[minmax(0,1fr)_minmax(0,26rem)] items-start gap-4 xl:grid-cols-[minmax(0,1fr)_minmax(0,32rem)]">
      <Timelined>{timeline}</Timelined>
      <Tabbed sections={sections} />
    </div>
  );
}

function Timelined({ children }: { children: ReactNode }) {
  return (
    <section aria-label="Timeline" className="panel">
      <h2 className="flex min-h-10 items-center border-b px-4 font-semibold">Timeline</h2>
      {children}
    </section>
  );
}

/** The tab that is open is seen, however many there are beside it; the page itself stays where it is. */
function intoSight(tab: HTMLElement | null) {
  const list = tab?.parentElement;
  if (!tab || !list) return;
  const hidden =
    tab.offsetLeft < list.scrollLeft || tab.offsetLeft + tab.offsetWidth > list.scrollLeft + list.clientWidth;
  if (hidden) list.scrollLeft = tab.offsetLeft - list.clientWidth / 2 + tab.offsetWidth / 2;
}

interface TabbedProps {
  sections: Section[];
  /** Where the address keeps which of them is open. */
  of?: "tab" | "people";
  label?: string;
}

function Tabbed({ sections, of = "tab", label = "About this incident" }: TabbedProps) {
  const search = route.useSearch();
  const navigate = route.useNavigate();
  // An address from a narrower screen names what now stands on the other side.
  const named = [search[of], search.tab];
  const shown = named.find((name) => sections.some(({ id }) => id === name)) ?? sections[0]?.id;
  const choose = (next: string) =>
    void navigate({ search: (now) => ({ ...now, [of]: next }), replace: true, resetScroll: false });
  return (
    <Tabs.Root value={shown} onValueChange={choose} className="panel">
      <Tabs.List aria-label={label} className="relative flex overflow-x-auto border-b px-1 lg:flex-wrap">
        {sections.map(({ id, name }) => (
          <Tabs.Trigger
            key={id}
            value={id}
            ref={id === shown ? intoSight : undefined}
            className="tap -mb-px min-h-10 shrink-0 border-b-2 border-transparent px-2.5 whitespace-nowrap text-muted -outline-offset-2 data-[state=active]:border-text data-[state=active]:font-semibold data-[state=active]:text-text"
          >
            {name}
          </Tabs.Trigger>
        ))}
      </Tabs.List>
      {sections.map(({ id, body }) => (
        <Tabs.Content key={id} value={id} className="-outline-offset-2">
          {body}
        </Tabs.Content>
      ))}
    </Tabs.Root>
  );
}
