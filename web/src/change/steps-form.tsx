/** The steps of a plan while they are written: added, moved, removed, and made of pasted commands. */
import { useState } from "react";
import type { ChangeStep } from "@/api/types";
import { Panel } from "@/ui/block";
import { Button } from "@/ui/button";
import { FormDialog } from "@/ui/dialog";
import { FaultAt } from "@/ui/fault-place";
import { CodeField, needed, SelectField, TextField } from "@/ui/form";
import { Grip, MoveButtons, type Order, OrderStatus, orderGrip, orderItem, useOrder } from "@/ui/order";
import { words } from "./change";
import { moved, stepAfter, stepsFrom } from "./draft";
import { Names } from "./names";

const PHASES = ["before", "during", "after"] as const;

interface Steps {
  title: string;
  help: string;
  /** Where they are in the plan. */
  path: "timeline" | "rollback";
  steps: ChangeStep[];
  onChange: (steps: ChangeStep[]) => void;
}

export function StepsForm({ title, help, path, steps, onChange }: Steps) {
  const [pasting, setPasting] = useState(false);
  const noun = path === "timeline" ? "step" : "rollback step";
  const order = useOrder({
    count: steps.length,
    name: (at) => `${noun} ${at + 1}`,
    onMove: (from, to) => onChange(moved(steps, from, to)),
  });
  return (
    <Panel title={title}>
      <div className="flex flex-col gap-4" data-path={path}>
        <p className="text-muted">{help}</p>
        <OrderStatus order={order} />
        <FaultAt path={path} />
        {steps.length > 0 ? (
          <ol className="flex flex-col gap-4">
            {steps.map((step, at) => (
              <StepRow
                // biome-ignore lint/suspicious/noArrayIndexKey: a step is its place, and its fields change.
                key={at}
                step={step}
                at={at}
                name={`${noun} ${at + 1}`}
                path={`${path}[${at}]`}
                order={order}
                onChange={(part) =>
                  onChange(steps.map((each, place) => (place === at ? { ...each, ...part } : each)))
                }
                onRemove={() => onChange(steps.filter((_, place) => place !== at))}
              />
            ))}
          </ol>
        ) : null}
        <div className="flex flex-wrap gap-2">
          <Button onClick={() => onChange([...steps, stepAfter(steps)])}>Add a {noun}</Button>
          <Button onClick={() => setPasting(true)} aria-label={`Paste commands as ${noun}s`}>
            Paste commands
          </Button>
        </div>
      </div>
      <FormDialog
        open={pasting}
        onOpenChange={setPasting}
        title="Paste commands"
        description={`Each line becomes a ${noun}, at the time and on the hosts of the last one.`}
        submit="Add them"
        onSubmit={async (form) => onChange([...steps, ...stepsFrom(needed(form, "commands"), steps)])}
      >
        <CodeField label="Commands, one a line" name="commands" required rows={8} />
      </FormDialog>
    </Panel>
  );
}

interface Row {
  step: ChangeStep;
  at: number;
  name: string;
  path: string;
  order: Order;
  onChange: (part: Partial<ChangeStep>) => void;
  onRemove: () => void;
}

function StepRow({ step, at, name, path, order, onChange, onRemove }: Row) {
  return (
    <li className="rounded-md border p-3 data-dragged:opacity-50" {...orderItem(order, at)}>
      <fieldset className="flex min-w-0 flex-col gap-3">
        <legend className="sr-only">{words(name)}</legend>
        <div className="flex flex-wrap items-center gap-1">
          <span className="flex cursor-grab items-center gap-2 font-semibold" {...orderGrip(order, at)}>
            <Grip /> {words(name)}
          </span>
          <span className="ml-auto flex gap-1">
            <MoveButtons order={order} index={at} />
            <Button emphasis="quiet" onClick={onRemove} aria-label={`Remove ${name}`}>
              Remove
            </Button>
          </span>
        </div>
        <div className="grid grid-cols-2 gap-3 sm:grid-cols-[8rem_9rem_minmax(0,1fr)]">
          <TextField
            label="At"
            path={`${path}.at`}
            value={step.at}
            autoComplete="off"
            onChange={({ target }) => onChange({ at: target.value })}
          />
          <SelectField
            label="Phase"
            path={`${path}.phase`}
            value={step.phase ?? "during"}
            onChange={({ target }) =>
              onChange({ phase: PHASES.find((each) => each === target.value) ?? "during" })
            }
          >
            {PHASES.map((phase) => (
              <option key={phase} value={phase}>
                {words(phase)}
              </option>
            ))}
          </SelectField>
          <label className="tap col-span-2 flex items-center gap-2 self-end sm:col-span-1">
            <input
              type="checkbox"
              checked={step.monitoring ?? false}
              onChange={({ target }) => onChange({ monitoring: target.checked })}
            />
            A look at how things are
          </label>
        </div>
        <TextField
          label="What is done"
          path={`${path}.text`}
          value={step.text ?? ""}
          autoComplete="off"
          onChange={({ target }) => onChange({ text: target.value })}
        />
        <CodeField
          label="Exact command"
          path={`${path}.command`}
          rows={2}
          value={step.command ?? ""}
          onChange={({ target }) => onChange({ command: target.value })}
        />
        <div className="grid gap-3 sm:grid-cols-2">
          <Names
            label="Hosts"
            path={`${path}.hosts`}
            value={step.hosts ?? []}
            onChange={(hosts) => onChange({ hosts })}
          />
          <TextField
            label="Environment"
            path={`${path}.environment`}
            value={step.environment ?? ""}
            autoComplete="off"
            onChange={({ target }) => onChange({ environment: target.value })}
          />
        </div>
      </fieldset>
    </li>
  );
}
