/** The figures of a span of time: how many, how long, what it cost; each leads to the rows behind it. */
import { useQuery } from "@tanstack/react-query";
import { getRouteApi, Link } from "@tanstack/react-router";
import clsx from "clsx";
import { useMemo } from "react";
import * as queries from "@/api/queries";
import type { Distribution, FieldFigures, IncidentReport } from "@/api/types";
import { queryOf } from "@/incident/fields";
import { Empty, Panel, ScreenHead, Shown } from "@/ui/block";
import { nowMs } from "@/ui/clock";
import { exportRows } from "@/ui/csv";
import { count, duration, money, span } from "@/ui/format";
import { Severity } from "@/ui/glyph";
import { Cell, CsvButton, Head, Scroller } from "@/ui/table";
import { Time } from "@/ui/time";

const route = getRouteApi("/reports");
const SPANS = [7, 30, 90, 365];
const DEFAULT_DAYS = 30;
const HOUR_MS = 3_600_000;

export default function Reports() {
  const { days = DEFAULT_DAYS, service, group } = route.useSearch();
  const navigate = route.useNavigate();
  // To the hour, so that moving about the app does not ask a new question each time.
  const range = useMemo(() => {
    const to = Math.ceil(nowMs() / HOUR_MS) * HOUR_MS;
    return { from: new Date(to - days * 24 * HOUR_MS).toISOString(), to: new Date(to).toISOString() };
  }, [days]);
  const report = useQuery(queries.incidentReport({ ...range, service, group }));
  return (
    <>
      <ScreenHead title="Reports">
        <fieldset className="flex gap-1.5">
          <legend className="sr-only">Span of time</legend>
          {SPANS.map((length) => (
            <button
              key={length}
              type="button"
              aria-pressed={length === days}
              onClick={() => void navigate({ search: { days: length, service, group }, replace: true })}
              className={clsx(
                "tap rounded-sm border px-2.5 text-13",
                length === days ? "border-text bg-raised font-semibold" : "border-edge hover:bg-raised",
              )}
            >
              {length === 365 ? "1 year" : `${length} days`}
            </button>
          ))}
        </fieldset>
      </ScreenHead>
      {(service ?? group) ? (
        <p className="mb-3">
          Only <strong className="font-semibold">{service ?? `the group ${group}`}</strong>.{" "}
          <Link to="/reports" search={{ days }} className="link">
            Every service
          </Link>
        </p>
      ) : null}
      <Shown read={report} what="the figures">
        {(data) => (data.count === 0 ? <None /> : <Body report={data} days={days} />)}
      </Shown>
    </>
  );
}

function None() {
  return (
    <div className="panel">
      <Empty title="No incident in this span">
        <p>Choose a longer one, or enjoy it.</p>
      </Empty>
    </div>
  );
}

function Body({ report, days }: { report: IncidentReport; days: number }) {
  const between = report.mean_time_between_failures_seconds;
  return (
    <div className="grid items-start gap-4 xl:grid-cols-2">
      <Panel title="In all">
        <dl className="grid grid-cols-2 gap-4 sm:grid-cols-3">
          <Figure name="Incidents" value={String(report.count)} />
          <Figure name="Still open" value={String(report.open)} />
          <Figure name="Cost" value={amounts(report.cost)} />
          {report.losses.length > 0 ? <Figure name="Of it, losses" value={amounts(report.losses)} /> : null}
          <Figure name="Between failures, mean" value={between === null ? "not known" : duration(between)} />
        </dl>
        <p className="mt-4 text-13 text-muted">
          From <Time at={report.from} show="clock" /> until today, <Time at={report.to} show="clock" />
        </p>
      </Panel>
      <Panel title="By severity">
        <ul className="flex flex-col gap-1">
          {report.by_severity.map((row) => (
            <li key={row.severity}>
              <Link
                to="/incidents"
                search={{ q: `sev:${row.severity}` }}
                className="tap -mx-2 flex items-center gap-3 rounded-sm px-2 hover:bg-raised"
              >
                <span className="w-32 shrink-0">
                  <Severity level={row.severity} />
                </span>
                <Bar part={row.count} whole={Math.max(...report.by_severity.map((each) => each.count))} />
                <span className="w-10 shrink-0 text-right">{row.count}</span>
              </Link>
            </li>
          ))}
        </ul>
      </Panel>
      <Times report={report} />
      <ByService report={report} days={days} />
      {report.by_group.length > 0 ? <ByGroup report={report} days={days} /> : null}
      {report.by_field.map((figures) => (
        <ByField key={figures.field} figures={figures} />
      ))}
    </div>
  );
}

function amounts(all: IncidentReport["cost"]): string {
  return all.length === 0 ? "not set" : all.map(({ amount, currency }) => money(amount, currency)).join(", ");
}

function Figure({ name, value }: { name: string; value: string }) {
  return (
    <div>
      <dt className="text-13 text-muted">{name}</dt>
      <dd className="text-24 font-semibold">{value}</dd>
    </div>
  );
}

/** Length says the number; the number stands beside it. */
function Bar({ part, whole }: { part: number; whole: number }) {
  return (
    <svg
      viewBox="0 0 100 8"
      preserveAspectRatio="none"
      className="h-3 min-w-0 flex-1 text-muted"
      aria-hidden="true"
    >
      <rect width="100" height="8" fill="var(--raised)" />
      <rect width={whole > 0 ? (part / whole) * 100 : 0} height="8" fill="currentColor" />
    </svg>
  );
}

function Times({ report }: { report: IncidentReport }) {
  const rows: [string, Distribution][] = [
    ["To detect", report.time_to_detect],
    ["To acknowledge", report.time_to_acknowledge],
    ["To restore", report.time_to_restore],
    ["To resolve", report.time_to_resolve],
  ];
  const longest = Math.max(...rows.map(([, row]) => row.p95_seconds ?? 0), 1);
  const said = (seconds: number | null) => (seconds === null ? "–" : span(seconds));
  const csv = () =>
    exportRows("times", rows, {
      figure: ([name]) => name,
      count: ([, row]) => row.count,
      mean_seconds: ([, row]) => row.mean_seconds,
      p50_seconds: ([, row]) => row.p50_seconds,
      p90_seconds: ([, row]) => row.p90_seconds,
      p95_seconds: ([, row]) => row.p95_seconds,
    });
  return (
    <Panel title="How long it took" flush aside={<CsvButton onClick={csv} />}>
      <Scroller label="Table of times">
        <thead>
          <tr className="text-13 text-muted">
            <Head>Time</Head>
            <Head right>Of</Head>
            <Head right>Mean</Head>
            <Head right>Half under</Head>
            <Head right>90 % under</Head>
            <Head right>95 % under</Head>
          </tr>
        </thead>
        <tbody className="divide-y border-t">
          {rows.map(([name, row]) => (
            <tr key={name}>
              <th scope="row" className="px-4 py-2 text-left font-medium">
                {name}
                <Spread row={row} longest={longest} />
              </th>
              <Cell>{row.count}</Cell>
              <Cell>{said(row.mean_seconds)}</Cell>
              <Cell>{said(row.p50_seconds)}</Cell>
              <Cell>{said(row.p90_seconds)}</Cell>
              <Cell>{said(row.p95_seconds)}</Cell>
            </tr>
          ))}
        </tbody>
      </Scroller>
    </Panel>
  );
}

/** Solid to the half, lighter to 90 in a hundred, outlined to 95. */
function Spread({ row, longest }: { row: Distribution; longest: number }) {
  const x = (seconds: number | null) => ((seconds ?? 0) / longest) * 100;
  return (
    <svg
      viewBox="0 0 100 6"
      preserveAspectRatio="none"
      className="mt-1 h-2 w-full min-w-24"
      aria-hidden="true"
    >
      <rect width={x(row.p95_seconds)} height="6" fill="var(--raised)" />
      <rect width={x(row.p90_seconds)} height="6" fill="var(--edge)" />
      <rect width={x(row.p50_seconds)} height="6" fill="var(--text)" />
    </svg>
  );
}

function ByService({ report, days }: { report: IncidentReport; days: number }) {
  const rows = [...report.by_service].sort((a, b) => b.outage_seconds - a.outage_seconds);
  const csv = () =>
    exportRows("services", rows, {
      service: (row) => row.service,
      incidents: (row) => row.count,
      outage_seconds: (row) => row.outage_seconds,
      cost: (row) => row.cost?.amount,
      currency: (row) => row.cost?.currency,
    });
  return (
    <Panel title="By service" flush aside={<CsvButton onClick={csv} />}>
      <Scroller label="Table of services">
        <thead>
          <tr className="text-13 text-muted">
            <Head>Service</Head>
            <Head right>Incidents</Head>
            <Head right>Outage</Head>
            <Head right>Cost</Head>
          </tr>
        </thead>
        <tbody className="divide-y border-t">
          {rows.map((row) => (
            <tr key={row.service ?? ""}>
              <th scope="row" className="px-4 py-2 text-left font-medium">
                {row.service ? (
                  <Link to="/reports" search={{ days, service: row.service }} className="link">
                    {row.service}
                  </Link>
                ) : (
                  "no service"
                )}
              </th>
              <Cell>
                {row.service ? (
                  <Link
                    to="/incidents"
                    search={{ q: `service:${row.service}` }}
                    className="link"
                    aria-label={`${count(row.count, "incident")} of ${row.service}`}
                  >
                    {row.count}
                  </Link>
                ) : (
                  row.count
                )}
              </Cell>
              <Cell>{row.outage_seconds > 0 ? duration(row.outage_seconds) : "none"}</Cell>
              <Cell>{row.cost ? money(row.cost.amount, row.cost.currency) : "not set"}</Cell>
            </tr>
          ))}
        </tbody>
      </Scroller>
    </Panel>
  );
}

function ByGroup({ report, days }: { report: IncidentReport; days: number }) {
  const csv = () =>
    exportRows("service-groups", report.by_group, {
      group: (row) => row.group,
      incidents: (row) => row.count,
      outage_seconds: (row) => row.outage_seconds,
    });
  return (
    <Panel title="By service group" flush aside={<CsvButton onClick={csv} />}>
      <Scroller label="Table of service groups">
        <thead>
          <tr className="text-13 text-muted">
            <Head>Group</Head>
            <Head right>Incidents</Head>
            <Head right>Outage</Head>
          </tr>
        </thead>
        <tbody className="divide-y border-t">
          {report.by_group.map((row) => (
            <tr key={row.group}>
              <th scope="row" className="px-4 py-2 text-left font-medium">
                <Link to="/reports" search={{ days, group: row.group }} className="link">
                  {row.group}
                </Link>
              </th>
              <Cell>{row.count}</Cell>
              <Cell>{row.outage_seconds > 0 ? duration(row.outage_seconds) : "none"}</Cell>
            </tr>
          ))}
        </tbody>
      </Scroller>
    </Panel>
  );
}

function ByField({ figures }: { figures: FieldFigures }) {
  const csv = () =>
    exportRows(figures.field, figures.values, {
      value: (row) => row.value,
      incidents: (row) => row.count,
      outage_seconds: (row) => row.outage_seconds,
    });
  return (
    <Panel title={`By ${figures.title}`} flush aside={<CsvButton onClick={csv} />}>
      <Scroller label={`Table of ${figures.title}`}>
        <thead>
          <tr className="text-13 text-muted">
            <Head>{figures.title}</Head>
            <Head right>Incidents</Head>
            <Head right>Outage</Head>
          </tr>
        </thead>
        <tbody className="divide-y border-t">
          {figures.values.map((row) => (
            <tr key={row.value ?? ""}>
              <th scope="row" className="max-w-80 px-4 py-2 text-left font-medium break-words">
                {row.value ?? "not filled in"}
              </th>
              <Cell>
                <Link
                  to="/incidents"
                  search={{ q: queryOf(figures.field, row.value ?? "none") }}
                  className="link"
                  aria-label={`${count(row.count, "incident")}, ${figures.title} ${row.value ?? "not filled in"}`}
                >
                  {row.count}
                </Link>
              </Cell>
              <Cell>{row.outage_seconds > 0 ? duration(row.outage_seconds) : "none"}</Cell>
            </tr>
          ))}
        </tbody>
      </Scroller>
    </Panel>
  );
}
