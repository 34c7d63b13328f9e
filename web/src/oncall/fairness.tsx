/**
 * Fairness: what being on call, and holding roles in incidents, cost whom in a
 * period, and what the plan ahead will. Figures of others are for those who lead them; sums are for everybody.
 */
import { useQuery } from "@tanstack/react-query";
import { Download } from "lucide-react";
import { useState } from "react";
import * as queries from "@/api/queries";
import type { PersonLoad } from "@/api/types";
import { Empty, Panel, ScreenHead, Shown } from "@/ui/block";
import { Button } from "@/ui/button";
import { nowMs } from "@/ui/clock";
import { type Columns, exportRows } from "@/ui/csv";
import { SelectField, TextField } from "@/ui/form";
import { useZone } from "@/ui/time";
import { instantOf, wallClock } from "@/ui/zoned";

const DAY_MS = 86_400_000;
const HOUR_SECONDS = 3_600;

const PERIODS = {
  past: "The last four weeks",
  quarter: "The last twelve weeks",
  ahead: "The next four weeks, as planned",
  "quarter-ahead": "The next twelve weeks, as planned",
  chosen: "From and to",
} as const;
type Period = keyof typeof PERIODS;

const COLUMNS: Columns<PersonLoad> = {
  user: ({ user }) => user,
  full_name: ({ full_name }) => full_name,
  shifts: ({ shifts }) => shifts,
  on_call_seconds: ({ on_call_seconds }) => on_call_seconds,
  nights: ({ nights }) => nights,
  night_seconds: ({ night_seconds }) => night_seconds,
  weekend_days: ({ weekend_days }) => weekend_days,
  weekend_seconds: ({ weekend_seconds }) => weekend_seconds,
  holidays: ({ holidays }) => holidays,
  holiday_seconds: ({ holiday_seconds }) => holiday_seconds,
  pages: ({ pages }) => pages,
  night_pages: ({ night_pages }) => night_pages,
  call_outs: ({ call_outs }) => call_outs,
  roles: ({ roles }) =>
    roles.map(({ role, held_seconds, incidents }) => `${role} ${held_seconds} s in ${incidents}`).join("; "),
  said_average: ({ said_average }) => said_average,
  said: ({ said }) => said.map(({ score, comment }) => `${score} ${comment}`.trim()).join("; "),
};

/** What the table shows; nothing where nobody said. */
const SHOWN: [string, (load: PersonLoad) => number | null][] = [
  ["Hours", ({ on_call_seconds }) => on_call_seconds / HOUR_SECONDS],
  ["Nights", ({ nights }) => nights],
  ["Weekend days", ({ weekend_days }) => weekend_days],
  ["Holidays", ({ holidays }) => holidays],
  ["Pages", ({ pages }) => pages],
  ["At night", ({ night_pages }) => night_pages],
  ["How heavy (1 to 5)", ({ said_average }) => said_average],
];

function span(period: Period, now: number, zone: string, from: string, to: string): [number, number] {
  switch (period) {
    case "past":
      return [now - 28 * DAY_MS, now];
    case "quarter":
      return [now - 84 * DAY_MS, now];
    case "ahead":
      return [now, now + 28 * DAY_MS];
    case "quarter-ahead":
      return [now, now + 84 * DAY_MS];
    case "chosen":
      return [instantOf(`${from}T00:00`, zone), instantOf(`${to}T00:00`, zone)];
  }
}

export default function FairnessScreen() {
  const zone = useZone();
  // What is over when the screen is opened counts; the period does not move under the reader.
  const [now] = useState(nowMs);
  const day = (offset: number) => wallClock(now + offset * DAY_MS, zone).slice(0, 10);
  const [period, setPeriod] = useState<Period>("past");
  const [bounds, setBounds] = useState<[string, string]>(() => [day(-28), day(0)]);
  const [schedule, setSchedule] = useState("");
  const [team, setTeam] = useState("");
  const schedules = useQuery(queries.onCall());
  const teams = useQuery(queries.teams());
  const [from, to] = span(period, now, zone, ...bounds);
  const known = Number.isFinite(from) && Number.isFinite(to) && from < to;
  const report = useQuery({
    ...queries.onCallReport({
      from: known ? new Date(from).toISOString() : "",
      to: known ? new Date(to).toISOString() : "",
      ...(schedule ? { schedule } : {}),
      ...(team ? { team } : {}),
    }),
    enabled: known,
  });
  return (
    <>
      <ScreenHead title="Fairness">
        <Button onClick={() => exportRows("fairness", report.data?.people ?? [], COLUMNS)}>
          <Download className="size-4" aria-hidden="true" /> CSV
        </Button>
      </ScreenHead>
      <div className="mb-4 grid gap-3 sm:grid-cols-3">
        <SelectField
          label="Period"
          value={period}
          onChange={(event) => setPeriod(event.target.value as Period)}
        >
          {Object.entries(PERIODS).map(([value, words]) => (
            <option key={value} value={value}>
              {words}
            </option>
          ))}
        </SelectField>
        <SelectField label="Schedule" value={schedule} onChange={(event) => setSchedule(event.target.value)}>
          <option value="">All schedules</option>
          {(schedules.data?.items ?? []).map(({ schedule: name }) => (
            <option key={name}>{name}</option>
          ))}
        </SelectField>
        <SelectField label="Team" value={team} onChange={(event) => setTeam(event.target.value)}>
          <option value="">All teams</option>
          {(teams.data?.items ?? []).map(({ name }) => (
            <option key={name}>{name}</option>
          ))}
        </SelectField>
        {period === "chosen" ? (
          <>
            <TextField
              label="From"
              type="date"
              value={bounds[0]}
              onChange={(event) => setBounds([event.target.value, bounds[1]])}
            />
            <TextField
              label="Up to, but without"
              type="date"
              value={bounds[1]}
              onChange={(event) => setBounds([bounds[0], event.target.value])}
            />
          </>
        ) : null}
      </div>
      {known ? (
        <Shown read={report} what="the figures">
          {({ people, people_count, others_hidden }) => (
            <Panel title={`${people_count} ${people_count === 1 ? "person" : "people"} on call`} flush>
              {people.length === 0 ? (
                <Empty title={others_hidden ? "The figures are not for you" : "Nobody was on call"}>
                  <p>Figures of a person are for that person and those who lead them.</p>
                </Empty>
              ) : (
                <>
                  <Figures people={people} />
                  {schedule ? null : <ByRole people={people} />}
                </>
              )}
              {others_hidden && people.length > 0 ? (
                <p className="px-4 py-2 text-13 text-muted">
                  Figures of others are left out: they are for those who lead them.
                </p>
              ) : null}
            </Panel>
          )}
        </Shown>
      ) : (
        <p role="alert">The end must be after the beginning.</p>
      )}
      <p className="mt-3 text-13 text-muted">
        Nights (22:00 to 06:00), weekends and holidays go by each person's own clocks. What lies ahead is
        counted as planned, so a draft shows here once it is published; its editor shows before what it
        changes.
      </p>
    </>
  );
}

/** Each figure with a bar: its share of the highest one, so that the eye compares. */
function Figures({ people }: { people: PersonLoad[] }) {
  const most = SHOWN.map(([, figure]) => Math.max(0, ...people.map((person) => figure(person) ?? 0)));
  return (
    <section
      // biome-ignore lint/a11y/noNoninteractiveTabindex: a scrolling region must be reachable by keyboard.
      tabIndex={0}
      aria-label="Figures by person"
      className="overflow-x-auto"
    >
      <table className="w-full min-w-[46rem] text-left tabular-nums [overflow-wrap:normal]">
        <thead>
          <tr className="text-13 text-muted">
            <th scope="col" className="sticky left-0 bg-surface px-4 py-2 font-medium">
              Who
            </th>
            {SHOWN.map(([name]) => (
              <th key={name} scope="col" className="px-3 py-2 text-right font-medium">
                {name}
              </th>
            ))}
          </tr>
        </thead>
        <tbody className="divide-y">
          {people.map((person) => (
            <tr key={person.user}>
              <th scope="row" className="sticky left-0 bg-surface px-4 py-2 font-medium">
                {person.full_name || person.user}
              </th>
              {SHOWN.map(([name, figure], place) => (
                <td key={name} className="px-3 py-2 text-right">
                  {figure(person)?.toLocaleString("en", { maximumFractionDigits: 1 }) ?? "–"}
                  <span
                    aria-hidden="true"
                    className="mt-1 ml-auto block h-1 rounded bg-current opacity-40"
                    style={{ width: `${most[place] ? (100 * (figure(person) ?? 0)) / most[place] : 0}%` }}
                  />
                </td>
              ))}
            </tr>
          ))}
        </tbody>
      </table>
    </section>
  );
}

/** Who carried which role in incidents: who always leads shows here before they are tired of it. */
function ByRole({ people }: { people: PersonLoad[] }) {
  const rows = people.flatMap((person) => person.roles.map((role) => ({ person, role })));
  if (rows.length === 0) {
    return <p className="border-t px-4 py-2 text-13 text-muted">Nobody held a role in an incident.</p>;
  }
  const most = (role: string) =>
    Math.max(...rows.filter((row) => row.role.role === role).map((row) => row.role.held_seconds));
  const hours = (seconds: number) =>
    (seconds / HOUR_SECONDS).toLocaleString("en", { maximumFractionDigits: 1 });
  return (
    <section
      // biome-ignore lint/a11y/noNoninteractiveTabindex: a scrolling region must be reachable by keyboard.
      tabIndex={0}
      aria-label="Roles in incidents by person"
      className="overflow-x-auto border-t"
    >
      <h2 className="flex min-h-10 items-center border-b px-4 font-semibold">What they did in incidents</h2>
      <table className="w-full min-w-[34rem] text-left tabular-nums [overflow-wrap:normal]">
        <thead>
          <tr className="text-13 text-muted">
            <th scope="col" className="sticky left-0 bg-surface px-4 py-2 font-medium">
              Who
            </th>
            <th scope="col" className="px-3 py-2 font-medium">
              As
            </th>
            {["Incidents", "Hours held", "At night"].map((name) => (
              <th key={name} scope="col" className="px-3 py-2 text-right font-medium">
                {name}
              </th>
            ))}
          </tr>
        </thead>
        <tbody className="divide-y">
          {rows.map(({ person, role }) => (
            <tr key={`${person.user} ${role.role}`}>
              <th scope="row" className="sticky left-0 bg-surface px-4 py-2 font-medium">
                {person.full_name || person.user}
              </th>
              <td className="px-3 py-2">{role.title}</td>
              <td className="px-3 py-2 text-right">{role.incidents}</td>
              <td className="px-3 py-2 text-right">
                {hours(role.held_seconds)}
                <span
                  aria-hidden="true"
                  className="mt-1 ml-auto block h-1 rounded bg-current opacity-40"
                  style={{ width: `${(100 * role.held_seconds) / (most(role.role) || 1)}%` }}
                />
              </td>
              <td className="px-3 py-2 text-right">{hours(role.night_seconds)}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </section>
  );
}
