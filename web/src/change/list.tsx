/** The changes: what waits for the reader, what is theirs, what is open, and all there were. */
import { useInfiniteQuery, useQuery } from "@tanstack/react-query";
import { getRouteApi, Link } from "@tanstack/react-router";
import clsx from "clsx";
import { type ReactNode, useState } from "react";
import * as queries from "@/api/queries";
import type { ChangeItem, ChangeRecord } from "@/api/types";
import type { ChangesSearch } from "@/router";
import { Empty, ScreenHead, Shown, Tag } from "@/ui/block";
import { Button, buttonClass } from "@/ui/button";
import { SelectField } from "@/ui/form";
import { useCursor } from "@/ui/list-keys";
import { More } from "@/ui/more";
import { Time } from "@/ui/time";
import { listed, STATES, words } from "./change";
import { asTitle, Decide } from "./decide";
import { PlanFacts } from "./plan";

const route = getRouteApi("/changes");

type Tab = NonNullable<ChangesSearch["tab"]>;

const TABS: { id: Tab; name: string }[] = [
  { id: "waiting", name: "Waiting for me" },
  { id: "mine", name: "Mine" },
  { id: "open", name: "Open" },
  { id: "all", name: "All" },
];

export default function Changes() {
  const search = route.useSearch();
  const navigate = route.useNavigate();
  const tab = search.tab ?? "waiting";
  const list = useInfiniteQuery(
    queries.changes({
      asked: tab === "waiting" ? true : undefined,
      mine: tab === "mine" ? true : undefined,
      state: search.state ?? (tab === "open" ? "open" : undefined),
      service: search.service,
    }),
  );
  const rows = list.data?.pages.flatMap((page) => page.items) ?? [];
  const set = (over: ChangesSearch) =>
    void navigate({ search: (now) => ({ ...now, ...over }), replace: true });
  const narrowed = search.service !== undefined || search.state !== undefined;
  return (
    <>
      <ScreenHead title="Changes">
        <Link to="/changes/audit" className={buttonClass()}>
          Audit
        </Link>
        <Link to="/changes/exceptions" className={buttonClass()}>
          Exceptions
        </Link>
        <Link to="/changes/events" className={buttonClass()}>
          What tools report
        </Link>
        <Link to="/changes/new" className={buttonClass("primary")}>
          Write a change
        </Link>
      </ScreenHead>
      <nav aria-label="Which changes" className="mb-3 flex overflow-x-auto border-b">
        {TABS.map(({ id, name }) => (
          <Link
            key={id}
            to="/changes"
            search={(now) => ({ ...now, tab: id === "waiting" ? undefined : id })}
            replace
            aria-current={id === tab ? "page" : undefined}
            className={clsx(
              "tap -mb-px inline-flex min-h-10 shrink-0 items-center border-b-2 px-2.5 whitespace-nowrap -outline-offset-2",
              id === tab ? "border-text font-semibold" : "border-transparent text-muted",
            )}
          >
            {name}
          </Link>
        ))}
      </nav>
      <Filters search={search} set={set} />
      <Shown read={list} what="changes">
        {() =>
          rows.length === 0 ? (
            <div className="panel">
              {narrowed ? (
                <Empty title="No change matches">
                  <Button onClick={() => set({ service: undefined, state: undefined })}>
                    Show those of every service and state
                  </Button>
                </Empty>
              ) : (
                <Nothing tab={tab} />
              )}
            </div>
          ) : (
            <>
              <Rows rows={rows} deciding={tab === "waiting"} />
              <More list={list} />
            </>
          )
        }
      </Shown>
    </>
  );
}

function Filters({ search, set }: { search: ChangesSearch; set: (over: ChangesSearch) => void }) {
  const services = useQuery(queries.services());
  return (
    <div className="mb-3 grid grid-cols-2 gap-3 sm:max-w-md">
      <SelectField
        label="Service"
        value={search.service ?? ""}
        onChange={({ target }) => set({ service: target.value || undefined })}
      >
        <option value="">Every service</option>
        {(services.data?.items ?? []).map(({ name }) => (
          <option key={name}>{name}</option>
        ))}
      </SelectField>
      <SelectField
        label="State"
        value={search.state ?? ""}
        onChange={({ target }) => set({ state: target.value || undefined })}
      >
        <option value="">Every state</option>
        {STATES.map((state) => (
          <option key={state} value={state}>
            {words(state)}
          </option>
        ))}
      </SelectField>
    </div>
  );
}

function Rows({ rows, deciding }: { rows: ChangeItem[]; deciding: boolean }) {
  const [opened, setOpened] = useState<ReadonlySet<string>>(new Set());
  const toggle = (id: string) =>
    setOpened((old) => {
      const next = new Set(old);
      if (!next.delete(id)) next.add(id);
      return next;
    });
  const withId = rows.map((row) => ({ ...row, id: String(row.number) }));
  const { current, setCurrent } = useCursor(withId, ({ id }) => ({
    o: () => {
      if (deciding) toggle(id);
    },
  }));
  return (
    <ul className="panel divide-y overflow-hidden" aria-label="Changes">
      {withId.map((row) => (
        <li key={row.id} id={`row-${row.id}`} onFocus={() => setCurrent(row.id)}>
          <Row change={row} current={row.id === current?.id} />
          {deciding ? <Card number={row.id} open={opened.has(row.id)} toggle={() => toggle(row.id)} /> : null}
        </li>
      ))}
    </ul>
  );
}

function Row({ change, current }: { change: ChangeItem; current: boolean }) {
  return (
    <div
      className={clsx("relative flex flex-col gap-1 px-4 py-3 md:flex-row md:gap-4", current && "bg-raised")}
    >
      <div className="min-w-0 flex-1">
        <Link
          to="/changes/$number"
          params={{ number: String(change.number) }}
          className="line-clamp-2 after:absolute after:inset-0"
          data-row-link
        >
          {change.title}
        </Link>
        <p className="flex flex-wrap items-center gap-x-2 gap-y-1 text-13 text-muted">
          <span className="font-mono">CHG-{change.number}</span>
          <span>{change.service}</span>
          <span>{change.class}</span>
          {change.technician ? <span>{change.technician}</span> : null}
          {change.risk ? <Tag>{change.risk} risk</Tag> : null}
          {change.emergent ? <Tag>emergent</Tag> : null}
        </p>
      </div>
      <div className="text-13 md:w-56 md:shrink-0">
        <p>
          {words(change.state)}
          {change.outcome ? `: ${words(change.outcome).toLowerCase()}` : null}
        </p>
        {change.asked.length > 0 ? <p className="text-muted">asked: {listed(change.asked)}</p> : null}
      </div>
      <p className="text-13 text-muted md:w-48 md:shrink-0 md:text-right">
        {change.start ? <Time at={change.start} /> : "no time yet"}
      </p>
    </div>
  );
}

/** What is to be decided, opened under its row: the summary, then two large buttons. */
function Card({ number, open, toggle }: { number: string; open: boolean; toggle: () => void }) {
  return (
    <div className="px-4 pb-3">
      <Button
        className="min-h-12 w-full sm:w-auto"
        aria-expanded={open}
        aria-label={`${open ? "Close the summary of" : "Read and decide"} CHG-${number}`}
        onClick={toggle}
      >
        {open ? "Close the summary" : "Read and decide"}
      </Button>
      {open ? <Summary number={number} /> : null}
    </div>
  );
}

function Summary({ number }: { number: string }) {
  const read = useQuery(queries.change(number));
  return (
    <Shown read={read} what="the summary">
      {(change) => (
        <section aria-label={`Summary of CHG-${number}`} className="flex flex-col gap-3 pt-3">
          <PlanFacts plan={change.plan} submitter={change.submitter} />
          <Asked change={change} />
          <p>
            <Link to="/changes/$number" params={{ number }} className="link tap">
              Read the {change.plan.timeline?.length ?? 0} steps and the rollback
            </Link>
          </p>
          <Decide change={change} />
        </section>
      )}
    </Shown>
  );
}

function Asked({ change }: { change: ChangeRecord }): ReactNode {
  return change.approvals
    .filter(({ yours }) => yours)
    .map((one) => (
      <p key={`${one.approver} ${one.team}`} className="text-13 text-muted">
        You are asked: {asTitle(one)}, {one.because}
      </p>
    ));
}

function Nothing({ tab }: { tab: Tab }) {
  switch (tab) {
    case "waiting":
      return (
        <Empty title="Nothing waits for you">
          <p>A change shows here when it is your turn to agree to it; you are told as well.</p>
          <Link to="/changes" search={{ tab: "open" }} className="link">
            See what is open
          </Link>
        </Empty>
      );
    case "mine":
      return (
        <Empty title="You have no change">
          <p>Those that you submit or do show here. Write the next one down before you do it.</p>
          <Link to="/changes/new" className={buttonClass()}>
            Write a change
          </Link>
        </Empty>
      );
    default:
      return (
        <Empty title={tab === "open" ? "No change is open" : "No change yet"}>
          <p>
            A change says what will be done to a service, when, and how it is taken back. Whoever must agree
            is asked by the policy.
          </p>
          <Link to="/changes/new" className={buttonClass()}>
            Write a change
          </Link>
        </Empty>
      );
  }
}
