/**
 * Overrides of a schedule in its draft: who has time instead of whoever the layers name.
 * Drawn and moved on the lanes, or written here; both lead to the same dialog.
 */
import { Plus, Trash2 } from "lucide-react";
import { useState } from "react";
import { offerUndo } from "@/shell/undo";
import { Panel } from "@/ui/block";
import { Button } from "@/ui/button";
import { nowMs } from "@/ui/clock";
import { FormDialog } from "@/ui/dialog";
import { FaultAt } from "@/ui/fault-place";
import { filled, needed, SelectField, TextField } from "@/ui/form";
import { wallClock } from "@/ui/zoned";
import { replaced, without } from "./document";
import type { Edit } from "./edit";
import type { Moves } from "./lane";
import { type Override, overridesOf, withOverrides } from "./rota";
import { HOUR_MS, type Stretch } from "./ruler";

/** What the dialog is open for: a new one where no place is named. */
interface Asked {
  at: number | null;
  override: Override;
}

export interface OverridePlan {
  overrides: Override[];
  zone: string;
  moves: Moves;
  asked: Asked | null;
  /** What was done last by a key, for screen readers. */
  said: string;
  ask: (asked: Asked | null) => void;
  keep: (asked: Asked) => void;
}

/** Planning overrides in the draft of a schedule; what a hand does is undone with `z`. */
export function useOverridePlan(edit: Edit, zone: string): OverridePlan {
  const overrides = overridesOf(edit.document);
  const [asked, ask] = useState<Asked | null>(null);
  const [said, setSaid] = useState("");
  const put = (next: Override[]) => edit.change((document) => withOverrides(document, next));
  const say = (next: Override[], words: string) => {
    put(next);
    offerUndo(`${words} In your draft.`, "The overrides are as before.", async () => put(overrides));
  };
  const timed = (stretch: Stretch) => ({
    from: wallClock(stretch.from, zone),
    to: wallClock(stretch.to, zone),
  });
  const moved = (at: number, stretch: Stretch): [Override[], string] => {
    const override = { ...(overrides[at] as Override), ...timed(stretch) };
    return [replaced(overrides, at, override), `${inWords(override)}.`];
  };
  return {
    overrides,
    zone,
    asked,
    said,
    ask,
    keep: ({ at, override }) => {
      const next = at === null ? [...overrides, override] : replaced(overrides, at, override);
      say(next, `${inWords(override)}.`);
    },
    moves: {
      onDraw: (stretch) => ask({ at: null, override: { user: "", insteadOf: "", ...timed(stretch) } }),
      onMove: (at, stretch) => say(...moved(at, stretch)),
      onNudge: (at, stretch) => {
        const [next, words] = moved(at, stretch);
        put(next);
        setSaid(words);
      },
      onOpen: (at) => ask({ at, override: overrides[at] as Override }),
      onRemove: (at) => say(without(overrides, at), `${overrides[at]?.user} has no override there any more.`),
    },
  };
}

export function OverridesForm({ plan, people }: { plan: OverridePlan; people: string[] }) {
  const { overrides, zone, moves, asked, ask, said } = plan;
  const now = wallClock(nowMs(), zone);
  const hour = Math.ceil(nowMs() / HOUR_MS) * HOUR_MS;
  const ahead = overrides
    .map((override, at) => ({ override, at }))
    .filter(({ override }) => override.to > now);
  const over = overrides.length - ahead.length;
  return (
    <Panel title="Overrides">
      <p className="sr-only" role="status">
        {said}
      </p>
      <div className="flex flex-col gap-3" data-path="overrides">
        <FaultAt path="overrides" />
        <p className="text-13 text-muted">
          Who has time instead of whoever the layers name.
          <span className="pointer-coarse:hidden">
            {" "}
            Drag along a lane to draw one. Arrow keys move it by an hour, with Shift its end, with Ctrl by a
            day.
          </span>
        </p>
        {ahead.length > 0 ? (
          <ul className="flex flex-col gap-1">
            {ahead.map(({ override, at }) => (
              <li
                key={at}
                data-path={`overrides[${at}]`}
                className="rounded-sm border border-line bg-bg px-2 py-0.5"
              >
                <div className="flex min-h-10 items-center gap-1">
                  <button
                    type="button"
                    className="link tap min-w-0 flex-1 text-left"
                    onClick={() => moves.onOpen(at)}
                  >
                    {inWords(override)}
                  </button>
                  <Button
                    emphasis="quiet"
                    className="px-2!"
                    aria-label={`Remove the override of ${inWords(override)}`}
                    onClick={() => moves.onRemove(at)}
                  >
                    <Trash2 className="size-4" aria-hidden="true" />
                  </Button>
                </div>
                <FaultAt path={`overrides[${at}]`} within />
              </li>
            ))}
          </ul>
        ) : null}
        {over > 0 ? <p className="text-13 text-muted">{over} more are over.</p> : null}
        <Button className="self-start" onClick={() => moves.onDraw({ from: hour, to: hour + 24 * HOUR_MS })}>
          <Plus className="size-4" aria-hidden="true" />
          Add an override
        </Button>
      </div>
      {asked ? <OverrideDialog plan={plan} asked={asked} people={people} onClose={() => ask(null)} /> : null}
    </Panel>
  );
}

function OverrideDialog({
  plan: { zone, keep },
  asked: { at, override },
  people,
  onClose,
}: {
  plan: OverridePlan;
  asked: Asked;
  people: string[];
  onClose: () => void;
}) {
  const submit = async (form: FormData) => {
    const [from, to] = [needed(form, "from"), needed(form, "to")];
    if (to <= from) throw new Error("It would end before it begins.");
    const insteadOf = filled(form, "instead_of") ?? "";
    keep({ at, override: { user: needed(form, "user"), insteadOf, from, to } });
  };
  const names = (chosen: string) =>
    [...new Set([...people, chosen])].filter(Boolean).map((name) => (
      <option key={name} value={name}>
        {name}
      </option>
    ));
  return (
    <FormDialog
      open
      onOpenChange={(open) => !open && onClose()}
      title={at === null ? "New override" : "Override"}
      description="It stands in your draft; nobody is paged by it until you publish."
      submit={at === null ? "Add to the draft" : "Change the draft"}
      onSubmit={submit}
    >
      <SelectField label="On call" name="user" required defaultValue={override.user}>
        <option value="" disabled>
          Choose…
        </option>
        {names(override.user)}
      </SelectField>
      <TextField
        label="From"
        name="from"
        type="datetime-local"
        required
        defaultValue={override.from}
        hint={`in ${zone} time`}
      />
      <TextField label="Until" name="to" type="datetime-local" required defaultValue={override.to} />
      <SelectField
        label="Instead of"
        name="instead_of"
        defaultValue={override.insteadOf}
        hint="where several have the shift together"
      >
        <option value="">everybody who has that time</option>
        {names(override.insteadOf)}
      </SelectField>
    </FormDialog>
  );
}

function inWords({ user, insteadOf, from, to }: Override): string {
  const clock = (wall: string) => wall.replace("T", " ");
  return `${user}${insteadOf ? ` for ${insteadOf}` : ""}, ${clock(from)} to ${clock(to)}`;
}
