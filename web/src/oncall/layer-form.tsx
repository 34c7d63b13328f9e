/** One layer of a schedule in its form: turns, people, what is planned, and the hours in which it counts. */
import { Plus, Trash2 } from "lucide-react";
import { Button } from "@/ui/button";
import { FaultAt } from "@/ui/fault-place";
import { TextField } from "@/ui/form";
import { Grip, MoveButtons, type Order, orderGrip, orderItem } from "@/ui/order";
import { ZoneField } from "@/ui/zone-field";
import { ChangesForm } from "./changes-form";
import { replaced, without } from "./document";
import { HoursFields } from "./hours-form";
import { LengthsForm } from "./lengths-form";
import type { Hours, Layer } from "./rota";
import { TurnsForm } from "./turns-form";

interface LayerFormProps {
  layer: Layer;
  people: string[];
  /** Its place among the layers in the document, from the lowest precedence. */
  at: number;
  order: Order;
  /** Its place in the list on the screen, where the highest precedence comes first. */
  index: number;
  onChange: (change: Partial<Layer>) => void;
  onRemove: () => void;
}

export function LayerForm({ layer, people, at, order, index, onChange, onRemove }: LayerFormProps) {
  const path = `layers[${at}]`;
  return (
    <li
      {...orderItem(order, index)}
      className="panel min-w-0 data-dragged:opacity-50"
      aria-label={`Layer ${layer.name}`}
      data-path={path}
    >
      <div
        {...orderGrip(order, index)}
        className="flex cursor-grab items-center gap-1 border-b py-1 pr-2 pl-3"
      >
        <Grip />
        <h2 className="min-w-0 flex-1 font-semibold">Layer {layer.name}</h2>
        <MoveButtons order={order} index={index} words={["up", "down"]} />
        <Button
          emphasis="quiet"
          className="px-2!"
          aria-label={`Remove layer ${layer.name}`}
          onClick={onRemove}
        >
          <Trash2 className="size-4" aria-hidden="true" />
        </Button>
      </div>
      <div className="flex flex-col gap-4 p-4">
        <FaultAt path={path} />
        <div className="grid items-start gap-4 sm:grid-cols-2">
          <TextField
            label="Name"
            path={`${path}.name`}
            value={layer.name}
            onChange={({ target }) => onChange({ name: target.value })}
          />
          <TextField
            label="First day"
            hint="the first handoff on or after it begins the first turn"
            type="date"
            path={`${path}.rotation.start`}
            value={layer.start}
            onChange={({ target }) => onChange({ start: target.value })}
          />
          <LengthsForm
            every={layer.every}
            handoff={layer.handoff}
            path={`${path}.rotation`}
            onChange={onChange}
          />
        </div>
        <TurnsForm
          name={layer.name}
          title="People, in the order of their turns"
          turns={layer.turns}
          people={people}
          path={`${path}.rotation.participants`}
          onChange={(turns) => onChange({ turns })}
        />
        <ChangesForm
          layer={layer}
          people={people}
          path={`${path}.rotation.changes`}
          onChange={(changes) => onChange({ changes })}
        />
        <HoursForm
          name={layer.name}
          hours={layer.hours}
          path={`${path}.restrict`}
          onChange={(hours) => onChange({ hours })}
        />
        <div className="grid items-start gap-4 sm:grid-cols-2">
          <ZoneField
            label="Time zone of this layer"
            hint="the schedule's where empty"
            path={`${path}.timezone`}
            value={layer.timezone}
            onChange={({ target }) => onChange({ timezone: target.value })}
          />
          <label className="tap inline-flex items-center gap-2 sm:mt-6">
            <input
              type="checkbox"
              checked={layer.adds}
              onChange={({ target }) => onChange({ adds: target.checked })}
            />
            Its people join those of the layers below
          </label>
        </div>
      </div>
    </li>
  );
}

interface HoursFormProps {
  name: string;
  hours: Hours[];
  path: string;
  onChange: (hours: Hours[]) => void;
}

function HoursForm({ name, hours, path, onChange }: HoursFormProps) {
  return (
    <fieldset className="min-w-0" data-path={path}>
      <legend className="font-medium">Hours in which it counts</legend>
      {hours.length === 0 ? <p className="mt-1 text-muted">Always.</p> : null}
      {hours.map((each, at) => (
        // biome-ignore lint/suspicious/noArrayIndexKey: hours have no name, and only their fields change.
        <div key={at} className="mt-2 border-l-2 border-line pl-3">
          <HoursFields
            hours={each}
            path={`${path}[${at}]`}
            onChange={(change) => onChange(replaced(hours, at, { ...each, ...change }))}
          />
          <FaultAt path={`${path}[${at}]`} />
          <Button className="mt-2" onClick={() => onChange(without(hours, at))}>
            Remove these hours
          </Button>
        </div>
      ))}
      <Button className="mt-2" onClick={() => onChange([...hours, { days: [], from: "09:00", to: "17:00" }])}>
        <Plus className="size-4" aria-hidden="true" />
        Restrict {name} to hours
      </Button>
    </fieldset>
  );
}
