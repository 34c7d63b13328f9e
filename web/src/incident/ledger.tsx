/** The delivery ledger: each page, each way it was sent, each attempt with the provider's own answer. */
import { useQuery } from "@tanstack/react-query";
import * as queries from "@/api/queries";
import type { Attempt, Delivery, DeliveryState, Page, PageState } from "@/api/types";
import { Empty, Shown, Tag } from "@/ui/block";
import { Button } from "@/ui/button";
import { type Columns, exportRows } from "@/ui/csv";
import { OkGlyph } from "@/ui/glyph";
import { Time } from "@/ui/time";
import { Messages } from "./messages";

const PAGE_WORD: Record<PageState, string> = {
  pending: "on its way",
  accepted: "delivered",
  superseded: "no longer needed",
  exhausted: "could not be delivered",
};

const DELIVERY_WORD: Record<DeliveryState, string> = {
  scheduled: "scheduled",
  sending: "sending",
  retrying: "will be tried again",
  accepted: "accepted",
  failed: "failed",
  cancelled: "not needed any more",
  bundled: "sent in a digest",
};

const OUTCOME_WORD: Record<string, string> = {
  accepted: "accepted",
  temporary: "failed for now",
  permanent: "refused",
  unknown: "answer unknown",
  running: "under way",
};

interface LedgerRow {
  page: Page;
  delivery: Delivery;
  attempt: Attempt;
}

const COLUMNS: Columns<LedgerRow> = {
  user: ({ page }) => page.user,
  reason: ({ page }) => page.reason,
  page_state: ({ page }) => page.state,
  method: ({ delivery }) => delivery.method,
  type: ({ delivery }) => delivery.type,
  delivery_state: ({ delivery }) => delivery.state,
  attempt: ({ attempt }) => attempt.number,
  started_at: ({ attempt }) => attempt.started_at,
  finished_at: ({ attempt }) => attempt.finished_at,
  outcome: ({ attempt }) => attempt.outcome,
  status: ({ attempt }) => attempt.status,
  detail: ({ attempt }) => attempt.detail,
};

/** Every message of any sort, and below it each page with all that was tried. */
export function Ledger({ number }: { number: string }) {
  return (
    <>
      <Messages number={number} />
      <Pages number={number} />
    </>
  );
}

function Pages({ number }: { number: string }) {
  const pages = useQuery(queries.incidentPages(number));
  return (
    <Shown read={pages} what="the pages">
      {({ items }) =>
        items.length === 0 ? (
          <Empty title="Nobody was paged">
            <p>
              Either somebody took it in time, or this severity pages nobody. The plan says what comes next.
            </p>
          </Empty>
        ) : (
          <>
            <ol className="divide-y">
              {items.map((page) => (
                <PageEntry key={page.id} page={page} />
              ))}
            </ol>
            <div className="flex justify-end border-t p-3">
              <Button onClick={() => exportRows(`pages-${number}`, ledgerRows(items), COLUMNS)}>CSV</Button>
            </div>
          </>
        )
      }
    </Shown>
  );
}

export function ledgerRows(pages: Page[]): LedgerRow[] {
  return pages.flatMap((page) =>
    [...page.deliveries, ...page.follow_ups].flatMap((delivery) =>
      delivery.attempts.map((attempt) => ({ page, delivery, attempt })),
    ),
  );
}

function PageEntry({ page }: { page: Page }) {
  return (
    <li className="px-4 py-3">
      <div className="flex flex-wrap items-center gap-x-2">
        {page.state === "accepted" ? <OkGlyph /> : null}
        <span className="font-semibold">{page.user ?? "somebody who was deleted"}</span>
        <span>{PAGE_WORD[page.state]}</span>
        {page.superseded_by ? <span className="text-muted">({page.superseded_by})</span> : null}
      </div>
      <p className="text-13 text-muted">
        {page.reason} · <Time at={page.created_at} focusable />
      </p>
      <ul className="mt-2 flex flex-col gap-2">
        {page.deliveries.map((delivery) => (
          <DeliveryEntry key={delivery.id} delivery={delivery} />
        ))}
        {page.follow_ups.map((delivery) => (
          <DeliveryEntry key={delivery.id} delivery={delivery} isFollowUp />
        ))}
      </ul>
    </li>
  );
}

/** A follow-up tells how the page ended; it asks for nothing. */
function DeliveryEntry({ delivery, isFollowUp = false }: { delivery: Delivery; isFollowUp?: boolean }) {
  const ahead = delivery.attempts.length === 0;
  return (
    <li className="border-l-2 border-edge pl-3">
      <p className="flex flex-wrap items-center gap-x-2">
        <span>{delivery.method}</span>
        <Tag>{delivery.type}</Tag>
        {isFollowUp ? <span className="text-muted">told how it ended:</span> : null}
        <span className="text-muted">{DELIVERY_WORD[delivery.state]}</span>
        {ahead && delivery.state === "scheduled" ? (
          <Time at={delivery.due_at} className="text-13 text-muted" focusable />
        ) : null}
      </p>
      {ahead ? null : (
        <ol className="mt-1 flex flex-col gap-0.5 text-13">
          {delivery.attempts.map((attempt) => (
            <AttemptEntry key={attempt.number} attempt={attempt} />
          ))}
        </ol>
      )}
    </li>
  );
}

function AttemptEntry({ attempt }: { attempt: Attempt }) {
  const took = attempt.finished_at ? Date.parse(attempt.finished_at) - Date.parse(attempt.started_at) : null;
  return (
    <li className="flex flex-wrap items-baseline gap-x-2">
      <span className="text-muted">Attempt {attempt.number}</span>
      <span className={attempt.outcome === "accepted" ? "inline-flex items-center gap-1" : "font-semibold"}>
        {attempt.outcome === "accepted" ? <OkGlyph className="size-3.5" /> : null}
        {OUTCOME_WORD[attempt.outcome] ?? attempt.outcome}
      </span>
      {attempt.status ? <code className="text-12">{attempt.status}</code> : null}
      {attempt.detail ? <span className="text-muted">{attempt.detail}</span> : null}
      {attempt.possible_repeat ? <Tag>may be a repeat</Tag> : null}
      <Time at={attempt.started_at} show="clock" className="text-muted" focusable />
      {took !== null ? <span className="text-muted">{took} ms</span> : null}
    </li>
  );
}
