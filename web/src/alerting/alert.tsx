/** One alert: what it said, why it was grouped or paged, and the messages it came from. */
import { useInfiniteQuery, useQuery } from "@tanstack/react-query";
import { getRouteApi, Link } from "@tanstack/react-router";
import * as queries from "@/api/queries";
import type { Alert } from "@/api/types";
import { Empty, Fact, Facts, Panel, ScreenHead, Shown, Tag } from "@/ui/block";
import { Severity, State } from "@/ui/glyph";
import { More } from "@/ui/more";
import { Time } from "@/ui/time";
import { MessageEntry } from "./message";

const route = getRouteApi("/alerts/$id");

export default function AlertScreen() {
  const { id } = route.useParams();
  const alert = useQuery(queries.alert(id));
  return (
    <Shown read={alert} what="the alert">
      {(data) => (
        <>
          <ScreenHead title={data.summary} />
          <div className="grid items-start gap-4 lg:grid-cols-2">
            <div className="flex min-w-0 flex-col gap-4">
              <Why alert={data} />
              <About alert={data} />
            </div>
            <Raw id={id} />
          </div>
        </>
      )}
    </Shown>
  );
}

function Why({ alert }: { alert: Alert }) {
  return (
    <Panel title={alert.not_paged ? "Why it did not page" : "Why it was grouped, why it paged"}>
      {alert.not_paged ? <p className="mb-2 font-semibold">{sentence(alert.not_paged)}</p> : null}
      <p className={alert.not_paged ? "text-muted" : undefined}>
        {alert.decision || "No reason was recorded."}
      </p>
      <Timers alert={alert} />
      <div className="mt-3 flex flex-wrap gap-4">
        {alert.incident !== null ? (
          <Link to="/incidents/$number" params={{ number: String(alert.incident) }} className="link">
            Incident #{alert.incident}
          </Link>
        ) : null}
        {alert.cause ? (
          <Link to="/alerts/$id" params={{ id: alert.cause }} className="link">
            The alert that mutes it
          </Link>
        ) : null}
        {alert.previous ? (
          <Link to="/alerts/$id" params={{ id: alert.previous }} className="link">
            The time before
          </Link>
        ) : null}
      </div>
    </Panel>
  );
}

/** When something will happen to the alert by itself, and whether it comes and goes. */
function Timers({ alert }: { alert: Alert }) {
  if (!alert.held_until && !alert.auto_resolves_at && !alert.flapping) return null;
  return (
    <div className="mt-3">
      <Facts>
        {alert.held_until ? (
          <Fact name="Looked at again">
            <Time at={alert.held_until} focusable />
          </Fact>
        ) : null}
        {alert.auto_resolves_at ? (
          <Fact name="Over by itself">
            <Time at={alert.auto_resolves_at} focusable />, if nothing more is heard of it
          </Fact>
        ) : null}
        {alert.flapping ? (
          <Fact name="Flapping">It came back {alert.flaps} times, each soon after it was over.</Fact>
        ) : null}
      </Facts>
    </div>
  );
}

function sentence(text: string) {
  return `${text.charAt(0).toUpperCase()}${text.slice(1)}.`;
}

function About({ alert }: { alert: Alert }) {
  const plain: [string, string | null][] = [
    ["Source", alert.source],
    ["Component", alert.component],
    ["Group", alert.group],
    ["Class", alert.class],
    ["Integration", alert.integration],
  ];
  return (
    <Panel title="What it says">
      <Facts>
        <Fact name="State">
          <State state={alert.status} />
        </Fact>
        <Fact name="Severity">
          {alert.severity === null ? "informational: it pages nobody" : <Severity level={alert.severity} />}
        </Fact>
        <Fact name="Service">
          {alert.service ? (
            <Link to="/services/$name" params={{ name: alert.service }} className="link">
              {alert.service}
            </Link>
          ) : (
            "none matched: the catch-all took it"
          )}
        </Fact>
        <Fact name="First seen">
          <Time at={alert.first_at} focusable />
        </Fact>
        <Fact name="Last seen">
          <Time at={alert.last_at} focusable /> {alert.count > 1 ? <Tag>{alert.count} times</Tag> : null}
        </Fact>
        {alert.resolved_at ? (
          <Fact name="Recovered">
            <Time at={alert.resolved_at} focusable />
          </Fact>
        ) : null}
        {plain.map(([name, value]) =>
          value ? (
            <Fact key={name} name={name}>
              {value}
            </Fact>
          ) : null,
        )}
        <Fact name="Key">
          <code className="text-13">{alert.dedup_key}</code>
        </Fact>
        {alert.links.map((link) => (
          <Fact key={`${link.href} ${link.text}`} name="Link">
            <SafeLink href={link.href} text={link.text} />
          </Fact>
        ))}
      </Facts>
      <Pairs title="Labels" pairs={Object.entries(alert.labels)} />
      <Pairs title="Details" pairs={Object.entries(alert.details)} />
    </Panel>
  );
}

/** Links come from outside: only web addresses become links. */
function SafeLink({ href = "", text }: Alert["links"][number]) {
  if (!/^https?:\/\//i.test(href)) return <code className="text-13">{href}</code>;
  return (
    <a href={href} className="link" target="_blank" rel="noreferrer">
      {text || href}
    </a>
  );
}

function Pairs({ title, pairs }: { title: string; pairs: [string, unknown][] }) {
  if (pairs.length === 0) return null;
  return (
    <>
      <h3 className="mt-5 mb-2 font-semibold">{title}</h3>
      <Facts>
        {pairs.map(([name, value]) => (
          <Fact key={name} name={name}>
            <code className="text-13 whitespace-pre-wrap">
              {typeof value === "string" ? value : JSON.stringify(value, null, 2)}
            </code>
          </Fact>
        ))}
      </Facts>
    </>
  );
}

function Raw({ id }: { id: string }) {
  const messages = useInfiniteQuery(queries.alertMessages(id));
  return (
    <Panel title="Messages as they came in" flush>
      <Shown read={messages} what="the messages">
        {({ pages }) => {
          const rows = pages.flatMap((page) => page.items);
          if (rows.length === 0) {
            return (
              <Empty title="No message is kept">
                <p>Raw messages are removed after their retention time.</p>
              </Empty>
            );
          }
          return (
            <>
              <ul className="divide-y">
                {rows.map((message, index) => (
                  <MessageEntry key={message.id} message={message} opened={index === 0} />
                ))}
              </ul>
              <More list={messages} />
            </>
          );
        }}
      </Shown>
    </Panel>
  );
}
