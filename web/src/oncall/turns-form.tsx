/** Who takes turns, in which order, alone or several together: moved by mouse, by key or by thumb. */
import { Trash2, X } from "lucide-react";
import { Button } from "@/ui/button";
import { FaultAt } from "@/ui/fault-place";
import { SelectField } from "@/ui/form";
import { Grip, MoveButtons, OrderStatus, orderGrip, orderItem, useOrder } from "@/ui/order";
import { moved, replaced, without } from "./document";
import type { Turn } from "./rota";

interface TurnsFormProps {
  /** The layer or change they belong to, for names that are read out. */
  name: string;
  title: string;
  turns: Turn[];
  people: string[];
  path: string;
  onChange: (turns: Turn[]) => void;
}

export function TurnsForm({ name, title, turns, people, path, onChange }: TurnsFormProps) {
  const label = (turn: Turn | undefined) => (turn ?? []).join(" and ") || "nobody";
  const order = useOrder({
    count: turns.length,
    name: (at) => label(turns[at]),
    onMove: (from, to) => onChange(moved(turns, from, to)),
  });
  return (
    <fieldset className="min-w-0" data-path={path}>
      <legend className="font-medium">{title}</legend>
      <OrderStatus order={order} hint={false} />
      <FaultAt path={path} />
      {turns.length === 0 ? <p className="mt-1 text-muted">Nobody takes turns yet.</p> : null}
      <ol className="mt-2 flex flex-col gap-1">
        {turns.map((turn, at) => (
          <li
            // biome-ignore lint/suspicious/noArrayIndexKey: a turn is its place, and its people change.
            key={at}
            {...orderItem(order, at)}
            data-path={`${path}[${at}]`}
            className="rounded-sm border border-line bg-bg px-1 data-dragged:opacity-50"
          >
            <div
              {...orderGrip(order, at)}
              className="flex min-h-10 cursor-grab flex-wrap items-center gap-1 pl-1"
            >
              <Grip />
              <div className="flex min-w-24 flex-1 flex-wrap items-center gap-x-2">
                <span>
                  {at + 1}. {turn.length > 1 ? "" : label(turn)}
                </span>
                {turn.length > 1
                  ? turn.map((person, index) => (
                      <span key={person} className="inline-flex items-center">
                        {index > 0 ? <span className="pr-2 text-muted">and</span> : null}
                        {person}
                        <Button
                          emphasis="quiet"
                          className="px-1!"
                          aria-label={`Take ${person} off the turn of ${label(turn)}`}
                          onClick={() => onChange(replaced(turns, at, without(turn, index)))}
                        >
                          <X className="size-3.5" aria-hidden="true" />
                        </Button>
                      </span>
                    ))
                  : null}
              </div>
              <Together
                turn={turn}
                people={people}
                onAdd={(person) => onChange(replaced(turns, at, [...turn, person]))}
              />
              <div className="flex">
                <MoveButtons order={order} index={at} />
                <Button
                  emphasis="quiet"
                  className="px-2!"
                  aria-label={`Remove ${label(turn)} from ${name}`}
                  onClick={() => onChange(without(turns, at))}
                >
                  <Trash2 className="size-4" aria-hidden="true" />
                </Button>
              </div>
            </div>
            <FaultAt path={`${path}[${at}]`} within />
          </li>
        ))}
      </ol>
      <SelectField
        className="mt-2"
        label={`Add a person to ${name}`}
        value=""
        onChange={({ target: { value } }) => value && onChange([...turns, [value]])}
      >
        <option value="">Choose …</option>
        {people.map((person) => (
          <option key={person} value={person}>
            {person}
          </option>
        ))}
      </SelectField>
    </fieldset>
  );
}

/** Puts one more person on a turn. */
function Together({
  turn,
  people,
  onAdd,
}: {
  turn: Turn;
  people: string[];
  onAdd: (person: string) => void;
}) {
  const others = people.filter((person) => !turn.includes(person));
  if (others.length === 0) return null;
  return (
    <select
      className="field tap h-8 px-1! text-13"
      aria-label={`Somebody together with ${turn.join(" and ")}`}
      value=""
      onChange={({ target: { value } }) => value && onAdd(value)}
    >
      <option value="">together with …</option>
      {others.map((person) => (
        <option key={person} value={person}>
          {person}
        </option>
      ))}
    </select>
  );
}
