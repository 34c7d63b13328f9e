/** One step of an escalation policy in its form: how long it waits, whom it asks, when it counts. */
import { Trash2 } from "lucide-react";
import { Button } from "@/ui/button";
import { FaultAt } from "@/ui/fault-place";
import { TextField } from "@/ui/form";
import { Grip, MoveButtons, type Order, orderGrip, orderItem } from "@/ui/order";
import type { Step } from "./escalation";
import { TargetsForm } from "./targets-form";
import { WhenForm } from "./when-form";

interface StepFormProps {
  step: Step;
  at: number;
  order: Order;
  onChange: (change: Partial<Step>) => void;
  onRemove: () => void;
}

export function StepForm({ step, at, order, onChange, onRemove }: StepFormProps) {
  const path = `steps[${at}]`;
  return (
    <li
      {...orderItem(order, at)}
      className="panel min-w-0 data-dragged:opacity-50"
      aria-label={`Step ${at + 1}`}
      data-path={path}
    >
      <div {...orderGrip(order, at)} className="flex cursor-grab items-center gap-1 border-b py-1 pr-2 pl-3">
        <Grip />
        <h2 className="flex-1 font-semibold">Step {at + 1}</h2>
        <MoveButtons order={order} index={at} />
        <Button emphasis="quiet" className="px-2!" aria-label={`Remove step ${at + 1}`} onClick={onRemove}>
          <Trash2 className="size-4" aria-hidden="true" />
        </Button>
      </div>
      <div className="flex flex-col gap-4 p-4">
        <FaultAt path={path} />
        <TextField
          label={at === 0 ? "Begins after" : "Waits"}
          hint={
            at === 0
              ? "0m is at once; 45s, 5m, 2h"
              : "from the start of the step before it, if nobody acknowledges: 45s, 5m, 2h"
          }
          path={`${path}.after`}
          value={step.after}
          onChange={({ target }) => onChange({ after: target.value })}
        />
        <TargetsForm
          step={at + 1}
          targets={step.targets}
          path={`${path}.targets`}
          onChange={(targets) => onChange({ targets })}
        />
        <label className="tap inline-flex items-center gap-2 self-start">
          <input
            type="checkbox"
            checked={step.everybodyAcknowledges}
            onChange={({ target }) => onChange({ everybodyAcknowledges: target.checked })}
          />
          Everybody it asks must acknowledge
        </label>
        <WhenForm
          step={at + 1}
          when={step.when}
          path={`${path}.when`}
          onChange={(when) => onChange({ when })}
        />
      </div>
    </li>
  );
}
