/** The weekly audit of changes: each team and week, and the changes that a figure is of. */
import { useQuery } from "@tanstack/react-query";
import { getRouteApi, Link } from "@tanstack/react-router";
import clsx from "clsx";
import { useMemo } from "react";
import * as queries from "@/api/queries";
import type { AuditedChange, ChangeAudit, ChangeFigures } from "@/api/types";
import type { AuditSearch } from "@/router";
import { Empty, Panel, ScreenHead, Shown, Tag } from "@/ui/block";
import { buttonClass } from "@/ui/button";
import { nowMs } from "@/ui/clock";
import { exportRows } from "@/ui/csv";
import { duration } from "@/ui/format";
import { Cell, CsvButton, Head, Scroller } from "@/ui/table";
import { average, counts, ONLY, type Only, onlyOf, periodOf, SPANS, share, WEEKS_USUAL } from "./audit";
import { words } from "./change";

const route = getRouteApi("/changes/audit");
const NO_TEAM = "no team";

export default function Audit() {
  const search = route.useSearch();
  const weeks = search.weeks ?? WEEKS_USUAL;
  const range = useMemo(() => periodOf(weeks, nowMs()), [weeks]);
  const audit = useQuery(queries.changeAudit({ ...range, changes: true }));
  return (
    <>
      <ScreenHead title="Audit of changes">
        <fieldset className="flex gap-1.5">
          <legend className="sr-only">Span of time</legend>
          {SPANS.map((length) => (
            <Link
              key={length}
              to="/changes/audit"
              search={{ weeks: length }}
              replace
              aria-current={length === weeks ? "true" : undefined}
              className={clsx(
                "tap inline-flex items-center rounded-sm border px-2.5 text-13",
                length === weeks ? "border-text bg-raised font-semibold" : "border-edge hover:bg-raised",
              )}
            >
              {length} weeks
            </Link>
          ))}
        </fieldset>
        <Link to="/changes/replay" className={buttonClass()}>
          Try a policy
        </Link>
      </ScreenHead>
      <Shown read={audit} what="the audit">
        {(data) =>
          data.total.changes === 0 ? (
            <div className="panel">
              <Empty title="No change in this span">
                <p>A change counts in the week in which it began, or was to begin.</p>
                <Link to="/changes" className="link">
                  All changes
                </Link>
              </Empty>
            </div>
          ) : (
            <div className="flex flex-col gap-4 *:min-w-0">
              <Weeks audit={data} search={search} />
              <Behind audit={data} search={search} />
            </div>
          )
        }
      </Shown>
    </>
  );
}

function Weeks({ audit, search }: { audit: ChangeAudit; search: AuditSearch }) {
  const csv = () =>
    exportRows("change-audit", audit.weeks, {
      week: (row) => row.week,
      team: (row) => row.team,
      changes: ({ figures }) => figures.changes,
      planned: ({ figures }) => figures.planned,
      emergent: ({ figures }) => figures.emergent,
      after_the_fact: ({ figures }) => figures.after_the_fact,
      points: ({ figures }) => figures.points,
      points_most: ({ figures }) => figures.points_most,
      notice_asked: ({ figures }) => figures.notice.asked,
      notice_kept: ({ figures }) => figures.notice.kept,
      told_asked: ({ figures }) => figures.customers_told.asked,
      told_kept: ({ figures }) => figures.customers_told.kept,
      schedule_asked: ({ figures }) => figures.schedule.asked,
      schedule_kept: ({ figures }) => figures.schedule.kept,
      sev2_excused: ({ figures }) => figures.sev2_excused,
      sev2_doubted: ({ figures }) => figures.sev2_doubted,
      caused: ({ figures }) => figures.caused,
      caused_outage_seconds: ({ figures }) => figures.caused_outage_seconds,
      mean_seconds: ({ figures }) => figures.time.mean_seconds,
    });
  return (
    <Panel title="By week and team" flush aside={<CsvButton onClick={csv} />}>
      <Scroller label="Table of weeks and teams">
        <thead>
          <tr className="text-13 text-muted">
            <Head>Week and team</Head>
            <Head right>Changes</Head>
            <Head right>Quality of 16</Head>
            <Head right>Notice kept</Head>
            <Head right>Customers told</Head>
            <Head right>On time</Head>
            <Head right>Emergent</Head>
            <Head right>Sev2 doubted</Head>
            <Head right>Caused</Head>
            <Head right>Took</Head>
          </tr>
        </thead>
        <tbody className="divide-y border-t">
          {audit.weeks.map(({ week, team, figures }) => (
            <Row
              key={`${week} ${team}`}
              name={`${week}, ${team ?? NO_TEAM}`}
              at={{ weeks: search.weeks, week, team: team ?? NO_TEAM }}
              figures={figures}
            />
          ))}
        </tbody>
        <tfoot className="border-t">
          <Row name="All together" at={{ weeks: search.weeks }} figures={audit.total} />
        </tfoot>
      </Scroller>
    </Panel>
  );
}

function Row({ name, at, figures }: { name: string; at: AuditSearch; figures: ChangeFigures }) {
  const lead = (only: Only, is: boolean, text: string) =>
    is ? (
      <Link
        to="/changes/audit"
        search={{ ...at, only }}
        hash="behind"
        className="link tap"
        aria-label={`${name}: ${ONLY[only]}, ${text}`}
      >
        {text}
      </Link>
    ) : (
      text
    );
  const missed = ({ asked, kept }: { asked: number; kept: number }) => kept < asked;
  return (
    <tr>
      <th scope="row" className="px-4 py-2 text-left font-medium">
        <Link to="/changes/audit" search={at} hash="behind" className="link tap">
          {name}
        </Link>
      </th>
      <Cell>{figures.changes}</Cell>
      <Cell>{average(figures.points, figures.changes)}</Cell>
      <Cell>{lead("notice", missed(figures.notice), share(figures.notice))}</Cell>
      <Cell>{lead("told", missed(figures.customers_told), share(figures.customers_told))}</Cell>
      <Cell>{lead("schedule", missed(figures.schedule), share(figures.schedule))}</Cell>
      <Cell>{lead("emergent", figures.emergent > 0, String(figures.emergent))}</Cell>
      <Cell>
        {lead("doubted", figures.sev2_doubted > 0, `${figures.sev2_doubted} of ${figures.sev2_excused}`)}
      </Cell>
      <Cell>
        {lead(
          "caused",
          figures.caused > 0,
          figures.caused === 0 ? "none" : `${figures.caused}, ${duration(figures.caused_outage_seconds)}`,
        )}
      </Cell>
      <Cell>{figures.time.mean_seconds === null ? "–" : duration(figures.time.mean_seconds)}</Cell>
    </tr>
  );
}

function Behind({ audit, search }: { audit: ChangeAudit; search: AuditSearch }) {
  const only = onlyOf(search.only);
  const rows = (audit.changes ?? []).filter(
    (one) =>
      (search.week === undefined || one.week === search.week) &&
      (search.team === undefined || (one.team ?? NO_TEAM) === search.team) &&
      counts(one, only),
  );
  const where = [search.week, search.team].filter(Boolean).join(", ");
  const title = `Changes${only ? ` ${ONLY[only]}` : ""}${where ? `: ${where}` : ""}`;
  const csv = () =>
    exportRows("audited-changes", rows, {
      change: (row) => `CHG-${row.number}`,
      title: (row) => row.title,
      week: (row) => row.week,
      team: (row) => row.team,
      points: (row) => row.points,
      notice: (row) => row.notice,
      customers_told: (row) => row.customers_told,
      schedule: (row) => row.schedule,
      emergent: (row) => row.emergent,
      sev2: (row) => row.excuse?.incident,
      doubts: (row) => row.excuse?.because.join("; "),
      caused: (row) => row.caused.join(" "),
      caused_outage_seconds: (row) => row.caused_outage_seconds,
    });
  return (
    <section id="behind">
      <Panel title={title} flush aside={<CsvButton onClick={csv} />}>
        {rows.length === 0 ? (
          <Empty title="No such change">
            <Link to="/changes/audit" search={{ weeks: search.weeks }} className="link">
              Show all of them
            </Link>
          </Empty>
        ) : (
          <ul className="divide-y" aria-label={title}>
            {rows.map((one) => (
              <Change key={one.number} change={one} />
            ))}
          </ul>
        )}
      </Panel>
    </section>
  );
}

function Change({ change }: { change: AuditedChange }) {
  const faults = [
    change.notice === "no" ? "announced too late" : null,
    change.customers_told === "no" ? "customers not told" : null,
    change.schedule === "no" ? "not on time" : null,
    change.emergent ? "emergent" : null,
    change.origin === "planned" ? null : words(change.origin).toLowerCase(),
    change.exception ? `by ${change.exception}` : null,
    change.overrides > 0 ? "went on although something was in its way" : null,
  ].filter((one) => one !== null);
  return (
    <li className="flex flex-col gap-1 px-4 py-2 [overflow-wrap:anywhere]">
      <p className="flex flex-wrap items-center gap-x-2 gap-y-1">
        <span className="font-mono text-muted">CHG-{change.number}</span>
        <Link to="/changes/$number" params={{ number: String(change.number) }} className="link tap">
          {change.title}
        </Link>
        <span className="text-13 text-muted">
          {change.week}, {change.team ?? NO_TEAM}, {change.points} of 16 points
        </span>
        {faults.map((one) => (
          <Tag key={one}>{one}</Tag>
        ))}
      </p>
      {change.excuse ? (
        <p className="text-13">
          Excused by{" "}
          <Link to="/incidents/$number" params={{ number: String(change.excuse.incident) }} className="link">
            incident {change.excuse.incident}
          </Link>
          {change.excuse.because.length > 0
            ? `, which may be doubted: ${change.excuse.because.join("; ")}`
            : null}
        </p>
      ) : null}
      {change.caused.length > 0 ? (
        <p className="text-13">
          Caused{" "}
          {change.caused.map((number) => (
            <Link
              key={number}
              to="/incidents/$number"
              params={{ number: String(number) }}
              className="link mr-1"
            >
              incident {number}
            </Link>
          ))}
          , out for {duration(change.caused_outage_seconds)}
        </p>
      ) : null}
    </li>
  );
}
