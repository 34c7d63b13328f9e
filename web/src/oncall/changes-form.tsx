/** What is planned for a rotation: from a date on, other people, and if need be other turns. */
import { Plus } from "lucide-react";
import { Button } from "@/ui/button";
import { FaultAt } from "@/ui/fault-place";
import { TextField } from "@/ui/form";
import { replaced, without } from "./document";
import { LengthsForm } from "./lengths-form";
import type { Layer, RosterChange } from "./rota";
import { TurnsForm } from "./turns-form";

interface ChangesFormProps {
  layer: Layer;
  people: string[];
  path: string;
  onChange: (changes: RosterChange[]) => void;
}

export function ChangesForm({ layer, people, path, onChange }: ChangesFormProps) {
  const { name, changes } = layer;
  const last = changes.at(-1);
  const add = () =>
    onChange([...changes, { from: "", turns: last?.turns ?? layer.turns, every: null, handoff: null }]);
  return (
    <fieldset className="min-w-0" data-path={path}>
      <legend className="font-medium">Planned changes</legend>
      {changes.length === 0 ? <p className="mt-1 text-muted">It goes on like this.</p> : null}
      <div className="mt-1 flex flex-col gap-3">
        {changes.map((change, at) => (
          <ChangeForm
            // biome-ignore lint/suspicious/noArrayIndexKey: a change is its place, and its fields change.
            key={at}
            name={`change ${at + 1} of ${name}`}
            layer={layer}
            change={change}
            people={people}
            path={`${path}[${at}]`}
            onChange={(next) => onChange(replaced(changes, at, next))}
            onRemove={() => onChange(without(changes, at))}
          />
        ))}
      </div>
      <Button className="mt-2" onClick={add}>
        <Plus className="size-4" aria-hidden="true" />
        Plan a change of {name}
      </Button>
    </fieldset>
  );
}

interface ChangeFormProps {
  name: string;
  layer: Layer;
  change: RosterChange;
  people: string[];
  path: string;
  onChange: (change: RosterChange) => void;
  onRemove: () => void;
}

function ChangeForm({ name, layer, change, people, path, onChange, onRemove }: ChangeFormProps) {
  const hasOtherTurns = change.every !== null || change.handoff !== null;
  return (
    <div className="flex flex-col gap-3 border-l-2 border-line pl-3" data-path={path}>
      <FaultAt path={path} />
      <TextField
        label="From the first handoff on or after"
        type="date"
        path={`${path}.from`}
        value={change.from}
        onChange={({ target }) => onChange({ ...change, from: target.value })}
      />
      <TurnsForm
        name={name}
        title="People from then on"
        turns={change.turns}
        people={people}
        path={`${path}.participants`}
        onChange={(turns) => onChange({ ...change, turns })}
      />
      <label className="tap inline-flex items-center gap-2 self-start">
        <input
          type="checkbox"
          checked={hasOtherTurns}
          onChange={({ target }) =>
            onChange({
              ...change,
              every: target.checked ? layer.every : null,
              handoff: target.checked ? layer.handoff : null,
            })
          }
        />
        Other turns from then on
      </label>
      {hasOtherTurns ? (
        <LengthsForm
          every={change.every ?? layer.every}
          handoff={change.handoff ?? layer.handoff}
          path={path}
          onChange={(turns) => onChange({ ...change, ...turns })}
        />
      ) : null}
      <Button className="self-start" onClick={onRemove}>
        Remove this change
      </Button>
    </div>
  );
}
