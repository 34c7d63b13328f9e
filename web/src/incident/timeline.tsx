/**
 * What happened, the newest first, live; and the composer that adds to it. Only
 * the entries around what is on the screen are drawn, so that thousands scroll
 * like ten.
 */
import { useInfiniteQuery } from "@tanstack/react-query";
import { useWindowVirtualizer } from "@tanstack/react-virtual";
import { useEffect, useLayoutEffect, useMemo, useRef, useState } from "react";
import * as queries from "@/api/queries";
import type { TimelineEntry } from "@/api/types";
import { Empty, Shown } from "@/ui/block";
import { Composer } from "./composer";
import { Entry } from "./entry";
import { FILTERS, type Filter, isFilter, newestFirst, passes } from "./written";

const ROW_PX = 64;
const ROWS_AROUND = 12;

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
        {({ pages }) => <Entries number={number} pages={pages} />}
      </Shown>
    </>
  );
}

function Entries({ number, pages }: { number: string; pages: { items: TimelineEntry[] }[] }) {
  const [filter, setFilter] = useState<Filter>("everything");
  const all = useMemo(() => newestFirst(pages.flatMap((page) => page.items)), [pages]);
  const entries = useMemo(() => all.filter((entry) => passes(filter, entry)), [all, filter]);
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
        </span>
      </label>
      {entries.length === 0 ? (
        <Empty title="Nothing of this kind yet" />
      ) : (
        <Windowed number={number} entries={entries} />
      )}
    </>
  );
}

/** The part of a long list that is on the screen, in a space as tall as all of it. */
function Windowed({ number, entries }: { number: string; entries: TimelineEntry[] }) {
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
  return (
    <div ref={list} role="log" aria-label="Timeline, newest first">
      <ol className="relative" style={{ height: rows.getTotalSize() }}>
        {rows.getVirtualItems().map(({ index, key, start }) => {
          const entry = entries[index];
          return entry ? (
            <li
              key={key}
              ref={rows.measureElement}
              data-index={index}
              aria-posinset={index + 1}
              aria-setsize={entries.length}
              className="absolute inset-x-0 top-0 border-b"
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
