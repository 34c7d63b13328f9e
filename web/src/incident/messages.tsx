/** Every message about an incident: to whom, when, by whom and how it went, narrowed by what it is. */
import { useQuery } from "@tanstack/react-query";
import { useState } from "react";
import * as queries from "@/api/queries";
import type { DeliveryState, LedgerEntry } from "@/api/types";
import { Empty, Shown, Tag } from "@/ui/block";
import { Button } from "@/ui/button";
import { type Columns, exportRows } from "@/ui/csv";
import { SelectField } from "@/ui/form";
import { OkGlyph } from "@/ui/glyph";
import { Time } from "@/ui/time";

const SORT_WORD: Record<string, string> = {
  page: "Pages",
  page_ended: "Ends of pages",
  notice: "Notices to lists",
  update: "Updates",
  message: "Other messages",
  event: "Webhooks",
};

const STATE_WORD: Record<DeliveryState, string> = {
  scheduled: "scheduled",
  sending: "being sent",
  retrying: "will be tried again",
  accepted: "accepted",
  failed: "failed",
  cancelled: "not needed any more",
  bundled: "sent in a digest",
};

const COLUMNS: Columns<LedgerEntry> = {
  at: ({ at }) => at,
  to: ({ to }) => to,
  sort: ({ sort }) => sort,
  channel: ({ channel }) => channel,
  by: ({ by }) => by,
  subject: ({ subject }) => subject,
  state: ({ state }) => state,
  attempts: ({ attempts }) => attempts,
  accepted_at: ({ accepted_at }) => accepted_at,
  answer: ({ answer }) => answer,
};

export function Messages({ number }: { number: string }) {
  const [sort, setSort] = useState("");
  const [state, setState] = useState("");
  const wanted = { ...(sort ? { sort } : {}), ...(state ? { state } : {}) };
  const ledger = useQuery(queries.incidentLedger(number, wanted));
  return (
    <section aria-label="Every message" className="border-b">
      <div className="grid grid-cols-2 gap-2 px-4 py-3">
        <SelectField label="Messages" value={sort} onChange={(event) => setSort(event.target.value)}>
          <option value="">All</option>
          {Object.entries(SORT_WORD).map(([value, word]) => (
            <option key={value} value={value}>
              {word}
            </option>
          ))}
        </SelectField>
        <SelectField label="That are" value={state} onChange={(event) => setState(event.target.value)}>
          <option value="">anything</option>
          {Object.entries(STATE_WORD).map(([value, word]) => (
            <option key={value} value={value}>
              {word}
            </option>
          ))}
        </SelectField>
      </div>
      <Shown read={ledger} what="the ledger">
        {({ items }) =>
          items.length === 0 ? (
            <Empty title={sort || state ? "No message is like that" : "Nothing was sent"}>
              <p>Pages, notices, updates, chat, mail and webhooks about this incident stand here.</p>
            </Empty>
          ) : (
            <>
              <ol className="max-h-[28rem] divide-y overflow-y-auto border-t">
                {[...items].reverse().map((entry) => (
                  <Entry key={entry.id} entry={entry} />
                ))}
              </ol>
              <div className="flex justify-end border-t p-3">
                <Button onClick={() => exportRows(`ledger-${number}`, items, COLUMNS)}>
                  CSV<span className="sr-only"> of the ledger</span>
                </Button>
              </div>
            </>
          )
        }
      </Shown>
    </section>
  );
}

function Entry({ entry }: { entry: LedgerEntry }) {
  return (
    <li className="flex flex-col gap-0.5 px-4 py-2">
      <p className="flex flex-wrap items-center gap-x-2">
        {entry.state === "accepted" ? <OkGlyph className="size-3.5" /> : null}
        <span className="font-semibold">{entry.to}</span>
        <Tag>{entry.channel}</Tag>
        <span className={entry.state === "failed" ? "font-semibold" : "text-muted"}>
          {STATE_WORD[entry.state]}
        </span>
        <Time at={entry.at} show="clock" className="text-13 text-muted" focusable />
      </p>
      <p className="text-13 text-muted">
        {entry.subject || "what it says is not yours to see"} · by {entry.by}
        {entry.list ? ` · ${entry.list}` : ""}
        {entry.attempts > 1 ? ` · tried ${entry.attempts} times` : ""}
      </p>
      {entry.state === "failed" && entry.answer ? <p className="text-13">{entry.answer}</p> : null}
    </li>
  );
}
