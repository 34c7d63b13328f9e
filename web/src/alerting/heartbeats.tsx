/** What must be heard of regularly, and how it stands. */
import { useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import * as queries from "@/api/queries";
import type { Heartbeat } from "@/api/types";
import { Code, Empty, ScreenHead, Shown, Tag } from "@/ui/block";
import { CopyButton } from "@/ui/button";
import { duration } from "@/ui/format";
import { OkGlyph, StateGlyph } from "@/ui/glyph";
import { Time } from "@/ui/time";
import { OwnWatch } from "./own-watch";

const EXAMPLE = "heartbeats:\n  - { name: nightly backup, service: SERVICE, every: 1d, grace: 30m }";

export default function Heartbeats() {
  const list = useQuery(queries.heartbeats());
  return (
    <>
      <ScreenHead title="Heartbeats" />
      <Shown read={list} what="heartbeat monitors">
        {({ items }) =>
          items.length === 0 ? (
            <div className="panel">
              <Empty title="Nothing is watched yet">
                <p>
                  A monitor is for what should happen regularly: a backup, a job, a whole monitoring system.
                  Add one to the configuration; its silence is an alert.
                </p>
                <Code text={EXAMPLE} label="Example of a heartbeat monitor" />
                <CopyButton text={EXAMPLE} label="Copy the example heartbeat monitor" />
              </Empty>
            </div>
          ) : (
            <ul className="panel divide-y" aria-label="Heartbeat monitors">
              {items.map((heartbeat) => (
                <Row key={heartbeat.name} heartbeat={heartbeat} />
              ))}
            </ul>
          )
        }
      </Shown>
      <OwnWatch />
    </>
  );
}

function Row({ heartbeat }: { heartbeat: Heartbeat }) {
  return (
    <li className="relative flex min-h-14 flex-wrap items-center gap-x-4 gap-y-1 px-4 py-2 hover:bg-raised">
      <div className="w-24 shrink-0">
        <HeartbeatState state={heartbeat.state} />
      </div>
      <div className="min-w-0 flex-1 basis-48">
        <p className="flex flex-wrap items-center gap-2">
          <Link
            to="/heartbeats/$name"
            params={{ name: heartbeat.name }}
            className="font-semibold after:absolute after:inset-0"
          >
            {heartbeat.name}
          </Link>
          {heartbeat.source ? <Tag>source</Tag> : null}
        </p>
        <p className="text-13 text-muted">
          every {duration(heartbeat.every_seconds)}
          {heartbeat.service ? `, for ${heartbeat.service}` : null}
        </p>
      </div>
      <p className="text-13 text-muted">
        {heartbeat.last_at ? (
          <>
            heard <Time at={heartbeat.last_at} show="age" />
          </>
        ) : heartbeat.started_at ? (
          <>
            began <Time at={heartbeat.started_at} show="age" />
          </>
        ) : (
          "never heard of"
        )}
      </p>
    </li>
  );
}

const STATES = { new: "Waiting", up: "Up", down: "Down" };

export function HeartbeatState({ state }: { state: Heartbeat["state"] }) {
  return (
    <span className="inline-flex items-center gap-1.5 font-semibold">
      {state === "up" ? <OkGlyph /> : <StateGlyph state={state === "down" ? "triggered" : "suppressed"} />}
      {STATES[state]}
    </span>
  );
}
