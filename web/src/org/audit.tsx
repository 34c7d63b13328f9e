/** Who did what, newest first: a chain of records that only grows. */
import { useInfiniteQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { Download } from "lucide-react";
import * as queries from "@/api/queries";
import type { AuditRecord } from "@/api/types";
import { Code, Empty, ScreenHead, Shown, Tag } from "@/ui/block";
import { Button } from "@/ui/button";
import { type Columns, exportList } from "@/ui/csv";
import { More } from "@/ui/more";
import { Time } from "@/ui/time";

const COLUMNS: Columns<AuditRecord> = {
  seq: (row) => row.seq,
  at: (row) => row.at,
  actor_kind: (row) => row.actor_kind,
  actor: (row) => row.actor,
  action: (row) => row.action,
  object_kind: (row) => row.object_kind,
  object_id: (row) => row.object_id,
  data: (row) => JSON.stringify(row.data),
  hash: (row) => row.hash,
};

export default function Audit() {
  const audit = useInfiniteQuery(queries.audit());
  return (
    <>
      <ScreenHead title="Audit log">
        <Button onClick={() => void exportList("audit", "/audit", {}, COLUMNS)}>
          <Download className="size-4" aria-hidden="true" /> CSV
        </Button>
      </ScreenHead>
      <div className="panel">
        <Shown read={audit} what="the audit log">
          {({ pages }) => {
            const rows = pages.flatMap((page) => page.items);
            return rows.length === 0 ? (
              <Empty title="Nothing was done yet" />
            ) : (
              <ol className="divide-y">
                {rows.map((record) => (
                  <Row key={record.seq} record={record} />
                ))}
              </ol>
            );
          }}
        </Shown>
        <More list={audit} />
      </div>
    </>
  );
}

function Row({ record }: { record: AuditRecord }) {
  const details = JSON.stringify(record.data, null, 2);
  return (
    <li className="row-lazy flex flex-col gap-1 px-4 py-2.5">
      <p className="flex flex-wrap items-baseline gap-x-3">
        <span className="font-semibold">{record.actor ?? `the ${record.actor_kind}`}</span>
        <code className="text-13">{record.action}</code>
        <Subject record={record} />
        {record.redacted ? <Tag>details blotted out</Tag> : null}
      </p>
      <p className="flex flex-wrap gap-x-3 text-13 text-muted">
        <Time at={record.at} focusable />
        <span>record {record.seq}</span>
        {record.hash ? (
          <code title={record.hash}>sealed {record.hash.slice(0, 12)}</code>
        ) : (
          <span>not sealed yet</span>
        )}
      </p>
      {details === "{}" ? null : (
        <details>
          <summary className="tap w-fit py-1.5 text-13 text-link underline underline-offset-3">
            Details<span className="sr-only"> of record {record.seq}</span>
          </summary>
          <Code text={details} label={`Details of record ${record.seq}`} />
        </details>
      )}
    </li>
  );
}

function Subject({ record: { object_kind, object_id } }: { record: AuditRecord }) {
  if (object_kind === "incident") {
    return (
      <Link to="/incidents/$number" params={{ number: object_id }} className="link text-13">
        the incident
      </Link>
    );
  }
  return (
    <span className="text-13 text-muted">
      {object_kind} {object_id}
    </span>
  );
}
