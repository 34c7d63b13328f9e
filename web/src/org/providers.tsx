/** Who carries messages, in the order of preference: how each does, and whether it knows us. */
import { useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { post } from "@/api/client";
import { explain } from "@/api/problem";
import * as queries from "@/api/queries";
import type { Provider, ProviderState, ProviderTest } from "@/api/types";
import { InStep } from "@/oncall/in-step";
import { Empty, Fact, Facts, Panel, ScreenHead, Shown, Tag } from "@/ui/block";
import { Button, CopyButton } from "@/ui/button";
import { OkGlyph } from "@/ui/glyph";
import { Countdown, Time } from "@/ui/time";

const STATES: Record<ProviderState, string> = {
  working: "works",
  doubtful: "failed the last time",
  resting: "fails, left alone for a moment",
  trying: "being tried again",
};

export default function Providers() {
  const providers = useQuery(queries.providers());
  return (
    <>
      <ScreenHead title="Providers" />
      <div className="panel">
        <Shown read={providers} what="the providers">
          {({ items }) =>
            items.length === 0 ? (
              <Empty title="No provider is set up">
                <p>
                  Webhooks, Teams workflows and the server's own mail need none. For everything else, write{" "}
                  <code>providers</code> into the configuration and run <code>muster apply</code>.
                </p>
              </Empty>
            ) : (
              <ul className="divide-y">
                {items.map((provider) => (
                  <Row key={provider.name} provider={provider} />
                ))}
              </ul>
            )
          }
        </Shown>
      </div>
      <Followers />
    </>
  );
}

/** What follows schedules in chats; nothing where nothing does. */
function Followers() {
  const schedules = useQuery(queries.schedules());
  const followed = schedules.data?.items.filter(({ chat }) => chat !== null) ?? [];
  if (followed.length === 0) return null;
  return (
    <Panel title="Chats that follow who is on call">
      <Facts>
        {followed.map(({ name, chat }) =>
          chat ? (
            <Fact key={name} name={`${name} in ${chat.provider}`}>
              <InStep schedule={name} chat={chat} />
            </Fact>
          ) : null,
        )}
      </Facts>
    </Panel>
  );
}

function Row({ provider }: { provider: Provider }) {
  return (
    <li className="flex flex-col gap-3 px-4 py-3">
      <div className="flex flex-wrap items-center gap-x-3 gap-y-1">
        <h2 className="text-16 font-semibold">{provider.name}</h2>
        <Tag>{provider.type}</Tag>
        <span className="inline-flex items-center gap-1 text-13">
          {provider.state === "working" ? <OkGlyph /> : null}
          {STATES[provider.state]}
          {provider.resting_until ? (
            <>
              , for <Countdown to={provider.resting_until} />
            </>
          ) : null}
        </span>
      </div>
      <Facts>
        <Fact name="Carries">{provider.channels.join(", ")}</Fact>
        <Fact name="Last accepted">
          {provider.last_accepted_at ? <Time at={provider.last_accepted_at} focusable /> : "nothing yet"}
        </Fact>
        <Fact name="Last failure">
          {provider.last_failed_at ? (
            <>
              <Time at={provider.last_failed_at} focusable />
              {provider.last_failure ? (
                <span className="block break-words text-muted">{provider.last_failure}</span>
              ) : null}
            </>
          ) : (
            "none"
          )}
        </Fact>
        {provider.callback_url ? (
          <Fact name="Callback address">
            <span className="break-all">{provider.callback_url}</span>{" "}
            <CopyButton
              text={provider.callback_url}
              label={`Copy the callback address of ${provider.name}`}
            />
          </Fact>
        ) : null}
      </Facts>
      {provider.can_be_tested ? <Test name={provider.name} /> : null}
    </li>
  );
}

/** Asks the provider whether it knows us; the answer stays beside the button. */
function Test({ name }: { name: string }) {
  const [busy, setBusy] = useState(false);
  const [answer, setAnswer] = useState<ProviderTest | null>(null);
  const test = async () => {
    setBusy(true);
    try {
      setAnswer(await post("/providers/{name}/test", { path: { name } }));
    } catch (error) {
      setAnswer({ ok: false, detail: explain(error) });
    } finally {
      setBusy(false);
    }
  };
  return (
    <div className="flex flex-wrap items-center gap-3">
      <Button disabled={busy} onClick={() => void test()}>
        Test<span className="sr-only"> {name}</span>
      </Button>
      <p role="status" className="min-w-0 text-13 break-words">
        {answer === null ? "Asks whether it knows us; nobody gets a message." : null}
        {answer?.ok === true ? (
          <span className="inline-flex items-center gap-1">
            <OkGlyph /> {answer.detail}
          </span>
        ) : null}
        {answer?.ok === false ? (
          <>
            <strong className="font-semibold">It does not:</strong> {answer.detail}
          </>
        ) : null}
      </p>
    </div>
  );
}
