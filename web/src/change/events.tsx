/** What pipelines and tools report to have changed, and what came of it. */
import { useInfiniteQuery, useQuery } from "@tanstack/react-query";
import { getRouteApi, Link } from "@tanstack/react-router";
import { useState } from "react";
import * as queries from "@/api/queries";
import type { ChangeEvent, ChangeEventKind } from "@/api/types";
import type { ChangeEventsSearch } from "@/router";
import { Empty, ScreenHead, Shown } from "@/ui/block";
import { Button, buttonClass } from "@/ui/button";
import { SelectField } from "@/ui/form";
import { More } from "@/ui/more";
import { Time } from "@/ui/time";
import { Caused } from "./caused";
import { words } from "./change";
import { EventLine } from "./event-line";

const route = getRouteApi("/changes/events");

const KINDS: ChangeEventKind[] = ["deploy", "flag", "config", "infrastructure", "other"];

const DAY_HOURS = 24;
const HOUR_MS = 3_600_000;
const SINCE: Record<NonNullable<ChangeEventsSearch["since"]>, { name: string; hours: number }> = {
  day: { name: "The last day", hours: DAY_HOURS },
  week: { name: "The last week", hours: 7 * DAY_HOURS },
  month: { name: "The last 30 days", hours: 30 * DAY_HOURS },
};

/** To the hour, so that the same list stays the same question for a while. */
function beginning(since: ChangeEventsSearch["since"]): string | undefined {
  if (!since) return undefined;
  const hour = Math.floor(Date.now() / HOUR_MS);
  return new Date((hour - SINCE[since].hours) * HOUR_MS).toISOString();
}

export default function ChangeEvents() {
  const search = route.useSearch();
  const navigate = route.useNavigate();
  const list = useInfiniteQuery(
    queries.changeEvents({ service: search.service, kind: search.kind, from: beginning(search.since) }),
  );
  const rows = list.data?.pages.flatMap((page) => page.items) ?? [];
  const set = (over: ChangeEventsSearch) =>
    void navigate({ search: (now) => ({ ...now, ...over }), replace: true });
  const narrowed = Boolean(search.service || search.kind || search.since);
  return (
    <>
      <ScreenHead title="What tools report">
        <Link to="/changes" className={buttonClass()}>
          Planned changes
        </Link>
      </ScreenHead>
      <Filters search={search} set={set} />
      <Shown read={list} what="what was changed">
        {() =>
          rows.length === 0 ? (
            <div className="panel">
              {narrowed ? (
                <Empty title="Nothing matches">
                  <Button onClick={() => set({ service: undefined, kind: undefined, since: undefined })}>
                    Show everything
                  </Button>
                </Empty>
              ) : (
                <Empty title="No tool has reported a change yet">
                  <p>
                    GitHub, GitLab, Argo CD, Jenkins, Flux, Terraform, PagerDuty change events and any script
                    can tell what they deploy. It pages nobody, and is the first thing that is looked at when
                    something breaks. Add an integration of such a type, or write one down:
                  </p>
                  <code>muster change event add "new cart on" --service checkout --kind flag</code>
                </Empty>
              )}
            </div>
          ) : (
            <>
              <ul className="panel divide-y overflow-hidden" aria-label="Change events">
                {rows.map((event) => (
                  <Row key={event.id} event={event} />
                ))}
              </ul>
              <More list={list} />
            </>
          )
        }
      </Shown>
    </>
  );
}

function Filters({ search, set }: { search: ChangeEventsSearch; set: (over: ChangeEventsSearch) => void }) {
  const services = useQuery(queries.services());
  return (
    <div className="mb-3 grid grid-cols-2 gap-3 sm:max-w-2xl sm:grid-cols-3">
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
        label="Kind"
        value={search.kind ?? ""}
        onChange={({ target }) => set({ kind: KINDS.find((kind) => kind === target.value) })}
      >
        <option value="">Every kind</option>
        {KINDS.map((kind) => (
          <option key={kind} value={kind}>
            {words(kind)}
          </option>
        ))}
      </SelectField>
      <SelectField
        label="Begun in"
        value={search.since ?? ""}
        onChange={({ target }) =>
          set({ since: (Object.keys(SINCE) as (keyof typeof SINCE)[]).find((each) => each === target.value) })
        }
      >
        <option value="">Any time</option>
        {Object.entries(SINCE).map(([since, { name }]) => (
          <option key={since} value={since}>
            {name}
          </option>
        ))}
      </SelectField>
    </div>
  );
}

function Row({ event }: { event: ChangeEvent }) {
  const [open, setOpen] = useState(false);
  return (
    <li className="flex flex-col gap-1 px-4 py-3">
      <EventLine event={event} />
      <Button
        emphasis="quiet"
        className="self-start"
        aria-expanded={open}
        aria-label={`What came of it: ${event.summary}`}
        onClick={() => setOpen(!open)}
      >
        What came of it
      </Button>
      {open ? <Whole id={event.id} /> : null}
    </li>
  );
}

function Whole({ id }: { id: string }) {
  const event = useQuery(queries.changeEvent(id));
  return (
    <Shown read={event} what="what came of it">
      {({ caused, source, subject, ended_at }) => (
        <div className="flex flex-col gap-1 text-13">
          <p className="text-muted [overflow-wrap:anywhere]">
            {subject ? `${subject}, ` : null}told by {source === "manual" ? "somebody" : source}
            {ended_at ? (
              <>
                , ended <Time at={ended_at} focusable />
              </>
            ) : (
              ", goes on"
            )}
          </p>
          {caused.length === 0 ? <p>No incident that you see was put down to it.</p> : null}
          <Caused caused={caused} />
        </div>
      )}
    </Shown>
  );
}
