/** How long turns are and when they change: numbers with units, a day and a time, no words to learn. */
import { Trash2 } from "lucide-react";
import { Button } from "@/ui/button";
import { FaultAt } from "@/ui/fault-place";
import { SelectField, TextField } from "@/ui/form";
import { replaced, without } from "./document";
import {
  fittingHandoff,
  handoffDays,
  handoffOf,
  lengthOf,
  UNITS,
  writtenHandoff,
  writtenLength,
} from "./turns";

interface LengthsFormProps {
  every: string[];
  handoff: string;
  /** Where the rotation is in the document. */
  path: string;
  onChange: (change: { every: string[]; handoff: string }) => void;
}

export function LengthsForm({ every, handoff, path, onChange }: LengthsFormProps) {
  const say = (next: string[]) => onChange({ every: next, handoff: fittingHandoff(handoff, next) });
  const { day, at } = handoffOf(handoff);
  const days = handoffDays(every);
  const isKnown = days.some((group) => group.days.some((each) => each.day === day));
  return (
    <>
      <fieldset className="min-w-0" data-path={`${path}.every`}>
        <legend className="font-medium">Turns of</legend>
        <div className="mt-1 flex flex-col gap-2">
          {every.map((written, index) => (
            <LengthRow
              // biome-ignore lint/suspicious/noArrayIndexKey: a length is its place, and its value changes.
              key={index}
              number={index + 1}
              written={written}
              onChange={(next) => say(replaced(every, index, next))}
              onRemove={every.length > 1 ? () => say(without(every, index)) : undefined}
            />
          ))}
        </div>
        <FaultAt path={`${path}.every`} within />
        <Button emphasis="quiet" className="-ml-3" onClick={() => say([...every, every.at(-1) ?? "1w"])}>
          Add a length that follows
        </Button>
      </fieldset>
      <div className="grid min-w-0 grid-cols-2 gap-3" data-path={`${path}.handoff`}>
        <SelectField
          label="Handoff on"
          value={day}
          onChange={({ target }) => onChange({ every, handoff: writtenHandoff({ day: target.value, at }) })}
        >
          {isKnown ? null : <option value={day}>{day || "choose a day"}</option>}
          {days.map(({ group, days }) => {
            const options = days.map((each) => (
              <option key={each.day} value={each.day}>
                {each.name}
              </option>
            ));
            return group ? (
              <optgroup key={group} label={group}>
                {options}
              </optgroup>
            ) : (
              options
            );
          })}
        </SelectField>
        <TextField
          label="at"
          type="time"
          value={at}
          onChange={({ target }) => onChange({ every, handoff: writtenHandoff({ day, at: target.value }) })}
        />
        <div className="col-span-2">
          <FaultAt path={`${path}.handoff`} />
        </div>
      </div>
    </>
  );
}

interface LengthRowProps {
  number: number;
  written: string;
  onChange: (written: string) => void;
  onRemove: (() => void) | undefined;
}

function LengthRow({ number, written, onChange, onRemove }: LengthRowProps) {
  const length = lengthOf(written);
  return (
    <div className="flex gap-2">
      {length ? (
        <>
          <input
            className="field tap h-10 w-20"
            type="number"
            min={1}
            aria-label={`Length ${number}`}
            value={length.count}
            onChange={({ target }) => onChange(writtenLength({ ...length, count: target.value }))}
          />
          <select
            className="field tap h-10 min-w-0 flex-1"
            aria-label={`Unit of length ${number}`}
            value={length.unit}
            onChange={({ target }) => onChange(writtenLength({ ...length, unit: target.value }))}
          >
            {UNITS.map(({ unit, name }) => (
              <option key={unit} value={unit}>
                {name}
              </option>
            ))}
          </select>
        </>
      ) : (
        <input
          className="field tap h-10 min-w-0 flex-1"
          aria-label={`Length ${number}`}
          value={written}
          onChange={({ target }) => onChange(target.value)}
        />
      )}
      {onRemove ? (
        <Button emphasis="quiet" className="px-2!" aria-label={`Remove length ${number}`} onClick={onRemove}>
          <Trash2 className="size-4" aria-hidden="true" />
        </Button>
      ) : null}
    </div>
  );
}
