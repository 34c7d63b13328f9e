/** One layer of a schedule in its form: turns, hours and people, who are moved by mouse or by key. */
import { ArrowDown, ArrowUp, GripVertical, Trash2 } from "lucide-react";
import { type DragEvent, useState } from "react";
import { Panel } from "@/ui/block";
import { Button } from "@/ui/button";
import { SelectField, TextField } from "@/ui/form";
import { type Hours, type Layer, moved, type Turn, WEEKDAYS } from "./rota";

interface LayerFormProps {
  layer: Layer;
  people: string[];
  /** Its place among the layers, from the lowest precedence. */
  at: number;
  count: number;
  onChange: (change: Partial<Layer>) => void;
  onMove: (to: number) => void;
  onRemove: () => void;
}

export function LayerForm({ layer, people, at, count, onChange, onMove, onRemove }: LayerFormProps) {
  return (
    <Panel
      title={`Layer ${layer.name}`}
      aside={
        <div className="flex flex-wrap gap-1">
          <Button
            emphasis="quiet"
            aria-label={`Move layer ${layer.name} up`}
            disabled={at === count - 1}
            onClick={() => onMove(at + 1)}
          >
            <ArrowUp className="size-4" aria-hidden="true" />
          </Button>
          <Button
            emphasis="quiet"
            aria-label={`Move layer ${layer.name} down`}
            disabled={at === 0}
            onClick={() => onMove(at - 1)}
          >
            <ArrowDown className="size-4" aria-hidden="true" />
          </Button>
          <Button emphasis="quiet" aria-label={`Remove layer ${layer.name}`} onClick={onRemove}>
            <Trash2 className="size-4" aria-hidden="true" />
          </Button>
        </div>
      }
    >
      <div className="grid gap-4 sm:grid-cols-2">
        <TextField
          label="Name"
          value={layer.name}
          onChange={(event) => onChange({ name: event.target.value })}
        />
        <TextField
          label="Turns of"
          hint="1d, 1w, 2w, 12h …"
          value={layer.every}
          onChange={(event) => onChange({ every: event.target.value })}
        />
        <TextField
          label="Handoff"
          hint="Mon 09:00 for weeks, 09:00 for days"
          value={layer.handoff}
          onChange={(event) => onChange({ handoff: event.target.value })}
        />
        <TextField
          label="First day"
          type="date"
          value={layer.start}
          onChange={(event) => onChange({ start: event.target.value })}
        />
      </div>
      <Turns
        name={layer.name}
        turns={layer.turns}
        people={people}
        onChange={(turns) => onChange({ turns })}
      />
      <HoursForm name={layer.name} hours={layer.hours} onChange={(hours) => onChange({ hours })} />
    </Panel>
  );
}

interface TurnsProps {
  name: string;
  turns: Turn[];
  people: string[];
  onChange: (turns: Turn[]) => void;
}

function Turns({ name, turns, people, onChange }: TurnsProps) {
  const [dragged, setDragged] = useState<number | null>(null);
  const [said, setSaid] = useState("");
  const label = (turn: Turn) => turn.join(" and ");
  const move = (from: number, to: number) => {
    const next = moved(turns, from, to);
    if (next === turns) return;
    onChange(next);
    setSaid(`${label(turns[from] ?? [])} is now number ${to + 1} of ${turns.length}`);
  };
  const drop = (event: DragEvent, to: number) => {
    event.preventDefault();
    if (dragged !== null) move(dragged, to);
    setDragged(null);
  };
  const others = people.filter((person) => !turns.some((turn) => turn.length === 1 && turn[0] === person));
  return (
    <fieldset className="mt-4">
      <legend className="font-medium">People, in the order of their turns</legend>
      <p className="sr-only" role="status">
        {said}
      </p>
      {turns.length === 0 ? <p className="mt-1 text-muted">Nobody takes turns yet.</p> : null}
      <ol className="mt-2 flex flex-col gap-1">
        {turns.map((turn, index) => (
          <li
            key={`${label(turn)} ${turns.slice(0, index).filter((other) => label(other) === label(turn)).length}`}
            draggable
            onDragStart={() => setDragged(index)}
            onDragEnd={() => setDragged(null)}
            onDragOver={(event) => event.preventDefault()}
            onDrop={(event) => drop(event, index)}
            data-dragged={dragged === index || undefined}
            className="flex min-h-10 cursor-grab items-center gap-2 rounded-sm border border-line bg-bg px-2 data-dragged:opacity-50"
          >
            <GripVertical className="size-4 shrink-0 text-muted" aria-hidden="true" />
            <span className="min-w-0 flex-1">
              {index + 1}. {label(turn)}
            </span>
            <Button
              emphasis="quiet"
              aria-label={`Move ${label(turn)} earlier`}
              disabled={index === 0}
              onClick={() => move(index, index - 1)}
            >
              <ArrowUp className="size-4" aria-hidden="true" />
            </Button>
            <Button
              emphasis="quiet"
              aria-label={`Move ${label(turn)} later`}
              disabled={index === turns.length - 1}
              onClick={() => move(index, index + 1)}
            >
              <ArrowDown className="size-4" aria-hidden="true" />
            </Button>
            <Button
              emphasis="quiet"
              aria-label={`Remove ${label(turn)} from ${name}`}
              onClick={() => onChange(turns.filter((_, at) => at !== index))}
            >
              <Trash2 className="size-4" aria-hidden="true" />
            </Button>
          </li>
        ))}
      </ol>
      <SelectField
        className="mt-2"
        label={`Add a person to ${name}`}
        value=""
        onChange={(event) => event.target.value && onChange([...turns, [event.target.value]])}
      >
        <option value="">Choose …</option>
        {others.map((person) => (
          <option key={person} value={person}>
            {person}
          </option>
        ))}
      </SelectField>
    </fieldset>
  );
}

interface HoursFormProps {
  name: string;
  hours: Hours[];
  onChange: (hours: Hours[]) => void;
}

function HoursForm({ name, hours, onChange }: HoursFormProps) {
  const change = (at: number, part: Partial<Hours>) =>
    onChange(hours.map((each, index) => (index === at ? { ...each, ...part } : each)));
  return (
    <fieldset className="mt-4">
      <legend className="font-medium">Hours in which it counts</legend>
      {hours.length === 0 ? <p className="mt-1 text-muted">Always.</p> : null}
      {hours.map(({ days, from, to }, at) => (
        // biome-ignore lint/suspicious/noArrayIndexKey: hours have no name, and only their fields change.
        <div key={at} className="mt-2 rounded-sm border border-line p-2">
          <div className="flex flex-wrap gap-x-3">
            {WEEKDAYS.map((day) => (
              <label key={day} className="tap inline-flex items-center gap-1.5">
                <input
                  type="checkbox"
                  checked={days.length === 0 || days.includes(day)}
                  onChange={(event) => {
                    const all = days.length === 0 ? WEEKDAYS : days;
                    const next = WEEKDAYS.filter((each) =>
                      each === day ? event.target.checked : all.includes(each),
                    );
                    change(at, { days: next.length === WEEKDAYS.length ? [] : next });
                  }}
                />
                {day}
              </label>
            ))}
          </div>
          <div className="mt-2 flex flex-wrap items-end gap-3">
            <TextField
              label="From"
              type="time"
              value={from}
              onChange={(event) => change(at, { from: event.target.value })}
            />
            <TextField
              label="To"
              type="time"
              value={to}
              onChange={(event) => change(at, { to: event.target.value })}
            />
            <Button onClick={() => onChange(hours.filter((_, index) => index !== at))}>
              Remove these hours
            </Button>
          </div>
        </div>
      ))}
      <Button className="mt-2" onClick={() => onChange([...hours, { days: [], from: "09:00", to: "17:00" }])}>
        Restrict {name} to hours
      </Button>
    </fieldset>
  );
}
