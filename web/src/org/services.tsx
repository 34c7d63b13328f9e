/** Every service and every group of them: what is wrong, whose it is, whether its monitoring speaks. */
import { useQuery } from "@tanstack/react-query";
import { getRouteApi, Link } from "@tanstack/react-router";
import clsx from "clsx";
import { Download } from "lucide-react";
import * as queries from "@/api/queries";
import type { Service, ServiceGroup } from "@/api/types";
import { Code, Empty, ScreenHead, Shown } from "@/ui/block";
import { Button, CopyButton } from "@/ui/button";
import { type Columns, exportRows } from "@/ui/csv";
import { count } from "@/ui/format";
import { OkGlyph, Severity } from "@/ui/glyph";
import { Time } from "@/ui/time";

const route = getRouteApi("/services");

const COLUMNS: Columns<Service> = {
  name: (row) => row.name,
  team: (row) => row.team,
  groups: (row) => row.groups.join(" "),
  tier: (row) => row.tier,
  escalation_policy: (row) => row.escalation_policy,
  open_incidents: (row) => row.open_incidents,
  worst_severity: (row) => row.worst_severity,
  integrations: (row) => row.integrations.map(({ name }) => name).join(" "),
  last_received_at: (row) => lastReceived(row),
};

const SERVICE_EXAMPLE = `services:
  - name: checkout
    team: payments
    tier: 1
    escalation_policy: payments
    integrations:
      - { name: alertmanager, type: alertmanager }`;

export default function Services() {
  const { group } = route.useSearch();
  const services = useQuery(queries.services());
  const shown = (items: Service[]) =>
    group === undefined ? items : items.filter(({ groups }) => groups.includes(group));
  return (
    <>
      <ScreenHead title="Services">
        <Button onClick={() => exportRows("services", shown(services.data?.items ?? []), COLUMNS)}>
          <Download className="size-4" aria-hidden="true" /> CSV
        </Button>
      </ScreenHead>
      <Groups chosen={group} />
      <div className="panel overflow-hidden">
        <Shown read={services} what="services">
          {({ items }) =>
            items.length === 0 ? (
              <Empty title="No service yet">
                <p>
                  Put one into your configuration file and run <code>muster apply -f org.yaml</code>. Its
                  integration gets a key, and this page then has what your monitoring needs.
                </p>
                <Code text={SERVICE_EXAMPLE} label="Example of a service" />
                <CopyButton text={SERVICE_EXAMPLE} label="Copy the example service" />
              </Empty>
            ) : (
              <ul className="divide-y" aria-label={group ? `Services of ${group}` : "Every service"}>
                {shown([...items])
                  .sort(worstFirst)
                  .map((service) => (
                    <ServiceRow key={service.name} service={service} />
                  ))}
              </ul>
            )
          }
        </Shown>
      </div>
    </>
  );
}

/** Each group with the worst of its services; choosing one narrows the list to it. */
function Groups({ chosen }: { chosen: string | undefined }) {
  const groups = useQuery(queries.serviceGroups()).data?.items ?? [];
  if (groups.length === 0) return null;
  return (
    <nav aria-label="Service groups" className="mb-3 flex flex-wrap gap-2">
      {groups.map((group) => (
        <GroupLink key={group.name} group={group} chosen={group.name === chosen} />
      ))}
    </nav>
  );
}

function GroupLink({ group, chosen }: { group: ServiceGroup; chosen: boolean }) {
  return (
    <Link
      to="/services"
      search={{ group: chosen ? undefined : group.name }}
      replace
      aria-current={chosen ? "true" : undefined}
      className={clsx(
        "tap flex min-w-40 flex-col rounded-sm border px-3 py-1.5",
        chosen ? "border-text bg-raised" : "border-edge hover:bg-raised",
      )}
      title={group.description || undefined}
    >
      <span className="font-semibold">{group.name}</span>
      <span className="flex flex-wrap items-center gap-x-2 text-13">
        {group.worst_severity === null ? (
          <span className="inline-flex items-center gap-1.5 text-muted">
            <OkGlyph /> nothing open
          </span>
        ) : (
          <>
            <Severity level={group.worst_severity} />
            <span>{count(group.open_incidents, "incident")}</span>
          </>
        )}
        <span className="text-muted">{count(group.services.length, "service")}</span>
      </span>
    </Link>
  );
}

function ServiceRow({ service }: { service: Service }) {
  const received = lastReceived(service);
  return (
    <li className="relative flex min-h-14 flex-wrap items-center gap-x-4 gap-y-1 px-4 py-2 hover:bg-raised">
      <div className="min-w-0 flex-1">
        <Link
          to="/services/$name"
          params={{ name: service.name }}
          className="font-semibold after:absolute after:inset-0"
        >
          {service.name}
        </Link>
        <p className="text-13 text-muted">
          {[service.team, service.tier === null ? null : `tier ${service.tier}`, ...service.groups]
            .filter(Boolean)
            .join(" · ")}
        </p>
      </div>
      <div className="flex items-center gap-3 md:w-64">
        {service.worst_severity === null ? (
          <span className="inline-flex items-center gap-1.5 text-muted">
            <OkGlyph /> nothing open
          </span>
        ) : (
          <>
            <Severity level={service.worst_severity} />
            <span>{count(service.open_incidents, "incident")}</span>
          </>
        )}
      </div>
      <p className="w-full text-13 text-muted md:w-52 md:text-right">
        {service.integrations.length === 0 ? (
          "no integration yet"
        ) : received ? (
          <>
            heard <Time at={received} show="age" />
          </>
        ) : (
          "monitoring has sent nothing yet"
        )}
      </p>
    </li>
  );
}

function lastReceived(service: Service): string | null {
  const times = service.integrations.flatMap(({ last_received_at }) => last_received_at ?? []);
  return times.sort().at(-1) ?? null;
}

function worstFirst(a: Service, b: Service): number {
  const level = (service: Service) => service.worst_severity ?? Number.POSITIVE_INFINITY;
  return level(a) === level(b) ? a.name.localeCompare(b.name) : level(a) - level(b);
}
