/** One signal on the workbench: what would become of it now and, beside it, under a proposal. */
import clsx from "clsx";
import type { ReactNode } from "react";
import type { TrialSignal } from "@/api/types";
import { PlannedPages } from "@/oncall/planned";
import { Code, Fact, Facts, Panel, Tag } from "@/ui/block";
import { Severity } from "@/ui/glyph";
import { Warnings } from "@/ui/warnings";
import { type Aspect, afterSeconds, type Pair } from "./trial";

export function SignalPair({ pair: { now, proposed, changed } }: { pair: Pair }) {
  const signal = now ?? proposed;
  if (!signal) return null;
  const compared = proposed !== undefined;
  return (
    <Panel title={signal.summary || signal.dedup_key} aside={<Tag>{signal.action}</Tag>}>
      <div className={clsx("grid gap-6", compared && "2xl:grid-cols-2")}>
        <Side title={compared ? "Now" : null} signal={now} changed={[]} />
        {compared ? <Side title="Proposed" signal={proposed} changed={changed} /> : null}
      </div>
    </Panel>
  );
}

function Side({
  title,
  signal,
  changed,
}: {
  title: string | null;
  signal: TrialSignal | null;
  changed: Aspect[];
}) {
  const body = signal ? (
    <Body signal={signal} changed={changed} Heading={title ? "h4" : "h3"} />
  ) : (
    <p>There is no such signal.</p>
  );
  if (!title) return <div className="flex min-w-0 flex-col gap-4">{body}</div>;
  return (
    // biome-ignore lint/a11y/useSemanticElements: two columns that are compared are no set of fields.
    <div role="group" aria-label={title} className="flex min-w-0 flex-col gap-4">
      <h3 className="font-semibold">{title}</h3>
      {body}
    </div>
  );
}

function Body({
  signal,
  changed,
  Heading,
}: {
  signal: TrialSignal;
  changed: Aspect[];
  Heading: "h3" | "h4";
}) {
  const mark = (aspect: Aspect) => (changed.includes(aspect) ? <Tag>changed</Tag> : null);
  return (
    <>
      <Facts>
        <Reasoned name="Service" why={signal.routed_by} mark={mark("service")}>
          {signal.service}
        </Reasoned>
        <Reasoned name="Severity" why={signal.severity_by} mark={mark("severity")}>
          {signal.severity === null ? "informational" : <Severity level={signal.severity} />}
        </Reasoned>
        <Fact name="Decision">
          {signal.decision} {mark("decision")}
        </Fact>
        <Fact name="Grouping">
          {signal.grouping} {mark("grouping")}
        </Fact>
        <Fact name="Pages">
          {signal.not_paged ?? "at once"} {mark("held")}
        </Fact>
        <Fact name="Key">
          <code className="text-13">{signal.dedup_key}</code>
        </Fact>
      </Facts>
      <Warnings warnings={signal.warnings} />
      {mark("warnings")}
      <div>
        <Heading className="mb-1 flex flex-wrap items-center gap-2 font-semibold">
          Who would be paged {mark("pages")}
        </Heading>
        <p className="mb-1 text-13 text-muted">
          By an incident of its own, if nobody answered. What only repeats or joins pages nobody again.
        </p>
        <PlannedPages pages={signal.pages} after={(page) => afterSeconds(signal, page)} />
      </div>
      <Texts signal={signal} Heading={Heading} />
    </>
  );
}

function Reasoned({
  name,
  why,
  mark,
  children,
}: {
  name: string;
  why: string;
  mark: ReactNode;
  children: ReactNode;
}) {
  return (
    <Fact name={name}>
      <span className="flex flex-wrap items-center gap-x-2">
        <span className="font-semibold">{children}</span> {mark}
      </span>
      <span className="block text-13 text-muted">{why}</span>
    </Fact>
  );
}

const CHATS: Record<string, string> = {
  slack: "Slack",
  teams: "Microsoft Teams",
  discord: "Discord",
  telegram: "Telegram",
  matrix: "Matrix",
  mattermost: "Mattermost",
  ntfy: "ntfy",
  pushover: "Pushover",
  gotify: "Gotify",
  web_push: "Web push",
};

/** What the first person would read, exactly; only the links lead nowhere yet. */
function Texts({ signal: { texts }, Heading }: { signal: TrialSignal; Heading: "h3" | "h4" }) {
  if (!texts) return null;
  return (
    <div className="flex flex-col gap-2">
      <Heading className="font-semibold">What the first of them would receive</Heading>
      <Text title="Mail" text={`Subject: ${texts.email.subject}\n\n${texts.email.text}`} />
      <Text title="Text message" text={texts.sms} />
      <Text title="Call" text={texts.voice} />
      {Object.entries(texts.chat).map(([channel, body]) => (
        <Text key={channel} title={CHATS[channel] ?? channel} text={JSON.stringify(body, null, 2)} />
      ))}
      <Text title="Webhook" text={JSON.stringify(texts.webhook, null, 2)} />
    </div>
  );
}

function Text({ title, text }: { title: string; text: string }) {
  return (
    <details>
      <summary className="tap w-fit py-1.5 text-13 text-link underline underline-offset-3">{title}</summary>
      <Code text={text} label={`The ${title.toLowerCase()}`} />
    </details>
  );
}
