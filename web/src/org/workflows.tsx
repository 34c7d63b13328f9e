/** What is done by itself: on which events, what, what was done, and what would be done for an incident. */
import { useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { useState } from "react";
import { post } from "@/api/client";
import * as queries from "@/api/queries";
import type { Workflow, WorkflowDryRun, WorkflowRun, WorkflowStep } from "@/api/types";
import { Code, Empty, Panel, ScreenHead, Shown, Tag } from "@/ui/block";
import { Button, CopyButton } from "@/ui/button";
import { FormDialog } from "@/ui/dialog";
import { needed, TextField } from "@/ui/form";
import { Time } from "@/ui/time";

const EXAMPLE = `workflows:
  - name: database-on-outage
    on: [declared, opened, severity_changed]
    when: severity == 1
    do:
      - { engage: database, message: "{{ title }} on {{ service }}" }
      - { open_bridge: process }`;

export default function Workflows() {
  const workflows = useQuery(queries.workflows());
  return (
    <>
      <ScreenHead title="Workflows" />
      <Shown read={workflows} what="workflows">
        {({ items }) =>
          items.length === 0 ? (
            <div className="panel">
              <Empty title="No workflow yet">
                <p>
                  A workflow does by itself what people would do each time: engage a group, post a note, tell
                  a list, set the severity, call a webhook, open the bridge. Put one into your configuration
                  file and run <code>muster apply -f org.yaml</code>:
                </p>
                <Code text={EXAMPLE} label="Example of a workflow" />
                <CopyButton text={EXAMPLE} label="Copy the example workflow" />
              </Empty>
            </div>
          ) : (
            <div className="flex flex-col gap-4">
              {items.map((workflow) => (
                <Card key={workflow.name} workflow={workflow} />
              ))}
            </div>
          )
        }
      </Shown>
    </>
  );
}

function Card({ workflow }: { workflow: Workflow }) {
  const [trying, setTrying] = useState(false);
  const [dry, setDry] = useState<{ incident: number; run: WorkflowDryRun } | null>(null);
  const { name } = workflow;
  const submit = async (form: FormData) => {
    const incident = Number(needed(form, "incident").replace("#", ""));
    const run = await post("/workflows/{name}/dry-run", { path: { name }, body: { incident } });
    setDry({ incident, run });
  };
  return (
    <Panel
      title={name}
      aside={
        <Button onClick={() => setTrying(true)} aria-label={`Try it: ${name}`}>
          Try it
        </Button>
      }
    >
      <div className="flex flex-col gap-2">
        {workflow.description ? <p>{workflow.description}</p> : null}
        <p className="flex flex-wrap items-center gap-2">
          {workflow.off ? <Tag>switched off</Tag> : null}
          <span className="text-muted">On</span>
          {workflow.on.map((kind) => (
            <Tag key={kind}>{kind.replaceAll("_", " ")}</Tag>
          ))}
        </p>
        {workflow.when ? (
          <p className="[overflow-wrap:anywhere]">
            <span className="text-muted">when</span> <code>{workflow.when}</code>
          </p>
        ) : null}
        <ol className="list-decimal pl-5">
          {workflow.steps.map((step, place) => (
            // biome-ignore lint/suspicious/noArrayIndexKey: two steps may be the same, and their order is what they are.
            <li key={place} className="[overflow-wrap:anywhere]">
              {step}
            </li>
          ))}
        </ol>
        <p className="text-13 text-muted">
          At most {workflow.at_most} times an hour for one incident. What a workflow does sets off no
          workflow.
        </p>
        {dry ? <Tried incident={dry.incident} run={dry.run} /> : null}
        <Runs name={name} />
      </div>
      <FormDialog
        open={trying}
        onOpenChange={setTrying}
        title={`What would ${name} do?`}
        description="It is asked about an incident as it is now. Nothing is done."
        submit="Ask"
        onSubmit={submit}
      >
        <TextField label="Incident" name="incident" required inputMode="numeric" placeholder="42" />
      </FormDialog>
    </Panel>
  );
}

function Tried({ incident, run }: { incident: number; run: WorkflowDryRun }) {
  const sets = run.entries.filter(({ runs }) => runs);
  return (
    <section aria-label="What it would do" role="status" className="border-t pt-2">
      <h3 className="font-semibold">
        For #{incident} it would run{" "}
        {sets.length === 0 ? "never" : sets.length === 1 ? "once" : `${sets.length} times`}
      </h3>
      {run.entries.length === 0 ? <p>Nothing that it hears of has happened.</p> : null}
      <ul>
        {run.entries.map((entry) => (
          <li key={entry.entry} className="py-1 [overflow-wrap:anywhere]">
            <span className="font-medium">{entry.runs ? "Runs" : "Rests"}:</span> {entry.text}
            {entry.because ? <span className="text-muted">, because {entry.because}</span> : null}
          </li>
        ))}
      </ul>
      <p className="pt-1 text-muted">Each time:</p>
      <Steps steps={run.steps} />
    </section>
  );
}

function Steps({ steps }: { steps: WorkflowStep[] }) {
  return (
    <ul className="list-disc pl-5">
      {steps.map(({ step, trouble }, place) => (
        // biome-ignore lint/suspicious/noArrayIndexKey: two steps may be the same, and their order is what they are.
        <li key={place} className="[overflow-wrap:anywhere]">
          {step}
          {trouble ? <strong className="font-semibold">: not done, {trouble}</strong> : null}
        </li>
      ))}
    </ul>
  );
}

function Runs({ name }: { name: string }) {
  const runs = useQuery(queries.workflowRuns(name));
  return (
    <section aria-label="What it did" className="border-t pt-2">
      <h3 className="font-semibold">What it did</h3>
      <Shown read={runs} what="its runs">
        {({ items }) =>
          items.length === 0 ? (
            <p className="text-muted">It has not run.</p>
          ) : (
            <ul className="divide-y">
              {items.map((run) => (
                <Run key={run.id} run={run} />
              ))}
            </ul>
          )
        }
      </Shown>
    </section>
  );
}

function Run({ run }: { run: WorkflowRun }) {
  return (
    <li className="py-2">
      <p className="flex flex-wrap items-center gap-x-3">
        <Time at={run.at} focusable />
        <Link to="/incidents/$number" params={{ number: String(run.incident) }} className="link">
          #{run.incident}
        </Link>
        <Tag>{run.state}</Tag>
      </p>
      <Steps steps={run.steps} />
    </li>
  );
}
