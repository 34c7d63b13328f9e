/** What happened, oldest first, live; and the composer that adds to it. */
import { useInfiniteQuery, useQueryClient } from "@tanstack/react-query";
import clsx from "clsx";
import { type FormEvent, type KeyboardEvent, useEffect, useRef, useState } from "react";
import { post } from "@/api/client";
import { explain } from "@/api/problem";
import * as queries from "@/api/queries";
import type { TimelineEntry, TimelineKind } from "@/api/types";
import { useKeys } from "@/shell/keys";
import { Empty, Shown } from "@/ui/block";
import { Button } from "@/ui/button";
import { Time } from "@/ui/time";
import { draftOf, keepDraft } from "./draft";

export function Timeline({ number }: { number: string }) {
  const timeline = useInfiniteQuery(queries.incidentTimeline(number));
  const { hasNextPage, isFetchingNextPage, fetchNextPage } = timeline;
  // The newest entries are on the last page, and they are the ones that matter.
  useEffect(() => {
    if (hasNextPage && !isFetchingNextPage) void fetchNextPage();
  }, [hasNextPage, isFetchingNextPage, fetchNextPage]);
  return (
    <>
      <Composer number={number} />
      <Shown read={timeline} what="the timeline">
        {({ pages }) => {
          const entries = pages.flatMap((page) => page.items).reverse();
          return entries.length === 0 ? (
            <Empty title="Nothing has happened yet" />
          ) : (
            <div role="log" aria-label="Timeline, newest first">
              <ol className="divide-y">
                {entries.map((entry) => (
                  <Entry key={entry.id} entry={entry} />
                ))}
              </ol>
            </div>
          );
        }}
      </Shown>
    </>
  );
}

function Entry({ entry }: { entry: TimelineEntry }) {
  const note = entry.kind === "note";
  return (
    <li className="row-lazy flex gap-3 px-4 py-2.5">
      <KindGlyph kind={entry.kind} />
      <div className="min-w-0 flex-1">
        <p className={clsx(note && "whitespace-pre-wrap", isTurn(entry.kind) && "font-semibold")}>
          {entry.text}
        </p>
        <p className="flex flex-wrap gap-x-2 text-13 text-muted">
          <span>{entry.actor.kind === "system" ? "Muster" : entry.actor.name}</span>
          <Time at={entry.at} focusable />
        </p>
      </div>
    </li>
  );
}

/** The entries that change the course of the incident stand out by weight. */
function isTurn(kind: TimelineKind): boolean {
  return ["declared", "opened", "acknowledged", "resolved", "reopened", "exhausted", "page_failed"].includes(
    kind,
  );
}

function KindGlyph({ kind }: { kind: TimelineKind }) {
  return (
    <svg viewBox="0 0 16 16" className="mt-0.5 size-4 shrink-0 text-muted" aria-hidden="true">
      {kindShape(kind)}
    </svg>
  );
}

function kindShape(kind: TimelineKind) {
  const line = { fill: "none", stroke: "currentColor", strokeWidth: 1.8 } as const;
  switch (kind) {
    case "note":
      return <path d="M3 3h10v7l-3 3H3z" {...line} />;
    case "paged":
    case "step_entered":
    case "escalated":
      return <path d="M8 13V3M4 7l4-4 4 4" {...line} />;
    case "acknowledged":
    case "resolved":
    case "page_accepted":
    case "alert_resolved":
      return <path d="m3 8.5 3.5 3.5L13 4.5" {...line} className="text-text" />;
    case "page_failed":
    case "no_target":
    case "exhausted":
    case "page_declined":
      return <path d="m4 4 8 8M12 4l-8 8" {...line} className="text-text" />;
    case "declared":
    case "opened":
    case "reopened":
      return <circle cx="8" cy="8" r="5" fill="currentColor" className="text-text" />;
    default:
      return <circle cx="8" cy="8" r="2.5" fill="currentColor" />;
  }
}

function Composer({ number }: { number: string }) {
  const client = useQueryClient();
  const box = useRef<HTMLTextAreaElement>(null);
  const [text, setText] = useState(() => draftOf(number));
  const [error, setError] = useState<unknown>(null);
  const [busy, setBusy] = useState(false);
  useKeys({ n: () => box.current?.focus() });

  const change = (next: string) => {
    setText(next);
    keepDraft(number, next);
  };
  const send = async () => {
    if (!text.trim() || busy) return;
    setBusy(true);
    setError(null);
    try {
      await post("/incidents/{incident}/timeline", {
        path: { incident: number },
        body: { text: text.trim() },
      });
      change("");
      await client.invalidateQueries({ queryKey: queries.incidentTimeline(number).queryKey });
    } catch (problem) {
      setError(problem);
    } finally {
      setBusy(false);
    }
  };
  const onKeyDown = (event: KeyboardEvent) => {
    if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) void send();
    if (event.key === "Escape") box.current?.blur();
  };
  const onSubmit = (event: FormEvent) => {
    event.preventDefault();
    void send();
  };

  return (
    <form onSubmit={onSubmit} className="flex flex-col gap-2 border-b p-4">
      <textarea
        ref={box}
        aria-label="Note for the timeline"
        placeholder="Write what you see or did (n)"
        rows={text.includes("\n") ? 4 : 2}
        value={text}
        onChange={(event) => change(event.target.value)}
        onKeyDown={onKeyDown}
        className="field resize-y py-2!"
      />
      <div className="flex items-center justify-between gap-2">
        <p className="text-13 text-muted">
          {error ? (
            <span role="alert">{explain(error)}</span>
          ) : (
            <span className="hidden md:inline">Ctrl Enter sends it.</span>
          )}
        </p>
        <Button type="submit" disabled={!text.trim() || busy}>
          {busy ? "Sent, not confirmed" : "Add note"}
        </Button>
      </div>
    </form>
  );
}
