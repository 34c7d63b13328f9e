/** The configuration as a file: what is in force, what a change to it would do, and doing it. */
import { useQuery, useQueryClient } from "@tanstack/react-query";
import { Download } from "lucide-react";
import { type ChangeEvent, useState } from "react";
import { toast } from "sonner";
import { post } from "@/api/client";
import * as queries from "@/api/queries";
import type { ConfigChange, ConfigPlan } from "@/api/types";
import { Code, Panel, ScreenHead, Shown } from "@/ui/block";
import { Button, CopyButton } from "@/ui/button";
import { FormDialog } from "@/ui/dialog";
import { Faults } from "@/ui/faults";
import { CodeField } from "@/ui/form";
import { count } from "@/ui/format";
import { OkGlyph } from "@/ui/glyph";
import { saveFile } from "@/ui/save";
import { Warnings } from "@/ui/warnings";

const FILE_BYTES_MAX = 1024 * 1024;

export default function Configuration() {
  const [text, setText] = useState("");
  return (
    <>
      <ScreenHead title="Configuration" />
      <div className="grid items-start gap-4 xl:grid-cols-2">
        <Change text={text} setText={setText} />
        <InForce edit={setText} />
      </div>
    </>
  );
}

function InForce({ edit }: { edit: (text: string) => void }) {
  const configuration = useQuery(queries.configuration());
  return (
    <Panel title="In force">
      <Shown read={configuration} what="the configuration">
        {(yaml) => (
          <div className="flex flex-col gap-3">
            <p className="text-13 text-muted">
              Applying it again changes nothing. It can hold secrets; those given as{" "}
              <code>{"{ env: NAME }"}</code> stay out of it.
            </p>
            <div className="flex flex-wrap gap-2">
              <Button onClick={() => edit(yaml)}>Edit a copy</Button>
              <CopyButton text={yaml} label="Copy the configuration" />
              <Button onClick={() => saveFile("org.yaml", "text/yaml", yaml)}>
                <Download className="size-4" aria-hidden="true" /> org.yaml
              </Button>
            </div>
            <div className="max-h-[32rem] overflow-y-auto">
              <Code text={yaml} label="The configuration in force" />
            </div>
          </div>
        )}
      </Shown>
    </Panel>
  );
}

function Change({ text, setText }: { text: string; setText: (text: string) => void }) {
  const [planned, setPlanned] = useState<{ text: string; plan: ConfigPlan } | null>(null);
  const [error, setError] = useState<unknown>(null);
  const [busy, setBusy] = useState(false);
  const plan = async () => {
    setBusy(true);
    setError(null);
    setPlanned(null);
    try {
      setPlanned({ text, plan: await post("/config/plan", { body: text }) });
    } catch (problem) {
      setError(problem);
    } finally {
      setBusy(false);
    }
  };
  const upload = async ({ target }: ChangeEvent<HTMLInputElement>) => {
    const file = target.files?.[0];
    target.value = "";
    if (!file) return;
    if (file.size > FILE_BYTES_MAX) toast.error("That file is larger than 1 MiB, so it is no configuration.");
    else setText(await file.text());
  };
  return (
    <Panel title="Change it">
      <div className="flex flex-col gap-4">
        <CodeField
          label="The whole file, in YAML"
          rows={14}
          value={text}
          onChange={(event) => setText(event.target.value)}
          hint="What is not in it is deleted. Plan shows everything that would change, before anything does."
        />
        <div className="flex flex-wrap items-center gap-3">
          <Button emphasis="primary" disabled={busy || !text.trim()} onClick={() => void plan()}>
            {busy ? "Planning…" : "Plan"}
          </Button>
          <label className="flex flex-wrap items-center gap-2">
            <span className="text-muted">or read</span>
            <input
              type="file"
              accept=".yaml,.yml,text/yaml"
              onChange={(event) => void upload(event)}
              className="min-w-0 text-13 text-muted file:mr-2 file:min-h-8 file:cursor-pointer file:rounded-sm file:border file:border-solid file:border-edge file:bg-surface file:px-3 file:text-14 file:font-medium file:text-text max-md:file:min-h-11"
            />
          </label>
        </div>
        <div aria-live="polite">
          {error ? <Faults error={error} /> : null}
          {planned ? (
            <Plan
              planned={planned.plan}
              text={planned.text}
              isCurrent={planned.text === text}
              done={() => setPlanned(null)}
            />
          ) : null}
        </div>
      </div>
    </Panel>
  );
}

function Plan({
  planned,
  text,
  isCurrent,
  done,
}: {
  planned: ConfigPlan;
  text: string;
  isCurrent: boolean;
  done: () => void;
}) {
  const client = useQueryClient();
  const [asking, setAsking] = useState(false);
  const { changes, warnings } = planned;
  const deleted = changes.filter(({ action }) => action === "delete").length;
  const apply = async () => {
    const { changes: made } = await post("/config/apply", { body: text });
    toast.success(`Applied: ${count(made.length, "change")}.`);
    done();
    await client.invalidateQueries();
  };
  return (
    <section aria-label="The plan">
      <h3 className="flex items-center gap-2 font-semibold">
        {changes.length === 0 ? (
          <>
            <OkGlyph /> Nothing would change
          </>
        ) : (
          `${count(changes.length, "change")}, none made yet`
        )}
      </h3>
      <ul className="mt-2 divide-y">
        {changes.map((change) => (
          <ChangeRow key={`${change.kind} ${change.name}`} change={change} />
        ))}
      </ul>
      <Warnings warnings={warnings} />
      {isCurrent ? null : <p className="mt-3 font-semibold">The text has changed since. Plan again.</p>}
      {changes.length > 0 && isCurrent ? (
        <Button className="mt-3" onClick={() => setAsking(true)}>
          Apply…
        </Button>
      ) : null}
      {asking ? (
        <FormDialog
          open
          onOpenChange={setAsking}
          title={`Apply ${count(changes.length, "change")}?`}
          description={`It takes effect at once${deleted > 0 ? `, and ${count(deleted, "thing")} will be deleted` : ""}. All of it is applied, or nothing.`}
          submit="Apply"
          onSubmit={apply}
        >
          {null}
        </FormDialog>
      ) : null}
    </section>
  );
}

function ChangeRow({ change: { action, kind, name, fields } }: { change: ConfigChange }) {
  return (
    <li className="flex flex-wrap gap-x-2 py-1.5">
      <span className={action === "delete" ? "font-semibold" : "text-muted"}>{action}</span>
      <span>
        {kind.replaceAll("_", " ")} <strong className="font-semibold">{name}</strong>
      </span>
      {fields.length > 0 ? <span className="text-13 text-muted">{fields.join(", ")}</span> : null}
    </li>
  );
}
