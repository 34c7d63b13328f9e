/** Every alert, newest first, searchable. */
import { useInfiniteQuery } from "@tanstack/react-query";
import { getRouteApi, Link } from "@tanstack/react-router";
import { Download } from "lucide-react";
import { memo, useCallback } from "react";
import * as queries from "@/api/queries";
import type { Alert } from "@/api/types";
import { Empty, ScreenHead, Shown } from "@/ui/block";
import { Button, buttonClass } from "@/ui/button";
import { type Columns, exportList } from "@/ui/csv";
import { useCursor } from "@/ui/list-keys";
import { More } from "@/ui/more";
import { QueryBox } from "@/ui/query-box";
import { AlertRow } from "./row";

const route = getRouteApi("/alerts");
const DEFAULT_QUERY = "status:open,suppressed";

const COLUMNS: Columns<Alert> = {
  dedup_key: (row) => row.dedup_key,
  summary: (row) => row.summary,
  status: (row) => row.status,
  severity: (row) => row.severity,
  service: (row) => row.service,
  integration: (row) => row.integration,
  count: (row) => row.count,
  incident: (row) => row.incident,
  first_at: (row) => row.first_at,
  last_at: (row) => row.last_at,
  resolved_at: (row) => row.resolved_at,
  not_paged: (row) => row.not_paged,
  decision: (row) => row.decision,
};

export default function Alerts() {
  const { q, focus } = route.useSearch();
  const navigate = route.useNavigate();
  const query = q ?? DEFAULT_QUERY;
  const list = useInfiniteQuery(queries.alerts(query));
  const rows = list.data?.pages.flatMap((page) => page.items) ?? [];
  const setQuery = useCallback(
    (next: string) => void navigate({ search: { q: next }, replace: true }),
    [navigate],
  );
  return (
    <>
      <ScreenHead title="Alerts">
        <Button onClick={() => void exportList("alerts", "/alerts", { query: { q: query } }, COLUMNS)}>
          <Download className="size-4" aria-hidden="true" /> CSV
        </Button>
      </ScreenHead>
      <div className="mb-3 flex">
        <QueryBox
          value={query}
          onChange={setQuery}
          focus={focus}
          label="Search alerts"
          placeholder="status:open service:checkout words"
        />
      </div>
      <Shown read={list} what="alerts">
        {() => (rows.length === 0 ? <None query={query} clear={() => setQuery("")} /> : <Rows rows={rows} />)}
      </Shown>
      <More list={list} />
    </>
  );
}

function Rows({ rows }: { rows: Alert[] }) {
  const { current, setCurrent } = useCursor(rows, () => ({}));
  return (
    <ul className="panel divide-y overflow-hidden" aria-label="Alerts">
      {rows.map((row) => (
        <Row key={row.id} alert={row} current={row.id === current?.id} onCurrent={setCurrent} />
      ))}
    </ul>
  );
}

/** Drawn again only when its own alert or its being current changes: thousands may stand here. */
const Row = memo(function Row({
  alert,
  current,
  onCurrent,
}: {
  alert: Alert;
  current: boolean;
  onCurrent: (id: string) => void;
}) {
  return (
    <li id={`row-${alert.id}`} className="row-lazy" onFocus={() => onCurrent(alert.id)}>
      <AlertRow alert={alert} current={current} />
    </li>
  );
});

function None({ query, clear }: { query: string; clear: () => void }) {
  return (
    <div className="panel">
      {query === "" ? (
        <Empty title="No alert has ever arrived">
          <p>A service's integrations have what your monitoring needs, ready to copy.</p>
          <Link to="/services" className={buttonClass("primary")}>
            Connect your monitoring
          </Link>
        </Empty>
      ) : (
        <Empty title={query === DEFAULT_QUERY ? "No alert is open" : "No alert matches"}>
          <Button onClick={clear}>Show every alert</Button>
        </Empty>
      )}
    </div>
  );
}
