/** Who goes along with whose shifts to learn, and who has them while somebody watches. */
import { Plus } from "lucide-react";
import { Panel } from "@/ui/block";
import { Button } from "@/ui/button";
import { FaultAt } from "@/ui/fault-place";
import { SelectField, TextField } from "@/ui/form";
import { replaced, without } from "./document";
import type { Shadow } from "./rota";

interface ShadowsFormProps {
  shadows: Shadow[];
  people: string[];
  onChange: (shadows: Shadow[]) => void;
}

export function ShadowsForm({ shadows, people, onChange }: ShadowsFormProps) {
  return (
    <Panel title="In training">
      <div className="flex flex-col gap-4" data-path="shadows">
        <FaultAt path="shadows" />
        {shadows.length === 0 ? (
          <p className="text-muted">
            Nobody. A trainee goes along with somebody's shifts, or has them while the other gets copies.
          </p>
        ) : null}
        {shadows.map((shadow, at) => (
          <ShadowForm
            // biome-ignore lint/suspicious/noArrayIndexKey: a shadow is its place, and its fields change.
            key={at}
            number={at + 1}
            shadow={shadow}
            people={people}
            path={`shadows[${at}]`}
            onChange={(next) => onChange(replaced(shadows, at, next))}
            onRemove={() => onChange(without(shadows, at))}
          />
        ))}
        <Button
          className="self-start"
          onClick={() => onChange([...shadows, { user: "", follows: "", from: "", to: "", reverse: false }])}
        >
          <Plus className="size-4" aria-hidden="true" />
          Add a trainee
        </Button>
      </div>
    </Panel>
  );
}

interface ShadowFormProps {
  number: number;
  shadow: Shadow;
  people: string[];
  path: string;
  onChange: (shadow: Shadow) => void;
  onRemove: () => void;
}

function ShadowForm({ number, shadow, people, path, onChange, onRemove }: ShadowFormProps) {
  const person = (label: string, field: "user" | "follows") => (
    <SelectField
      label={label}
      path={`${path}.${field}`}
      value={shadow[field]}
      onChange={({ target }) => onChange({ ...shadow, [field]: target.value })}
    >
      <option value="">Choose …</option>
      {[...new Set([...people, shadow[field]])].filter(Boolean).map((name) => (
        <option key={name} value={name}>
          {name}
        </option>
      ))}
    </SelectField>
  );
  return (
    <fieldset
      className="min-w-0 border-l-2 border-line pl-3"
      aria-label={`Trainee ${number}`}
      data-path={path}
    >
      <div className="grid gap-3 sm:grid-cols-2 lg:grid-cols-1">
        {person("Trainee", "user")}
        {person("With the shifts of", "follows")}
        <TextField
          label="From"
          hint="the beginning where empty"
          type="datetime-local"
          path={`${path}.from`}
          value={shadow.from}
          onChange={({ target }) => onChange({ ...shadow, from: target.value })}
        />
        <TextField
          label="Until"
          hint="no end where empty"
          type="datetime-local"
          path={`${path}.to`}
          value={shadow.to}
          onChange={({ target }) => onChange({ ...shadow, to: target.value })}
        />
      </div>
      <div className="mt-2 flex flex-wrap items-center justify-between gap-2">
        <label className="tap inline-flex items-center gap-2">
          <input
            type="checkbox"
            checked={shadow.reverse}
            onChange={({ target }) => onChange({ ...shadow, reverse: target.checked })}
          />
          The trainee is paged, the other gets copies
        </label>
        <Button aria-label={`Remove trainee ${number}`} onClick={onRemove}>
          Remove
        </Button>
      </div>
      <FaultAt path={path} />
    </fieldset>
  );
}
