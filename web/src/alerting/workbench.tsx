/**
 * What would become of a message, stored or pasted: under the configuration in
 * force and, if one is proposed, under that. It asks the server's own functions
 * and changes nothing.
 */
import { useQuery } from "@tanstack/react-query";
import { getRouteApi, Link } from "@tanstack/react-router";
import { type FormEvent, useEffect, useRef, useState } from "react";
import { toast } from "sonner";
import { get, post } from "@/api/client";
import { explain } from "@/api/problem";
import * as queries from "@/api/queries";
import type { Trial, TrialResult } from "@/api/types";
import { Code, Empty, Panel, ScreenHead, Shown } from "@/ui/block";
import { Button } from "@/ui/button";
import { Faults } from "@/ui/faults";
import { CodeField, filled, needed, SelectField, TextField } from "@/ui/form";
import { count } from "@/ui/format";
import { Time } from "@/ui/time";
import { readable } from "./message";
import { SignalPair } from "./signal";
import { pairs } from "./trial";

const route = getRouteApi("/workbench");

interface Tried {
  now: TrialResult;
  proposed?: TrialResult;
}

export default function Workbench() {
  const { message } = route.useSearch();
  const [tried, setTried] = useState<Tried | null>(null);
  const [error, setError] = useState<unknown>(null);
  const [busy, setBusy] = useState(false);
  const form = useRef<HTMLFormElement>(null);
  // Whoever comes with a message has asked already.
  useEffect(() => {
    if (message) form.current?.requestSubmit();
  }, [message]);
  const submit = async (event: FormEvent<HTMLFormElement>) => {
    event.preventDefault();
    const form = new FormData(event.currentTarget);
    setBusy(true);
    setError(null);
    try {
      setTried(await tryOut(form, message));
    } catch (problem) {
      setTried(null);
      setError(problem);
    } finally {
      setBusy(false);
    }
  };
  return (
    <>
      <ScreenHead title="Workbench" />
      <p className="mb-4 max-w-prose text-muted">
        See what would become of a message: where it goes, how bad it is, what it joins, who is paged and what
        they read. Nothing is stored and nobody is paged.
      </p>
      <div className="grid items-start gap-4 lg:grid-cols-[minmax(0,24rem)_minmax(0,1fr)]">
        <Panel title="Try a message">
          <form ref={form} onSubmit={submit} className="flex flex-col gap-4">
            {message ? <Stored id={message} /> : <Pasted />}
            <Proposal />
            <div>
              <Button type="submit" emphasis="primary" className="min-h-10" disabled={busy}>
                {busy ? "Trying…" : "Try it"}
              </Button>
            </div>
          </form>
        </Panel>
        <section aria-label="What would happen" aria-live="polite" className="flex min-w-0 flex-col gap-4">
          {error ? (
            <div className="panel p-4">
              <Faults error={error} />
            </div>
          ) : null}
          {tried ? <Outcome tried={tried} /> : error ? null : <Nothing />}
        </section>
      </div>
    </>
  );
}

async function tryOut(form: FormData, message: string | undefined): Promise<Tried> {
  const config = filled(form, "config");
  const trial: Trial = message
    ? { message }
    : {
        integration: needed(form, "integration"),
        content_type: filled(form, "content_type"),
        body: String(form.get("body")),
      };
  const [now, proposed] = await Promise.all([
    post("/workbench", { body: trial }),
    config ? post("/workbench", { body: { ...trial, config } }) : undefined,
  ]);
  return { now, proposed };
}

function Stored({ id }: { id: string }) {
  const message = useQuery(queries.message(id));
  return (
    <Shown read={message} what="the message">
      {(data) => (
        <div className="flex flex-col gap-2">
          <p>
            The message that <strong className="font-semibold">{data.integration ?? "somebody"}</strong> sent,{" "}
            <Time at={data.received_at} focusable />
          </p>
          <div className="max-h-72 overflow-y-auto">
            <Code text={readable(data)} label="The stored message" />
          </div>
          <Link to="/workbench" search={{}} className="link tap inline-flex items-center self-start">
            Paste another message instead
          </Link>
        </div>
      )}
    </Shown>
  );
}

function Pasted() {
  const { integration } = route.useSearch();
  const services = useQuery(queries.services());
  return (
    <Shown read={services} what="integrations">
      {({ items }) => (
        <>
          <SelectField label="Integration" name="integration" required defaultValue={integration ?? ""}>
            <option value="" disabled>
              Choose…
            </option>
            {items.flatMap((service) =>
              service.integrations.map(({ name, type }) => (
                <option key={`${service.name}/${name}`} value={`${service.name}/${name}`}>
                  {service.name}/{name} ({type})
                </option>
              )),
            )}
          </SelectField>
          <CodeField label="Message" name="body" rows={8} required hint="As your monitoring would send it." />
          <TextField label="Media type" name="content_type" defaultValue="application/json" />
        </>
      )}
    </Shown>
  );
}

/** A proposed configuration: compared with the one in force. */
function Proposal() {
  const box = useRef<HTMLDivElement>(null);
  const session = useQuery(queries.session());
  const start = async () => {
    const field = box.current?.querySelector("textarea");
    if (!field) return;
    try {
      field.value = await get("/config/export");
      field.focus();
    } catch (error) {
      toast.error(explain(error));
    }
  };
  return (
    <div ref={box} className="flex flex-col gap-2">
      <CodeField
        label="Proposed configuration (optional)"
        name="config"
        rows={5}
        hint="The whole file, in YAML. What it would change is shown beside how it is now; it is not applied."
      />
      {session.data?.user.role === "admin" ? (
        <div>
          <Button onClick={() => void start()}>Start from the one in force</Button>
        </div>
      ) : null}
    </div>
  );
}

function Nothing() {
  return (
    <div className="panel">
      <Empty title="Nothing tried yet">
        <p>
          Choose an integration and paste what it would receive. To try a message that came in, press “Try on
          the workbench” beside it, under its alert or under Needs attention.
        </p>
      </Empty>
    </div>
  );
}

function Outcome({ tried: { now, proposed } }: { tried: Tried }) {
  const found = pairs(now.signals, proposed?.signals);
  const changed = found.filter(
    (pair) => pair.changed.length > 0 || !pair.now || pair.proposed === null,
  ).length;
  const more = Math.max(now.more, proposed?.more ?? 0);
  return (
    <>
      <p role="status" className="font-semibold">
        {found.length === 0 ? "The message says nothing: it has no signal." : count(found.length, "signal")}
        {proposed ? `; the proposal changes ${changed === 0 ? "nothing" : count(changed, "signal")}` : ""}
      </p>
      {found.map((pair) => {
        const { action, dedup_key } = pair.now ?? pair.proposed ?? { action: "", dedup_key: "" };
        return <SignalPair key={`${action} ${dedup_key}`} pair={pair} />;
      })}
      {more > 0 ? <p className="text-muted">{count(more, "more signal")} not shown.</p> : null}
    </>
  );
}
