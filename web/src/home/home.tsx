/** What needs me: what waits for my answer first, then what is open, then who is on call. */
import { useQueries, useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { lazy, Suspense, useState } from "react";
import * as queries from "@/api/queries";
import type { Incident } from "@/api/types";
import { useCommands } from "@/incident/commands";
import type { Move } from "@/incident/moves";
import { IncidentRow } from "@/incident/row";
import { OnCallPanel } from "@/oncall/panel";
import { useKeys } from "@/shell/keys";
import { openOverlay } from "@/shell/open";
import { Panel, Shown, Tag, useDocumentTitle } from "@/ui/block";
import { Button } from "@/ui/button";
import { count } from "@/ui/format";
import { OkGlyph, SeverityGlyph, State } from "@/ui/glyph";
import { useCursor } from "@/ui/list-keys";
import { Countdown, Elapsed } from "@/ui/time";
import { split } from "./mine";

const MoveDialog = lazy(() => import("@/incident/dialogs"));

/** Whose page it is takes one request per incident, so only the worst few are asked about. */
const ASKED_MAX = 8;
const SHOWN_MAX = 20;

export default function Home() {
  useDocumentTitle("Home");
  const session = useQuery(queries.session());
  const open = useQuery(queries.openIncidents());
  const me = session.data?.user.name ?? "";
  const waiting = (open.data?.items ?? []).filter((incident) => incident.status === "triggered");
  const pages = useQueries({
    queries: waiting.slice(0, ASKED_MAX).map((incident) => queries.incidentPages(String(incident.number))),
  });
  const pagedNumbers = new Set(
    waiting
      .filter((_, index) =>
        pages[index]?.data?.items.some((page) => page.user === me && page.state !== "superseded"),
      )
      .map((incident) => incident.number),
  );

  return (
    <>
      <h1 className="sr-only">Home</h1>
      <div className="grid items-start gap-4 lg:grid-cols-[minmax(0,1fr)_22rem]">
        <Shown read={open} what="open incidents">
          {({ items, next }) => <Open {...split(items, me, pagedNumbers)} more={next !== null} />}
        </Shown>
        <OnCallPanel me={me} />
      </div>
    </>
  );
}

function Open({ forMe, mine, others, more }: ReturnType<typeof split> & { more: boolean }) {
  const { run } = useCommands();
  const [asking, setAsking] = useState<{ move: Move; incidents: Incident[] } | null>(null);
  const rows = [...forMe, ...mine, ...others];
  const { current, setCurrent } = useCursor(rows, (row) => ({
    a: () => row.status === "triggered" && void run(row, "acknowledge"),
    r: () => setAsking({ move: "resolve", incidents: [row] }),
    e: () => setAsking({ move: "escalate", incidents: [row] }),
    s: () => setAsking({ move: "snooze", incidents: [row] }),
  }));
  const [first] = forMe;
  useKeys(first && !current ? { a: () => void run(first, "acknowledge") } : {});
  const list = (title: string, incidents: Incident[], end = false) =>
    incidents.length === 0 ? null : (
      <Panel
        title={title}
        flush
        aside={
          end || others.length === 0 ? (
            <Link to="/incidents" className="link text-13">
              All incidents
            </Link>
          ) : null
        }
      >
        <ul className="divide-y">
          {incidents.slice(0, SHOWN_MAX).map((incident) => (
            <li key={incident.id} id={`row-${incident.id}`} onFocus={() => setCurrent(incident.id)}>
              <IncidentRow incident={incident} current={incident.id === current?.id} />
            </li>
          ))}
        </ul>
        {end && (more || incidents.length > SHOWN_MAX) ? (
          <p className="border-t px-4 py-3 text-13 text-muted">
            There are more in the list of all incidents.
          </p>
        ) : null}
      </Panel>
    );
  if (rows.length === 0) return <AllClear />;
  return (
    <div className="flex min-w-0 flex-col gap-4">
      {forMe.map((incident) => (
        <Waiting
          key={incident.id}
          incident={incident}
          onAcknowledge={() => void run(incident, "acknowledge")}
        />
      ))}
      {list("You have these", mine)}
      {list(forMe.length + mine.length > 0 ? "Also open" : "Open incidents", others, true)}
      {asking ? (
        <Suspense fallback={null}>
          <MoveDialog {...asking} onClose={() => setAsking(null)} />
        </Suspense>
      ) : null}
    </div>
  );
}

/** The largest thing on the screen, because it is the most urgent. */
function Waiting({ incident, onAcknowledge }: { incident: Incident; onAcknowledge: () => void }) {
  const { next_at } = incident.paging;
  return (
    <section
      aria-label={`Waiting for you: incident ${incident.number}`}
      className="panel border-2 border-edge p-4 md:p-6"
    >
      <p className="mb-2 flex flex-wrap items-center gap-x-3 gap-y-1">
        <SeverityGlyph level={incident.severity} size="lg" />
        <span className="text-16 font-semibold">{incident.severity_name}</span>
        <State state="triggered" />
        {incident.practice ? <Tag>Practice</Tag> : null}
        <span className="text-muted">
          waits for your answer, <Elapsed from={incident.created_at} />
        </span>
      </p>
      <h2 className="text-24 leading-8 font-semibold md:text-32 md:leading-10">
        <Link
          to="/incidents/$number"
          params={{ number: String(incident.number) }}
          className="hover:underline"
        >
          {incident.title}
        </Link>
      </h2>
      <p className="mt-1 text-muted">
        <span className="font-mono">#{incident.number}</span>
        {incident.service ? ` · ${incident.service}` : ""}
        {incident.alert_count > 0 ? ` · ${count(incident.alert_count, "alert")}` : ""}
        {next_at ? (
          <>
            {" "}
            · next person in <Countdown to={next_at} />
          </>
        ) : null}
      </p>
      <div className="mt-4 flex flex-wrap gap-2">
        <Button
          emphasis="primary"
          className="min-h-16 w-full text-20! font-semibold! md:min-h-14 md:w-auto md:px-10"
          onClick={onAcknowledge}
        >
          Acknowledge
        </Button>
      </div>
    </section>
  );
}

function AllClear() {
  return (
    <section className="panel flex flex-col items-start gap-3 p-6 md:p-10">
      <OkGlyph className="size-12" />
      <h2 className="text-32 font-semibold">All clear</h2>
      <p className="max-w-prose text-muted">
        Nothing is open. If you notice something that no alert has, declare it: a title is enough.
      </p>
      <div className="flex flex-wrap gap-2">
        <Button onClick={() => openOverlay("declare")}>Declare an incident</Button>
        <Link to="/services" className="link tap inline-flex items-center px-2">
          Connect monitoring, send a test alert
        </Link>
      </div>
    </section>
  );
}
