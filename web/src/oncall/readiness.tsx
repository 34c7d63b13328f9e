/** The readiness board: who can be woken, what is not covered in the weeks ahead, when the clocks change. */
import { useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { Download } from "lucide-react";
import type { ReactNode } from "react";
import * as queries from "@/api/queries";
import type { CoverageFinding, PersonReadiness, Readiness, ServiceReadiness } from "@/api/types";
import { Empty, Panel, ScreenHead, Shown, Tag } from "@/ui/block";
import { Button } from "@/ui/button";
import { type Columns, exportRows } from "@/ui/csv";
import { count } from "@/ui/format";
import { Time } from "@/ui/time";
import { OpenHandoffs } from "./handoff";

const COLUMNS: Columns<PersonReadiness> = {
  user: (row) => row.user,
  full_name: (row) => row.full_name,
  teams: (row) => row.teams.join(" "),
  schedules: (row) => row.schedules.join(" "),
  has_critical_method: (row) => String(row.has_critical_method),
  heard_lately: (row) => String(row.heard_lately),
  advice: (row) => row.advice.join("; "),
};

export default function ReadinessScreen() {
  const readiness = useQuery(queries.readiness());
  return (
    <>
      <ScreenHead title="Readiness">
        <Button onClick={() => exportRows("readiness", readiness.data?.people ?? [], COLUMNS)}>
          <Download className="size-4" aria-hidden="true" /> CSV
        </Button>
      </ScreenHead>
      <Shown read={readiness} what="the board">
        {(board) => (
          <div className="flex flex-col gap-4">
            <Score board={board} />
            <OpenHandoffs />
            <Findings weeks={board.weeks} />
            <People people={board.people} />
            <div className="grid items-start gap-4 lg:grid-cols-2">
              <Services services={board.services} />
              <Teams board={board} />
            </div>
            <Clocks board={board} />
          </div>
        )}
      </Shown>
    </>
  );
}

function Score({ board: { score, people } }: { board: Readiness }) {
  const ready = people.filter(({ has_critical_method }) => has_critical_method).length;
  const figures: [string, string][] = [
    [`${score.anybody_percent} %`, `of the next ${score.weeks} weeks every policy reaches somebody`],
    [`${score.first_step_percent} %`, "of them by its first step"],
    [`${ready} of ${people.length}`, "people would be woken by an urgent page"],
  ];
  return (
    <dl className="grid gap-4 sm:grid-cols-3">
      {figures.map(([figure, words]) => (
        <div key={words} className="panel flex flex-col-reverse p-4">
          <dt className="text-13 text-muted">{words}</dt>
          <dd className="text-32 font-semibold">{figure}</dd>
        </div>
      ))}
    </dl>
  );
}

const SHOWN_MAX = 20;
const WEIGHTS: Record<string, string> = { gap: "gap", risk: "risk", notice: "notice" };

function Findings({ weeks }: { weeks: number }) {
  const coverage = useQuery(queries.coverage(weeks));
  return (
    <Panel title={`What the next ${weeks} weeks lack`} flush>
      <Shown read={coverage} what="the proof">
        {({ items }) =>
          items.length === 0 ? (
            <Empty title="Somebody is reached at every instant">
              <p>Every policy was followed through every handoff ahead.</p>
            </Empty>
          ) : (
            <>
              <ul className="divide-y">
                {folded(items)
                  .slice(0, SHOWN_MAX)
                  .map(({ finding, times }) => (
                    <li
                      key={JSON.stringify(finding)}
                      className="flex flex-wrap items-baseline gap-x-3 gap-y-1 px-4 py-2"
                    >
                      <Tag>{WEIGHTS[finding.weight] ?? finding.weight}</Tag>
                      <Link
                        to="/policies/$name"
                        params={{ name: finding.policy }}
                        className="link font-medium"
                      >
                        {finding.policy}
                      </Link>
                      <span className="text-13 text-muted">
                        {finding.severities.map((level) => `SEV${level}`).join(", ")}
                      </span>
                      <span className="min-w-0 flex-1 basis-60">{finding.words}</span>
                      <Span finding={finding} />
                      {times > 1 ? (
                        <span className="text-13 text-muted">and {count(times - 1, "more time")}</span>
                      ) : null}
                    </li>
                  ))}
              </ul>
              {folded(items).length > SHOWN_MAX ? (
                <p className="border-t px-4 py-2 text-muted">and {folded(items).length - SHOWN_MAX} more</p>
              ) : null}
            </>
          )
        }
      </Shown>
    </Panel>
  );
}

/** The same trouble at several times is one row, at its first time. */
function folded(items: CoverageFinding[]): { finding: CoverageFinding; times: number }[] {
  const rows = new Map<string, { finding: CoverageFinding; times: number }>();
  for (const finding of items) {
    const { policy, trouble, step, user, severities } = finding;
    const key = JSON.stringify([policy, trouble, step, user, severities]);
    const row = rows.get(key);
    if (row) row.times += 1;
    else rows.set(key, { finding, times: 1 });
  }
  return [...rows.values()];
}

function Span({ finding: { from, to } }: { finding: CoverageFinding }) {
  return (
    <span className="text-13 text-muted">
      <Time at={from} show="clock" focusable /> to <Time at={to} show="clock" focusable />
    </span>
  );
}

function People({ people }: { people: PersonReadiness[] }) {
  const sorted = [...people].sort(
    (a, b) => b.advice.length - a.advice.length || a.user.localeCompare(b.user),
  );
  return (
    <Panel title="People" flush>
      <Rows
        head={["Person", "On a rota", "Would be woken", "Heard lately", "To do"]}
        rows={sorted.map((person) => ({
          key: person.user,
          cells: [
            <span key="name">
              <span className="font-semibold">{person.full_name}</span>
              <span className="block text-13 text-muted">{person.user}</span>
            </span>,
            person.schedules.join(", ") || "no",
            person.has_critical_method ? "yes" : "no",
            person.heard_lately ? "yes" : "no",
            person.advice.join("; ") || "ready",
          ],
        }))}
      />
    </Panel>
  );
}

function Services({ services }: { services: ServiceReadiness[] }) {
  return (
    <Panel title="Services" flush>
      <Rows
        head={["Service", "Gaps ahead", "First", "Risks"]}
        rows={services.map((service) => ({
          key: service.service,
          cells: [
            <Link key="name" to="/services/$name" params={{ name: service.service }} className="link">
              {service.service}
            </Link>,
            service.gaps,
            service.next_gap ? <Time key="gap" at={service.next_gap} show="clock" focusable /> : "none",
            service.risks,
          ],
        }))}
      />
    </Panel>
  );
}

function Teams({ board: { teams } }: { board: Readiness }) {
  return (
    <Panel title="Teams" flush>
      <Rows
        head={["Team", "Would be woken", "On a rota", "Gaps ahead"]}
        rows={teams.map((team) => ({
          key: team.team,
          cells: [
            team.team,
            `${team.members_ready} of ${team.members}`,
            `${team.members_on_rota} of ${team.members}`,
            team.gaps,
          ],
        }))}
      />
    </Panel>
  );
}

function Clocks({ board: { clock_changes } }: { board: Readiness }) {
  if (clock_changes.length === 0) return null;
  return (
    <Panel title="Shifts that the clocks make shorter or longer" flush>
      <Rows
        head={["Schedule", "When", "Who", "The day has"]}
        rows={clock_changes.map((change) => ({
          key: `${change.schedule} ${change.at} ${change.timezone}`,
          cells: [
            <Link key="name" to="/schedules/$name" params={{ name: change.schedule }} className="link">
              {change.schedule}
            </Link>,
            <Time key="at" at={change.at} show="clock" focusable />,
            change.users.join(", ") || "nobody",
            `${24 - (change.offset_after_seconds - change.offset_before_seconds) / 3_600} hours`,
          ],
        }))}
      />
    </Panel>
  );
}

interface Row {
  key: string;
  cells: ReactNode[];
}

/** A table that becomes cards of named values where there is no room for columns. */
function Rows({ head, rows }: { head: string[]; rows: Row[] }) {
  if (rows.length === 0) return <Empty title="None yet" />;
  return (
    <table className="w-full text-left">
      <thead className="max-sm:sr-only">
        <tr className="border-b text-13 text-muted">
          {head.map((name) => (
            <th key={name} scope="col" className="px-4 py-2 font-medium">
              {name}
            </th>
          ))}
        </tr>
      </thead>
      <tbody className="divide-y">
        {rows.map(({ key, cells }) => (
          <tr key={key} className="align-baseline max-sm:flex max-sm:flex-col max-sm:py-2">
            {head.map((name, index) => (
              <td key={name} className="px-4 py-1.5 sm:py-2">
                {index > 0 ? <span className="mr-2 text-13 text-muted sm:hidden">{name}:</span> : null}
                {cells[index]}
              </td>
            ))}
          </tr>
        ))}
      </tbody>
    </table>
  );
}
