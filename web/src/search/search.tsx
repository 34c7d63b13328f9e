/** The search: incidents, alerts, timelines and changes by the language of every list. */
import { useInfiniteQuery, useQuery } from "@tanstack/react-query";
import { getRouteApi } from "@tanstack/react-router";
import { useEffect, useId, useRef, useState } from "react";
import { ApiError, explain } from "@/api/problem";
import * as queries from "@/api/queries";
import type { Hit, KindCount } from "@/api/types";
import { Empty, Loading, ScreenHead, Shown } from "@/ui/block";
import { Button } from "@/ui/button";
import { useDebounced } from "@/ui/debounced";
import { useCursor } from "@/ui/list-keys";
import { More } from "@/ui/more";
import { SearchBox } from "./box";
import { HitRow } from "./hit";
import { complaint } from "./language";

const route = getRouteApi("/search");

type Kind = Hit["kind"];

const TABS: [Kind | undefined, string][] = [
  [undefined, "Everything"],
  ["incident", "Incidents"],
  ["alert", "Alerts"],
  ["entry", "Timelines"],
  ["change", "Changes"],
];

const EXAMPLES: [string, string][] = [
  ["state:open sev:<=2", "what is open and bad"],
  ["assignee:me state:open", "what you have"],
  ['"disk full"', "these words, one after the other"],
  ["label:env=prod age:<1d", "what fired in production today"],
  ["kind:decision age:<7d", "what was decided this week"],
  ["-team:payments state:open", "what is open elsewhere"],
  ["emergent:yes age:<7d", "what was changed in a hurry this week"],
];

export default function SearchScreen() {
  const { q = "", kind } = route.useSearch();
  const navigate = route.useNavigate();
  const [text, setText] = useState(q);
  const still = useDebounced(text);
  const complaintId = useId();
  const keys = useQuery(queries.searchKeys());
  const list = useInfiniteQuery(queries.search(q, kind));
  const counts = useQuery(queries.searchCounts(q)).data?.items ?? [];
  const error = q === "" ? null : list.error;
  const misread = error instanceof ApiError && error.status === 400;

  // What the address was told and has not said back yet: only what comes from elsewhere replaces what
  // somebody types, who may be ahead of it.
  const told = useRef([q]);
  useEffect(() => {
    const at = told.current.indexOf(q);
    if (at < 0) setText(q);
    told.current = at < 0 ? [q] : told.current.slice(at);
  }, [q]);
  useEffect(() => {
    const next = still.trim();
    if (still !== text || next === told.current.at(-1)) return;
    told.current.push(next);
    void navigate({ search: (old) => ({ ...old, q: next || undefined }), replace: true });
  }, [still, text, navigate]);

  return (
    <>
      <ScreenHead title="Search" />
      <SearchBox
        text={text}
        onText={setText}
        keys={keys.data?.items ?? []}
        wrong={misread ? complaintId : undefined}
      />
      <div role="tablist" aria-label="Kinds" className="my-3 flex overflow-x-auto border-b">
        {TABS.map(([which, name]) => (
          <button
            key={name}
            type="button"
            role="tab"
            aria-selected={kind === which}
            onClick={() => void navigate({ search: { q: q || undefined, kind: which }, replace: true })}
            className="tap shrink-0 border-b-2 border-transparent px-3 text-13 text-muted aria-selected:border-text aria-selected:font-semibold aria-selected:text-text"
          >
            {name} {q === "" || !which ? null : <Count of={counts.find((each) => each.kind === which)} />}
          </button>
        ))}
      </div>
      {misread ? (
        <Misread id={complaintId} query={q} message={explain(error)} />
      ) : q === "" ? (
        <Examples look={(example) => setText(example)} />
      ) : (
        <Shown read={list} what="what was found">
          {({ pages }) => <Hits hits={pages.flatMap((page) => page.items)} list={list} />}
        </Shown>
      )}
    </>
  );
}

/** How many of a kind there are; nothing until that is known, or where the query is not about the kind. */
function Count({ of }: { of: KindCount | undefined }) {
  if (!of) return null;
  return (
    <span className="ml-1.5 font-mono text-12">
      {of.count}
      {of.more ? "+" : ""}
    </span>
  );
}

function Hits({
  hits,
  list,
}: {
  hits: Hit[];
  list: Parameters<typeof More>[0]["list"] & { isFetching: boolean };
}) {
  const { current, setCurrent } = useCursor(hits, () => ({}));
  if (hits.length === 0) {
    return list.isFetching ? (
      <Loading what="what was found" />
    ) : (
      <div className="panel">
        <Empty title="Nothing was found">
          <p>
            Words are found by their beginning, in titles, summaries, timelines and plans. Fewer words, or
            fewer conditions, find more.
          </p>
        </Empty>
      </div>
    );
  }
  return (
    <>
      <ul className="panel divide-y overflow-hidden" aria-label="Found">
        {hits.map((hit) => (
          <li key={hit.id} id={`row-${hit.id}`} className="row-lazy" onFocus={() => setCurrent(hit.id)}>
            <HitRow hit={hit} current={hit.id === current?.id} />
          </li>
        ))}
      </ul>
      <More list={list} />
    </>
  );
}

/** Why a query is not understood, with the place shown. */
function Misread({ id, query, message }: { id: string; query: string; message: string }) {
  const said = complaint(query, message);
  return (
    <div id={id} role="alert" className="panel flex flex-col gap-2 p-4">
      <p className="font-semibold">This is not understood.</p>
      {said ? (
        <>
          <p className="font-mono text-13 break-words">
            <span className="text-muted">{said.before}</span>
            <mark className="bg-transparent font-semibold text-text underline decoration-wavy underline-offset-4">
              {said.word || "␣"}
            </mark>
            <span className="text-muted">{said.after}</span>
          </p>
          <p>{said.says}</p>
        </>
      ) : (
        <p>{message}</p>
      )}
    </div>
  );
}

function Examples({ look }: { look: (query: string) => void }) {
  return (
    <div className="panel">
      <Empty title="Look for words, or narrow by what you know">
        <ul className="flex w-full flex-col gap-1">
          {EXAMPLES.map(([example, says]) => (
            <li key={example} className="flex flex-wrap items-center gap-x-3">
              <Button emphasis="quiet" className="font-mono text-13" onClick={() => look(example)}>
                {example}
              </Button>
              <span>{says}</span>
            </li>
          ))}
        </ul>
        <p>A minus before a key excludes. The box offers keys and names while you type.</p>
      </Empty>
    </div>
  );
}
