/** One service: whom it pages, and what its monitoring needs, ready to copy and to test. */
import { useQuery } from "@tanstack/react-query";
import { getRouteApi, Link } from "@tanstack/react-router";
import { Tabs } from "radix-ui";
import type { ReactNode } from "react";
import * as queries from "@/api/queries";
import type { Integration, Service } from "@/api/types";
import { EventLine } from "@/change/event-line";
import { Code, Empty, Fact, Facts, Panel, ScreenHead, Shown, Tag } from "@/ui/block";
import { CopyButton } from "@/ui/button";
import { count } from "@/ui/format";
import { OkGlyph, Severity } from "@/ui/glyph";
import { Time } from "@/ui/time";
import { Dependencies } from "./dependencies";
import { snippets } from "./snippets";
import { TestAlert } from "./test-alert";

const route = getRouteApi("/services/$name");

export default function ServiceScreen() {
  const { name } = route.useParams();
  const service = useQuery(queries.service(name));
  return (
    <Shown read={service} what="the service">
      {(data) => (
        <>
          <ScreenHead title={data.name}>
            <Link to="/services/$name/shadow" params={{ name: data.name }} className="link">
              Shadow mode and forecast
            </Link>
          </ScreenHead>
          {data.shadow ? (
            <p role="status" className="mb-4 border-l-4 border-text bg-raised px-4 py-3 font-semibold">
              Shadow mode: alerts of this service, or some of them, page nobody.
            </p>
          ) : null}
          <div className="grid items-start gap-4 lg:grid-cols-[minmax(0,1fr)_22rem]">
            <Integrations service={data} />
            <About service={data} />
          </div>
          <div className="mt-4">
            <LastChanges service={data.name} />
          </div>
          <div className="mt-4">
            <Panel title="Dependencies">
              <Dependencies service={data.name} heading="h3" />
            </Panel>
          </div>
        </>
      )}
    </Shown>
  );
}

/** What tools reported last of it. */
function LastChanges({ service }: { service: string }) {
  const changes = useQuery(queries.lastChanges(service));
  const all = (
    <Link to="/changes/events" search={{ service }} className="link">
      All of them
    </Link>
  );
  return (
    <Panel title="Last changes" aside={all} flush>
      <Shown read={changes} what="the last changes">
        {({ items }) =>
          items.length === 0 ? (
            <p className="p-4 text-muted">No tool has reported a change of it yet.</p>
          ) : (
            <ul aria-label="Last changes" className="divide-y">
              {items.map((event) => (
                <li key={event.id} className="px-4 py-2">
                  <EventLine event={event} withService={false} />
                </li>
              ))}
            </ul>
          )
        }
      </Shown>
    </Panel>
  );
}

function About({ service }: { service: Service }) {
  const fact = (name: string, value: ReactNode) => <Fact name={name}>{value ?? "none"}</Fact>;
  return (
    <Panel title="About">
      <Facts>
        {fact("Now", <Now service={service} />)}
        {fact("Team", service.team)}
        {fact("Tier", service.tier)}
        {fact(
          "Escalation",
          service.escalation_policy ? (
            <Link to="/policies/$name" params={{ name: service.escalation_policy }} className="link">
              {service.escalation_policy}
            </Link>
          ) : null,
        )}
        {fact(
          "Runbook",
          service.runbook ? (
            <a href={service.runbook} className="link" target="_blank" rel="noreferrer">
              {service.runbook}
            </a>
          ) : null,
        )}
      </Facts>
    </Panel>
  );
}

function Now({ service }: { service: Service }) {
  if (service.worst_severity === null) {
    return (
      <span className="inline-flex items-center gap-1.5">
        <OkGlyph /> nothing open
      </span>
    );
  }
  return (
    <span className="flex flex-wrap items-center gap-x-3">
      <Severity level={service.worst_severity} />
      <Link to="/incidents" search={{ q: `state:open service:${service.name}` }} className="link">
        {count(service.open_incidents, "incident")}
      </Link>
    </span>
  );
}

function Integrations({ service }: { service: Service }) {
  const { integrations } = service;
  if (integrations.length === 0) {
    const example = `integrations:\n  - { name: alertmanager, type: alertmanager }`;
    return (
      <Panel title="Integrations" flush>
        <Empty title="No integration yet">
          <p>
            Add one to this service in your configuration and run <code>muster apply</code>. Types: pagerduty,
            alertmanager, prometheus, generic, email.
          </p>
          <Code text={example} label="Example of an integration" />
          <CopyButton text={example} label="Copy the example integration" />
        </Empty>
      </Panel>
    );
  }
  return (
    <Panel title="Integrations" flush>
      <Tabs.Root defaultValue={integrations[0]?.name}>
        <Tabs.List aria-label="Integrations" className="flex overflow-x-auto border-b px-1">
          {integrations.map(({ name }) => (
            <Tabs.Trigger
              key={name}
              value={name}
              className="tap -mb-px min-h-10 shrink-0 border-b-2 border-transparent px-3 whitespace-nowrap text-muted -outline-offset-2 data-[state=active]:border-text data-[state=active]:font-semibold data-[state=active]:text-text"
            >
              {name}
            </Tabs.Trigger>
          ))}
        </Tabs.List>
        {integrations.map((integration) => (
          <Tabs.Content key={integration.name} value={integration.name} className="p-4 -outline-offset-2">
            <IntegrationBody service={service.name} integration={integration} />
          </Tabs.Content>
        ))}
      </Tabs.Root>
    </Panel>
  );
}

function IntegrationBody({ service, integration }: { service: string; integration: Integration }) {
  const session = useQuery(queries.session());
  const publicUrl = session.data?.public_url || window.location.origin;
  return (
    <div className="flex min-w-0 flex-col gap-6">
      <Facts>
        <Fact name="Type">
          <Tag>{integration.type}</Tag>
        </Fact>
        <Fact name="Key">
          <span className="flex flex-wrap items-center gap-2">
            <code className="text-13">{integration.key}</code>
            <CopyButton text={integration.key} label={`Copy the key of ${integration.name}`} />
          </span>
        </Fact>
        <Fact name="Last heard">
          {integration.last_received_at ? (
            <Time at={integration.last_received_at} focusable />
          ) : (
            "never: send a test, then paste a snippet into your monitoring"
          )}
        </Fact>
      </Facts>
      <TestAlert service={service} integration={integration.name} />
      <Link
        to="/workbench"
        search={{ integration: `${service}/${integration.name}` }}
        className="link tap inline-flex items-center self-start"
      >
        Try a message on the workbench, without paging anybody
      </Link>
      {snippets(integration, publicUrl).map((snippet) => (
        <div key={snippet.title}>
          <div className="mb-2 flex items-end justify-between gap-2">
            <div>
              <h3 className="font-semibold">{snippet.title}</h3>
              <p className="text-13 text-muted">{snippet.where}</p>
            </div>
            <CopyButton text={snippet.text} label={`Copy: ${snippet.title}`} />
          </div>
          <Code text={snippet.text} label={snippet.title} />
        </div>
      ))}
    </div>
  );
}
