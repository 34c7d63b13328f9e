/** One heartbeat monitor: how it stands, where it is pinged, and its last pings. */
import { useQuery } from "@tanstack/react-query";
import { getRouteApi, Link } from "@tanstack/react-router";
import * as queries from "@/api/queries";
import type { Heartbeat, HeartbeatPing } from "@/api/types";
import { Code, Empty, Fact, Facts, Panel, ScreenHead, Shown } from "@/ui/block";
import { CopyButton } from "@/ui/button";
import { duration } from "@/ui/format";
import { Severity } from "@/ui/glyph";
import { Time } from "@/ui/time";
import { HeartbeatState } from "./heartbeats";

const route = getRouteApi("/heartbeats/$name");

export default function HeartbeatScreen() {
  const { name } = route.useParams();
  const read = useQuery(queries.heartbeat(name));
  return (
    <Shown read={read} what="the heartbeat monitor">
      {({ heartbeat, pings }) => (
        <>
          <ScreenHead title={heartbeat.name} />
          <div className="grid items-start gap-4 lg:grid-cols-2">
            <div className="flex min-w-0 flex-col gap-4">
              <Standing heartbeat={heartbeat} />
              {heartbeat.url ? <Addresses heartbeat={heartbeat} /> : null}
            </div>
            <Pings pings={pings} source={heartbeat.source} />
          </div>
        </>
      )}
    </Shown>
  );
}

function Standing({ heartbeat }: { heartbeat: Heartbeat }) {
  return (
    <Panel title="How it stands">
      <Facts>
        <Fact name="State">
          <HeartbeatState state={heartbeat.state} />
        </Fact>
        {heartbeat.since ? (
          <Fact name="Since">
            <Time at={heartbeat.since} focusable />
          </Fact>
        ) : null}
        <Fact name="Last heard">
          {heartbeat.last_at ? (
            <Time at={heartbeat.last_at} focusable />
          ) : (
            "never: it waits for its first ping"
          )}
        </Fact>
        {heartbeat.due_at ? (
          <Fact name="Missed at">
            <Time at={heartbeat.due_at} focusable />
          </Fact>
        ) : null}
        {heartbeat.started_at ? (
          <Fact name="Running since">
            <Time at={heartbeat.started_at} focusable />
          </Fact>
        ) : null}
        {heartbeat.duration_seconds === null ? null : (
          <Fact name="Last run took">{duration(heartbeat.duration_seconds)}</Fact>
        )}
        <Fact name="Expected every">
          {duration(heartbeat.every_seconds)}, and {duration(heartbeat.grace_seconds)} of grace
        </Fact>
        {heartbeat.severity === null ? null : (
          <Fact name="Its silence is">
            <Severity level={heartbeat.severity} />
          </Fact>
        )}
        {heartbeat.service ? (
          <Fact name="Service">
            <Link to="/services/$name" params={{ name: heartbeat.service }} className="link">
              {heartbeat.service}
            </Link>
          </Fact>
        ) : null}
      </Facts>
    </Panel>
  );
}

function Addresses({ heartbeat }: { heartbeat: Heartbeat }) {
  const cron = `curl -fsS -m 10 --retry 5 -o /dev/null ${heartbeat.url}`;
  const wrapped = [
    `curl -fsS -m 10 ${heartbeat.url}/start`,
    "run-the-job",
    `curl -fsS -m 10 --retry 5 ${heartbeat.url}/$?`,
  ].join("\n");
  const snippets: [string, string][] = [
    ["At the end of a job", cron],
    ["Around a job, with its exit code", wrapped],
    ["By its name", `curl -fsS -m 10 ${heartbeat.url_by_name}`],
    ["For clients that push their state", `${heartbeat.push_url}?status=up&msg=OK`],
  ];
  return (
    <Panel title="How to ping it">
      <div className="flex flex-col gap-4">
        {snippets.map(([title, text]) => (
          <div key={title}>
            <div className="mb-1 flex items-end justify-between gap-2">
              <h3 className="font-semibold">{title}</h3>
              <CopyButton text={text} label={`Copy: ${title}`} />
            </div>
            <Code text={text} label={title} />
          </div>
        ))}
      </div>
    </Panel>
  );
}

const KINDS: Record<string, string> = { success: "Well", start: "Started", fail: "Failed", log: "Said" };

function Pings({ pings, source }: { pings: HeartbeatPing[]; source: boolean }) {
  return (
    <Panel title="Last pings" flush>
      {pings.length === 0 ? (
        <Empty title={source ? "The messages of the source count" : "No ping yet"}>
          <p>{source ? "Look at its messages for what came in." : "It is watched from its first ping on."}</p>
        </Empty>
      ) : (
        <ul className="divide-y">
          {pings.map((ping) => (
            <li key={`${ping.at} ${ping.kind}`} className="px-4 py-2">
              <p className="flex flex-wrap gap-x-3">
                <span className="font-semibold">{KINDS[ping.kind] ?? ping.kind}</span>
                <Time at={ping.at} />
                {ping.duration_seconds === null ? null : <span>took {duration(ping.duration_seconds)}</span>}
                {ping.exit_code === null ? null : <span>exit code {ping.exit_code}</span>}
                {ping.run ? <code className="text-13">{ping.run}</code> : null}
              </p>
              {ping.note ? (
                <p className="text-13 break-words whitespace-pre-wrap text-muted">{ping.note}</p>
              ) : null}
            </li>
          ))}
        </ul>
      )}
    </Panel>
  );
}
