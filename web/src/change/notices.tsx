/** Whom a change was told, why, and how the messages went. */
import { useQuery } from "@tanstack/react-query";
import { useState } from "react";
import * as queries from "@/api/queries";
import type { ChangeNotice, ChangeRecord } from "@/api/types";
import { Panel } from "@/ui/block";
import { Button } from "@/ui/button";
import { Time } from "@/ui/time";

/** How many are shown until one asks for all. */
const SHOWN_MAX = 5;

export function Notices({ change }: { change: ChangeRecord }) {
  const [all, setAll] = useState(false);
  const notices = useQuery(queries.changeNotices(String(change.number))).data?.items ?? [];
  if (notices.length === 0) return null;
  const newest = [...notices].reverse();
  const shown = all ? newest : newest.slice(0, SHOWN_MAX);
  return (
    <Panel title="Who was told" flush>
      <ol className="divide-y">
        {shown.map((one, place) => (
          // biome-ignore lint/suspicious/noArrayIndexKey: one person may be told two things at one instant.
          <Told key={place} notice={one} />
        ))}
      </ol>
      {newest.length > shown.length ? (
        <div className="border-t p-3">
          <Button onClick={() => setAll(true)}>Show all {newest.length}</Button>
        </div>
      ) : null}
    </Panel>
  );
}

function Told({ notice }: { notice: ChangeNotice }) {
  return (
    <li className="px-4 py-2 [overflow-wrap:anywhere]">
      <p>
        <span className="font-medium">{notice.user}</span> {notice.news}
      </p>
      <p className="text-13 text-muted">
        {notice.because} · <When notice={notice} />
      </p>
    </li>
  );
}

function When({ notice: { told_at: told, due_at: due, channel, state } }: { notice: ChangeNotice }) {
  if (told)
    return (
      <>
        <Time at={told} />
        {channel ? ` · ${channel}, ${state}` : null}
      </>
    );
  return due ? (
    <>
      waits for the digest of <Time at={due} show="clock" />
    </>
  ) : null;
}
