/** Whom a step asks and what it tells: the targets as rows, and one place to add any kind of them. */
import { useQuery } from "@tanstack/react-query";
import { Trash2 } from "lucide-react";
import * as queries from "@/api/queries";
import { Button } from "@/ui/button";
import { FaultAt } from "@/ui/fault-place";
import { SelectField, TextField } from "@/ui/form";
import { replaced, without } from "./document";
import { type Target, targetOf, writtenTarget } from "./escalation";
import { ROLES } from "./rota";

interface TargetsFormProps {
  /** The step they belong to, for names that are read out. */
  step: number;
  targets: Target[];
  path: string;
  onChange: (targets: Target[]) => void;
}

export function TargetsForm({ step, targets, path, onChange }: TargetsFormProps) {
  return (
    <fieldset className="min-w-0" data-path={path}>
      <legend className="font-medium">Asks, all at once</legend>
      <FaultAt path={path} />
      {targets.length === 0 ? (
        <p className="mt-1 text-muted">Nobody yet. A step without anybody is left at once.</p>
      ) : null}
      <ul className="mt-1 flex flex-col gap-1">
        {targets.map((target, at) => (
          <TargetRow
            // biome-ignore lint/suspicious/noArrayIndexKey: a target is its place, and its fields change.
            key={at}
            step={step}
            target={target}
            path={`${path}[${at}]`}
            onChange={(next) => onChange(replaced(targets, at, next))}
            onRemove={() => onChange(without(targets, at))}
          />
        ))}
      </ul>
      <TargetPicker step={step} onPick={(target) => onChange([...targets, target])} />
    </fieldset>
  );
}

/** What a target is called: `whoever is on call in payments-primary`. */
export function targetName(target: Target): string {
  switch (target.kind) {
    case "user":
      return target.name;
    case "schedule":
      return `whoever is on call in ${target.name}`;
    case "rotation":
      return `whoever has the turn in ${target.layer} of ${target.schedule}`;
    case "team":
      return `everybody in ${target.name}`;
    case "round_robin":
      return `the next one of ${target.name}`;
    case "manager_of":
      return `the manager of ${target.name}`;
    case "role":
      return `whoever is on call as ${target.role.replaceAll("_", " ")}`;
    case "channel":
      return `the channel ${target.address}`;
    case "other":
      return JSON.stringify(target.written);
    case "webhook":
      return `the webhook ${target.name}`;
  }
}

interface TargetRowProps {
  step: number;
  target: Target;
  path: string;
  onChange: (target: Target) => void;
  onRemove: () => void;
}

function TargetRow({ step, target, path, onChange, onRemove }: TargetRowProps) {
  const name = targetName(target);
  return (
    <li className="rounded-sm border border-line bg-bg px-2 py-0.5" data-path={path}>
      <div className="flex min-h-10 items-center gap-2">
        <span className="min-w-0 flex-1">{name}</span>
        <Button
          emphasis="quiet"
          className="px-2!"
          aria-label={`Remove ${name} from step ${step}`}
          onClick={onRemove}
        >
          <Trash2 className="size-4" aria-hidden="true" />
        </Button>
      </div>
      <TargetFields target={target} path={path} onChange={onChange} />
      <FaultAt path={path} within={target.kind !== "channel" && target.kind !== "webhook"} />
    </li>
  );
}

/** The fields of a target that is not chosen whole. */
function TargetFields({ target, path, onChange }: Omit<TargetRowProps, "step" | "onRemove">) {
  const teams = useQuery(queries.teams()).data?.items ?? [];
  if (target.kind === "webhook") {
    return (
      <WebhookField
        path={`${path}.webhook`}
        value={target.name}
        onChange={(name) => onChange({ kind: "webhook", name })}
      />
    );
  }
  if (target.kind === "role") {
    return (
      <SelectField
        className="pb-2"
        label="Of the team"
        path={`${path}.team`}
        value={target.team}
        onChange={({ target: { value } }) => onChange({ ...target, team: value })}
      >
        <option value="">the policy's own</option>
        {teams.map((team) => (
          <option key={team.name} value={team.name}>
            {team.name}
          </option>
        ))}
      </SelectField>
    );
  }
  if (target.kind !== "channel") return null;
  return (
    <div className="grid gap-3 pb-2 sm:grid-cols-2">
      <ProviderField
        path={`${path}.channel.provider`}
        value={target.provider}
        onChange={(provider) => onChange({ ...target, provider })}
      />
      <TextField
        label="Where"
        hint="a room, a number, a topic"
        path={`${path}.channel.address`}
        value={target.address}
        onChange={({ target: { value } }) => onChange({ ...target, address: value })}
      />
    </div>
  );
}

interface PlaceFieldProps {
  path: string;
  value: string;
  onChange: (name: string) => void;
}

function ProviderField(field: PlaceFieldProps) {
  const providers = useQuery({ ...queries.providers(), refetchInterval: false }).data?.items;
  const known = providers?.map(({ name, channels }) => ({ name, words: `${name} (${channels.join(", ")})` }));
  return <PlaceField label="Provider" known={known} {...field} />;
}

function WebhookField(field: PlaceFieldProps) {
  const webhooks = useQuery(queries.webhooks()).data?.items;
  const known = webhooks?.map(({ name }) => ({ name, words: name }));
  return <PlaceField className="pb-2" label="The outgoing event webhook" known={known} {...field} />;
}

/** One of what is configured, by name; one that is gone is seen until another is chosen. */
function PlaceField({
  label,
  known = [],
  path,
  value,
  className,
  onChange,
}: PlaceFieldProps & {
  label: string;
  known?: { name: string; words: string }[] | undefined;
  className?: string;
}) {
  const isKnown = value === "" || known.some(({ name }) => name === value);
  return (
    <SelectField
      label={label}
      path={path}
      value={value}
      className={className}
      {...(known.length === 0 ? { hint: "none is configured yet" } : {})}
      onChange={({ target }) => onChange(target.value)}
    >
      <option value="" disabled>
        Choose…
      </option>
      {isKnown ? null : <option value={value}>{value}, which is not configured</option>}
      {known.map(({ name, words }) => (
        <option key={name} value={name}>
          {words}
        </option>
      ))}
    </SelectField>
  );
}

/** Adds a target of any kind; those that need more than a name get their fields in the row. */
function TargetPicker({ step, onPick }: { step: number; onPick: (target: Target) => void }) {
  const users = useQuery(queries.users()).data?.items ?? [];
  const teams = useQuery(queries.teams()).data?.items ?? [];
  const schedules = useQuery(queries.schedules()).data?.items ?? [];
  const named = (
    kind: "user" | "schedule" | "team" | "round_robin" | "manager_of",
    names: string[],
  ): Target[] => names.map((name) => ({ kind, name }));
  const teamNames = teams.map(({ name }) => name);
  const rotations = schedules
    .filter(({ layers }) => layers.length > 1)
    .flatMap(({ name: schedule, layers }) =>
      layers.map(({ name: layer }): Target => ({ kind: "rotation", schedule, layer })),
    );
  const groups: { label: string; targets: Target[] }[] = [
    {
      label: "Whoever is on call in a schedule",
      targets: named(
        "schedule",
        schedules.map(({ name }) => name),
      ),
    },
    {
      label: "One person",
      targets: named(
        "user",
        users.map(({ name }) => name),
      ),
    },
    { label: "Everybody in a team", targets: named("team", teamNames) },
    { label: "One of a team, taking turns", targets: named("round_robin", teamNames) },
    {
      label: "The manager of a team",
      targets: named(
        "manager_of",
        teams.filter(({ manager }) => manager !== null).map(({ name }) => name),
      ),
    },
    {
      label: "Whoever is on call as",
      targets: ROLES.map((role): Target => ({ kind: "role", role, team: "" })),
    },
    { label: "Whoever has the turn in one layer", targets: rotations },
  ];
  return (
    <SelectField
      className="mt-2"
      label={`Add to step ${step}`}
      value=""
      onChange={({ target: { value } }) => value && onPick(targetOf(JSON.parse(value)))}
    >
      <option value="">Choose whom to ask or tell …</option>
      {groups
        .filter(({ targets }) => targets.length > 0)
        .map(({ label, targets }) => (
          <optgroup key={label} label={label}>
            {targets.map((target) => {
              const value = JSON.stringify(writtenTarget(target));
              return (
                <option key={value} value={value}>
                  {optionName(target)}
                </option>
              );
            })}
          </optgroup>
        ))}
      <optgroup label="Tell a place; nobody is asked there">
        <option value='{"channel":{"provider":"","address":""}}'>a channel: a room, a number, a topic</option>
        <option value='{"webhook":""}'>a webhook</option>
      </optgroup>
    </SelectField>
  );
}

/** Within its group the name alone says enough. */
function optionName(target: Target): string {
  if (target.kind === "rotation") return `${target.layer} of ${target.schedule}`;
  if (target.kind === "role") return target.role.replaceAll("_", " ");
  return "name" in target ? target.name : "";
}
