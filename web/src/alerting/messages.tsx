/** Messages that nobody could digest: set aside, shown, replayable. They blocked nothing. */
import { useInfiniteQuery } from "@tanstack/react-query";
import { getRouteApi } from "@tanstack/react-router";
import { Download } from "lucide-react";
import { useCallback } from "react";
import * as queries from "@/api/queries";
import type { Message } from "@/api/types";
import { Empty, ScreenHead, Shown } from "@/ui/block";
import { Button } from "@/ui/button";
import { type Columns, exportList } from "@/ui/csv";
import { OkGlyph } from "@/ui/glyph";
import { More } from "@/ui/more";
import { QueryBox } from "@/ui/query-box";
import { MessageEntry } from "./message";

const route = getRouteApi("/messages");
const DEFAULT_QUERY = "state:failed";

const COLUMNS: Columns<Message> = {
  id: (row) => row.id,
  received_at: (row) => row.received_at,
  integration: (row) => row.integration,
  state: (row) => row.state,
  size_bytes: (row) => row.size,
  error: (row) => row.error,
};

export default function Messages() {
  const { q, focus } = route.useSearch();
  const navigate = route.useNavigate();
  const query = q ?? DEFAULT_QUERY;
  const list = useInfiniteQuery(queries.messages(query));
  const setQuery = useCallback(
    (next: string) => void navigate({ search: { q: next }, replace: true }),
    [navigate],
  );
  return (
    <>
      <ScreenHead title="Needs attention">
        <Button onClick={() => void exportList("messages", "/messages", { query: { q: query } }, COLUMNS)}>
          <Download className="size-4" aria-hidden="true" /> CSV
        </Button>
      </ScreenHead>
      <p className="mb-3 max-w-prose text-muted">
        Messages that came in but could not be turned into alerts. Mend the integration or the sender, then
        replay them.
      </p>
      <div className="mb-3 flex">
        <QueryBox
          value={query}
          onChange={setQuery}
          focus={focus}
          label="Search messages"
          placeholder="state:failed integration:checkout/alertmanager"
        />
      </div>
      <div className="panel">
        <Shown read={list} what="messages">
          {({ pages }) => {
            const rows = pages.flatMap((page) => page.items);
            return rows.length === 0 ? (
              <Empty title={query === DEFAULT_QUERY ? "Every message was digested" : "No message matches"}>
                {query === DEFAULT_QUERY ? (
                  <p className="inline-flex items-center gap-2">
                    <OkGlyph /> Nothing waits for you here.
                  </p>
                ) : null}
              </Empty>
            ) : (
              <ul className="divide-y">
                {rows.map((message) => (
                  <MessageEntry key={message.id} message={message} />
                ))}
              </ul>
            );
          }}
        </Shown>
        <More list={list} />
      </div>
    </>
  );
}
