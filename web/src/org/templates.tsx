/**
 * The organisation's own words: a template beside what it would say of an incident, at every key. Nothing is
 * sent and nothing is changed; the words go into the configuration.
 */
import { keepPreviousData, useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { post } from "@/api/client";
import * as queries from "@/api/queries";
import type { Template, TemplatePreview } from "@/api/types";
import { Empty, Failure, Loading, Panel, ScreenHead, Shown } from "@/ui/block";
import { CopyButton } from "@/ui/button";
import { useDebounced } from "@/ui/debounced";
import { CodeField, SelectField, TextField } from "@/ui/form";

const KINDS: Record<Template["kind"], string> = {
  headline: "An incident in one line",
  notice: "What notification lists are told",
  update: "Drafts of updates",
  room: "Names of rooms",
  bridge: "Links of bridges",
};

const PLACES: Record<Template["kind"], string> = {
  headline: "organization: { templates: { headline: … } }",
  notice: "organization: { templates: { notice: … } }, or wording of a notification list",
  update: "wording of an audience",
  room: "name in process.room of a severity",
  bridge: "template in process.bridge of a severity",
};

export default function Templates() {
  const templates = useQuery(queries.templates());
  return (
    <>
      <ScreenHead title="Wording" />
      <p className="mb-4 max-w-prose text-muted">
        What messages say, before anybody gets one: write, and read beside it what an incident would make of
        it. Nothing is sent or stored; what you like goes into the configuration.
      </p>
      <Shown read={templates} what="templates">
        {({ items }) => <Bench items={items} />}
      </Shown>
    </>
  );
}

function Bench({ items }: { items: Template[] }) {
  const [place, setPlace] = useState(0);
  const [written, setWritten] = useState<string | null>(null);
  const [incident, setIncident] = useState("");
  const chosen = items[place];
  if (!chosen) return <Empty title="There is no template" />;
  const template = written ?? chosen.template;
  return (
    <div className="grid items-start gap-4 lg:grid-cols-2">
      <Panel title="Template">
        <div className="flex flex-col gap-4">
          <SelectField
            label="What is it for?"
            value={String(place)}
            onChange={({ target }) => {
              setPlace(Number(target.value));
              setWritten(null);
            }}
          >
            {items.map((one, index) => (
              <option key={`${one.kind} ${one.of}`} value={index}>
                {KINDS[one.kind]}
                {one.of ? `: ${one.of}` : ""}
                {one.built_in ? " (built in)" : ""}
              </option>
            ))}
          </SelectField>
          <TextField
            label="Incident (optional)"
            value={incident}
            onChange={({ target }) => setIncident(target.value)}
            inputMode="numeric"
            autoComplete="off"
            placeholder="42"
            hint="One that might be, unless you name one"
          />
          <CodeField
            label="Words"
            rows={8}
            value={template}
            onChange={({ target }) => setWritten(target.value)}
          />
          <div className="flex flex-wrap items-center gap-2">
            <CopyButton text={template} label="Copy the template" />
            <span className="text-13 text-muted">In the configuration: {PLACES[chosen.kind]}</span>
          </div>
        </div>
      </Panel>
      <Said kind={chosen.kind} template={template} incident={incident} />
    </div>
  );
}

function Said({ kind, template, incident }: { kind: Template["kind"]; template: string; incident: string }) {
  const still = useDebounced(template);
  const number = useDebounced(incident.trim().replace(/^#/, ""));
  const preview = useQuery({
    queryKey: ["templates", "preview", kind, number, still],
    queryFn: ({ signal }) =>
      post("/templates/preview", {
        body: { kind, template: still, ...(number ? { incident: number } : {}) },
        signal,
      }),
    placeholderData: keepPreviousData,
    retry: false,
  });
  return (
    <section aria-label="What it would say" className="flex min-w-0 flex-col gap-4">
      <Panel title={number ? `What #${number} would make of it` : "What an incident would make of it"}>
        <div role="status">
          {preview.error ? (
            <Failure error={preview.error} />
          ) : preview.data ? (
            <Words said={preview.data} isEmpty={still.trim() === ""} />
          ) : (
            <Loading what="what it says" />
          )}
        </div>
      </Panel>
      {preview.data && !preview.error ? <Values said={preview.data} /> : null}
    </section>
  );
}

function Words({ said, isEmpty }: { said: TemplatePreview; isEmpty: boolean }) {
  if (isEmpty) return <p className="text-muted">Nothing is written yet: the usual words are said.</p>;
  if (said.text !== null) {
    return <p className="whitespace-pre-wrap [overflow-wrap:anywhere]">{said.text}</p>;
  }
  const { why, line } = said.mistake ?? { why: "It says nothing.", line: null };
  return (
    <p className="border-l-2 border-text pl-2 font-medium [overflow-wrap:anywhere]">
      {line ? `Line ${line}: ` : ""}
      {why}
    </p>
  );
}

function Values({ said }: { said: TemplatePreview }) {
  return (
    <Panel title="What it may speak of">
      <dl className="grid grid-cols-[auto_minmax(0,1fr)] gap-x-4 gap-y-1 text-13">
        {said.values.map(({ name, value }) => (
          <div key={name} className="contents">
            <dt>
              <code>{`{{ ${name} }}`}</code>
            </dt>
            <dd className="text-muted [overflow-wrap:anywhere]">{value || "nothing"}</dd>
          </div>
        ))}
      </dl>
    </Panel>
  );
}
