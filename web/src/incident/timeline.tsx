/**
 * What happened, the newest first, live; and the composer that adds to it. Only
 * the entries around what is on the screen are drawn, and older ones are read as
 * one comes near them, so that thousands open and scroll like ten.
 */
import { useInfiniteQuery } from "@tanstack/react-query";
import { getRouteApi } from "@tanstack/react-router";
import { useWindowVirtualizer } from "@tanstack/react-virtual";
import { useCallback, useEffect, useLayoutEffect, useMemo, useRef, useState } from "react";
import * as queries from "@/api/queries";
import type { TimelineEntry } from "@/api/types";
import { Empty, Shown } from "@/ui/block";
import { Composer } from "./composer";
import { Entry } from "./entry";
import { FILTERS, type Filter, isFilter, newestFirst, passes } from "./written";

const route = getRouteApi("/incidents/$number");

const ROW_PX = 64;
const ROWS_AROUND = 12;
/** How near the oldest entry that was read older ones are read. */
const ROWS_AHEAD = 80;

export function Timeline({ number }: { number: string }) {
  const timeline = useInfiniteQuery(queries.incidentTimeline(number));
  const { hasNextPage, isFetching, isFetchNextPageError, fetchNextPage } = timeline;
  const mayRead = hasNextPage && !isFetching && !isFetchNextPageError;
  const more = useCallback(() => void fetchNextPage(), [fetchNextPage]);
  return (
    <>
      <Composer number={number} />
      <Shown read={timeline} what="the timeline">
        {({ pages }) => (
          <Entries number={number} pages={pages} more={mayRead ? more : undefined} older={hasNextPage} />
        )}
      </Shown>
    </>
  );
}

interface EntriesProps {
  number: string;
  pages: { items: TimelineEntry[] }[];
  /** Whether there are entries that have not been read. */
  older: boolean;
  /** Reads the next of them, unless it is being read. */
  more: (() => void) | undefined;
}

function Entries({ number, pages, older, more }: EntriesProps) {
  const [filter, setFilter] = useState<Filter>("everything");
  const all = useMemo(() => newestFirst(pages.flatMap((page) => page.items)), [pages]);
  const entries = useMemo(() => all.filter((entry) => passes(filter, entry)), [all, filter]);
  const { entry: wanted } = route.useSearch();
  const isRead = all.some(({ id }) => id === wanted);
  // A link to an entry leads to it, however old it is.
  useEffect(() => {
    if (wanted && !isRead) more?.();
  }, [wanted, isRead, more]);
  // What a filter shows may all be old.
  useEffect(() => {
    if (filter !== "everything") more?.();
  }, [filter, more]);
  if (all.length === 0) return <Empty title="Nothing has happened yet" />;
  return (
    <>
      <label className="flex items-center gap-2 border-b px-4 py-2 text-13">
        <span className="text-muted">Show</span>
        <select
          className="field tap h-8"
          value={filter}
          onChange={({ target }) => isFilter(target.value) && setFilter(target.value)}
        >
          {Object.entries(FILTERS).map(([name, words]) => (
            <option key={name} value={name}>
              {words}
            </option>
          ))}
        </select>
        <span className="text-muted" role="status">
          {entries.length} of {all.length}
          {older ? ", and older ones" : ""}
        </span>
      </label>
      {entries.length === 0 ? (
        <Empty title="Nothing of this kind yet" />
      ) : (
        <Windowed number={number} entries={entries} more={more} wanted={wanted} />
      )}
    </>
  );
}

/** The part of a long list that is on the screen, in a space as tall as all of it. */
function Windowed({
  number,
  entries,
  more,
  wanted,
}: {
  number: string;
  entries: TimelineEntry[];
  more: (() => void) | undefined;
  /** The entry that a link leads to. */
  wanted: string | undefined;
}) {
  const list = useRef<HTMLDivElement>(null);
  const [top, setTop] = useState(0);
  // What stands above grows and shrinks with the composer.
  useLayoutEffect(() => {
    const place = () => {
      const box = list.current?.getBoundingClientRect();
      if (box) setTop(Math.round(box.top + window.scrollY));
    };
    place();
    const observer = new ResizeObserver(place);
    observer.observe(document.body);
    return () => observer.disconnect();
  }, []);
  const rows = useWindowVirtualizer({
    count: entries.length,
    estimateSize: () => ROW_PX,
    overscan: ROWS_AROUND,
    scrollMargin: top,
    getItemKey: (index) => entries[index]?.id ?? index,
  });
  const at = wanted ? entries.findIndex(({ id }) => id === wanted) : -1;
  const led = useRef<string>(undefined);
  useEffect(() => {
    // Where the list begins is known once it was laid out.
    if (at < 0 || top === 0 || led.current === wanted) return;
    led.current = wanted;
    rows.scrollToIndex(at, { align: "center" });
  }, [at, top, wanted, rows]);
  const items = rows.getVirtualItems();
  const last = items.at(-1)?.index ?? 0;
  useEffect(() => {
    if (last + ROWS_AHEAD >= entries.length) more?.();
  }, [last, entries.length, more]);
  return (
    <div ref={list} role="log" aria-label="Timeline, newest first">
      <ol className="relative" style={{ height: rows.getTotalSize() }}>
        {items.map(({ index, key, start }) => {
          const entry = entries[index];
          return entry ? (
            <li
              key={key}
              ref={rows.measureElement}
              data-index={index}
              aria-posinset={index + 1}
              aria-setsize={entries.length}
              aria-current={entry.id === wanted ? "true" : undefined}
              className="absolute inset-x-0 top-0 border-b border-l-4 border-l-transparent aria-current:border-l-text aria-current:bg-raised"
              style={{ transform: `translateY(${start - top}px)` }}
            >
              <Entry number={number} entry={entry} />
            </li>
          ) : null;
        })}
      </ol>
    </div>
  );
}
