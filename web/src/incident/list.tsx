/** The list of incidents: query, chips, selection, and the keys that work it without a mouse. */
import { useInfiniteQuery } from "@tanstack/react-query";
import { getRouteApi } from "@tanstack/react-router";
import clsx from "clsx";
import { Download } from "lucide-react";
import { lazy, memo, Suspense, useCallback, useEffect, useRef, useState } from "react";
import * as queries from "@/api/queries";
import type { Incident } from "@/api/types";
import { openOverlay } from "@/shell/open";
import { Empty, ScreenHead, Shown } from "@/ui/block";
import { Button } from "@/ui/button";
import { type Columns, exportList } from "@/ui/csv";
import { count } from "@/ui/format";
import { SeverityGlyph } from "@/ui/glyph";
import { useCursor } from "@/ui/list-keys";
import { More } from "@/ui/more";
import { QueryBox } from "@/ui/query-box";
import { severityName } from "@/ui/severity";
import { useCommands } from "./commands";
import { type Move, moves } from "./moves";
import { type Chip, DEFAULT_QUERY, has, SEVERITY_CHIPS, STATE_CHIPS, toggle } from "./query";
import { IncidentRow } from "./row";

const MoveDialog = lazy(() => import("./dialogs"));
const route = getRouteApi("/incidents");

const COLUMNS: Columns<Incident> = {
  number: (row) => row.number,
  title: (row) => row.title,
  status: (row) => row.status,
  severity: (row) => row.severity,
  service: (row) => row.service,
  team: (row) => row.team,
  assignee: (row) => row.assignee,
  alerts: (row) => row.alert_count,
  tags: (row) => row.tags.join(" "),
  fields: (row) => row.fields.map(({ field, value }) => `${field}=${value}`).join("; "),
  practice: (row) => row.practice,
  created_at: (row) => row.created_at,
  acknowledged_at: (row) => row.acknowledged_at,
  restored_at: (row) => row.restored_at,
  resolved_at: (row) => row.resolved_at,
};

export default function Incidents() {
  const search = route.useSearch();
  const navigate = route.useNavigate();
  const query = search.q ?? DEFAULT_QUERY;
  const list = useInfiniteQuery(queries.incidents(query));
  const rows = list.data?.pages.flatMap((page) => page.items) ?? [];
  const setQuery = useCallback(
    (q: string) => void navigate({ search: { q: q === DEFAULT_QUERY ? undefined : q }, replace: true }),
    [navigate],
  );
  useForgetFocus(search.focus, () => void navigate({ search: { q: search.q }, replace: true }));

  return (
    <>
      <ScreenHead title="Incidents">
        <Button onClick={() => void exportList("incidents", "/incidents", { query: { q: query } }, COLUMNS)}>
          <Download className="size-4" aria-hidden="true" /> CSV
        </Button>
      </ScreenHead>
      <div className="mb-3 flex flex-wrap items-center gap-2">
        <QueryBox
          value={query}
          onChange={setQuery}
          focus={search.focus}
          label="Search incidents"
          placeholder="state:open sev:<=2 service:checkout words"
        />
        <Chips query={query} onChange={setQuery} />
      </div>
      <Shown read={list} what="incidents">
        {() =>
          rows.length === 0 ? (
            <div className="panel">
              <NothingFound query={query} clear={() => setQuery(DEFAULT_QUERY)} />
            </div>
          ) : (
            <>
              <Rows rows={rows} />
              <More list={list} />
            </>
          )
        }
      </Shown>
    </>
  );
}

/** The wish to focus the box is used once, so that going back does not repeat it. */
function useForgetFocus(wanted: boolean | undefined, forget: () => void): void {
  const latest = useRef(forget);
  latest.current = forget;
  useEffect(() => {
    if (wanted) latest.current();
  }, [wanted]);
}

function Chips({ query, onChange }: { query: string; onChange: (query: string) => void }) {
  const chip = (group: Chip[], { label, word }: Chip) => (
    <button
      key={word}
      type="button"
      aria-pressed={has(query, word)}
      aria-label={group === SEVERITY_CHIPS ? `Severity ${label} ${severityName(Number(label))}` : undefined}
      onClick={() => onChange(toggle(query, word, group))}
      className={clsx(
        "tap inline-flex items-center justify-center gap-1.5 rounded-sm border px-2.5 text-13",
        has(query, word) ? "border-text bg-raised font-semibold" : "border-edge hover:bg-raised",
      )}
    >
      {group === SEVERITY_CHIPS ? <SeverityGlyph level={Number(label)} /> : label}
    </button>
  );
  return (
    <fieldset className="flex flex-wrap gap-1.5">
      <legend className="sr-only">Filters</legend>
      {STATE_CHIPS.map((each) => chip(STATE_CHIPS, each))}
      <span className="w-1" />
      {SEVERITY_CHIPS.map((each) => chip(SEVERITY_CHIPS, each))}
    </fieldset>
  );
}

function Rows({ rows }: { rows: Incident[] }) {
  const { run, bulk } = useCommands();
  const [selected, setSelected] = useState<ReadonlySet<string>>(new Set());
  const [asking, setAsking] = useState<{ move: Move; incidents: Incident[] } | null>(null);
  const chosen = rows.filter((row) => selected.has(row.id));
  const clear = () => setSelected(new Set());
  const toggleRow = useCallback((id: string) => setSelected((old) => toggled(old, id)), []);

  const acknowledge = (incidents: Incident[]) => {
    const waiting = incidents.filter((incident) => incident.status === "triggered");
    const only = waiting[0];
    if (waiting.length === 1 && only) void run(only, "acknowledge");
    else void bulk(waiting, "acknowledge");
    clear();
  };
  const ask = (move: Move, incidents: Incident[]) => {
    const able = incidents.filter((incident) => moves(incident).includes(move));
    if (able.length > 0) setAsking({ move, incidents: able });
  };
  const { current, setCurrent } = useCursor(rows, (row) => {
    const targets = chosen.length > 0 ? chosen : [row];
    return {
      x: () => toggleRow(row.id),
      a: () => acknowledge(targets),
      r: () => ask("resolve", targets),
      e: () => ask("escalate", [row]),
      s: () => ask("snooze", targets),
    };
  });

  return (
    <>
      <ul className="panel divide-y overflow-hidden" aria-label="Incidents">
        {rows.map((row) => (
          <Row
            key={row.id}
            incident={row}
            current={row.id === current?.id}
            selected={selected.has(row.id)}
            onCurrent={setCurrent}
            onToggle={toggleRow}
          />
        ))}
      </ul>
      {chosen.length > 0 ? (
        <SelectionBar howMany={chosen.length} clear={clear}>
          <Button emphasis="primary" onClick={() => acknowledge(chosen)}>
            Acknowledge
          </Button>
          <Button onClick={() => ask("snooze", chosen)}>Snooze</Button>
          <Button onClick={() => ask("resolve", chosen)}>Resolve</Button>
        </SelectionBar>
      ) : null}
      {asking ? (
        <Suspense fallback={null}>
          <MoveDialog
            {...asking}
            onClose={() => {
              setAsking(null);
              clear();
            }}
          />
        </Suspense>
      ) : null}
    </>
  );
}

function toggled(old: ReadonlySet<string>, id: string): ReadonlySet<string> {
  const next = new Set(old);
  if (!next.delete(id)) next.add(id);
  return next;
}

interface RowProps {
  incident: Incident;
  current: boolean;
  selected: boolean;
  onCurrent: (id: string) => void;
  onToggle: (id: string) => void;
}

/** Drawn again only when something of its own changes: thousands may stand here. */
const Row = memo(function Row({ incident, current, selected, onCurrent, onToggle }: RowProps) {
  const { id } = incident;
  return (
    <li id={`row-${id}`} className="row-lazy" onFocus={() => onCurrent(id)}>
      <IncidentRow
        incident={incident}
        current={current}
        selection={{ selected, toggle: () => onToggle(id) }}
      />
    </li>
  );
});

function SelectionBar({
  howMany,
  clear,
  children,
}: {
  howMany: number;
  clear: () => void;
  children: React.ReactNode;
}) {
  return (
    <div className="sticky bottom-2 z-20 mt-3 flex flex-wrap items-center gap-2 rounded-md border border-edge bg-raised p-2">
      <span role="status" className="px-2 font-semibold">
        {count(howMany, "incident")} selected
      </span>
      <Button emphasis="quiet" onClick={clear}>
        Clear
      </Button>
      <div className="ml-auto flex flex-wrap gap-2">{children}</div>
    </div>
  );
}

function NothingFound({ query, clear }: { query: string; clear: () => void }) {
  if (query !== DEFAULT_QUERY) {
    return (
      <Empty title="No incident matches">
        <p>
          Words are looked for in titles; <code>sev:&lt;=2</code>, <code>service:checkout</code>,{" "}
          <code>team:payments</code>, <code>assignee:ana</code> and <code>status:triggered</code> narrow it.
        </p>
        <Button onClick={clear}>Show what is open</Button>
      </Empty>
    );
  }
  return (
    <Empty title="Nothing is open">
      <p>
        Incidents open by themselves when a monitoring system raises an alert, or when somebody declares one.
      </p>
      <Button onClick={() => openOverlay("declare")}>Declare an incident</Button>
    </Empty>
  );
}
