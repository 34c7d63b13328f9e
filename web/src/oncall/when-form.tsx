/** When a step counts: by severity, by the hour, by labels, by how many alerts came. */
import { ChevronRight, Plus, Trash2 } from "lucide-react";
import { type ReactNode, useState } from "react";
import { Button } from "@/ui/button";
import { FaultAt } from "@/ui/fault-place";
import { TextField } from "@/ui/form";
import { SEVERITIES } from "@/ui/severity";
import { ZoneField } from "@/ui/zone-field";
import { replaced, without } from "./document";
import { labelsOf, matchesOf, type When } from "./escalation";
import { HoursFields } from "./hours-form";

interface WhenFormProps {
  step: number;
  when: When;
  path: string;
  onChange: (when: When) => void;
}

export function WhenForm({ step, when, path, onChange }: WhenFormProps) {
  const parts = [
    when.severity.length > 0,
    when.hours !== null,
    when.matches !== "",
    when.alerts !== null,
  ].filter(Boolean).length;
  return (
    <details
      className="group rounded-sm border border-line px-3"
      open={parts > 0 || undefined}
      data-path={path}
    >
      <summary className="tap flex min-h-10 items-center gap-2 font-medium">
        <ChevronRight className="size-4 shrink-0 group-open:rotate-90" aria-hidden="true" />
        {parts === 0
          ? "Always counts; add a condition"
          : `Counts only if ${parts === 1 ? "this holds" : "all of this holds"}`}
        <span className="sr-only"> (step {step})</span>
      </summary>
      <div className="flex flex-col gap-4 pb-3">
        <FaultAt path={path} />
        <Severities when={when} path={path} onChange={onChange} />
        <HoursPart when={when} path={path} onChange={onChange} />
        <Labels when={when} path={path} onChange={onChange} />
        <Alerts when={when} path={path} onChange={onChange} />
      </div>
    </details>
  );
}

type PartProps = Omit<WhenFormProps, "step">;

function Severities({ when, path, onChange }: PartProps) {
  const known = SEVERITIES.map(({ level }) => level);
  const levels = [...new Set([...known, ...when.severity])].sort((a, b) => a - b);
  const toggle = (level: number, isOn: boolean) => {
    const severity = levels.filter((each) => (each === level ? isOn : when.severity.includes(each)));
    onChange({ ...when, severity });
  };
  return (
    <fieldset data-path={`${path}.severity`}>
      <legend className="text-13 text-muted">Severity; none chosen means any</legend>
      <div className="flex flex-wrap gap-x-4">
        {levels.map((level) => (
          <label key={level} className="tap inline-flex items-center gap-1.5">
            <input
              type="checkbox"
              checked={when.severity.includes(level)}
              onChange={(event) => toggle(level, event.target.checked)}
            />
            {level} {SEVERITIES.find((each) => each.level === level)?.name ?? ""}
          </label>
        ))}
      </div>
      <FaultAt path={`${path}.severity`} within />
    </fieldset>
  );
}

function HoursPart({ when, path, onChange }: PartProps) {
  const { hours } = when;
  if (!hours) {
    const office = { days: ["mon", "tue", "wed", "thu", "fri"], from: "09:00", to: "17:00", timezone: "" };
    return <Add onClick={() => onChange({ ...when, hours: office })}>Only at certain hours</Add>;
  }
  return (
    <Part title="Hours" onRemove={() => onChange({ ...when, hours: null })}>
      <HoursFields
        hours={hours}
        path={`${path}.hours`}
        onChange={(change) => onChange({ ...when, hours: { ...hours, ...change } })}
      />
      <ZoneField
        className="mt-2"
        label="Time zone of these hours"
        hint="the organisation's where empty"
        path={`${path}.hours.timezone`}
        value={hours.timezone}
        onChange={({ target }) => onChange({ ...when, hours: { ...hours, timezone: target.value } })}
      />
    </Part>
  );
}

function Labels({ when, path, onChange }: PartProps) {
  const rows = labelsOf(when.matches);
  const [isByHand, setByHand] = useState(when.matches !== "" && rows === null);
  const say = (matches: string) => onChange({ ...when, matches });
  if (when.matches === "" && !isByHand) {
    return (
      <div className="flex flex-wrap gap-2">
        <Add onClick={() => say(matchesOf([["env", "prod"]]))}>Only with certain labels</Add>
        <Add onClick={() => setByHand(true)}>Only if a rule holds</Add>
      </div>
    );
  }
  const remove = () => {
    setByHand(false);
    say("");
  };
  if (isByHand || rows === null) {
    return (
      <Part title="Rule" onRemove={remove}>
        <TextField
          label="Expression over the first alert"
          hint={'such as labels.env == "prod" && source.startsWith("db")'}
          className="font-mono"
          spellCheck={false}
          autoCapitalize="none"
          path={`${path}.matches`}
          value={when.matches}
          onChange={({ target }) => say(target.value)}
        />
      </Part>
    );
  }
  const change = (at: number, row: [string, string]) => say(matchesOf(replaced(rows, at, row)));
  return (
    <Part title="Labels of the first alert" onRemove={remove}>
      <div className="flex flex-col gap-2">
        {rows.map(([name, value], at) => (
          // biome-ignore lint/suspicious/noArrayIndexKey: a row is its place, and its fields change.
          <div key={at} className="flex flex-wrap items-end gap-2">
            <TextField
              label="Label"
              className="min-w-24 flex-1"
              value={name}
              onChange={({ target }) => change(at, [target.value, value])}
            />
            <TextField
              label="is"
              className="min-w-24 flex-1"
              value={value}
              onChange={({ target }) => change(at, [name, target.value])}
            />
            <Button
              emphasis="quiet"
              className="h-10 px-2!"
              aria-label={`Remove the label ${name}`}
              onClick={() => (rows.length === 1 ? remove() : say(matchesOf(without(rows, at))))}
            >
              <Trash2 className="size-4" aria-hidden="true" />
            </Button>
          </div>
        ))}
        <FaultAt path={`${path}.matches`} />
        <div className="flex flex-wrap gap-2">
          <Add onClick={() => say(matchesOf([...rows, ["team", ""]]))}>And another label</Add>
          <Button emphasis="quiet" onClick={() => setByHand(true)}>
            Write it as a rule
          </Button>
        </div>
      </div>
    </Part>
  );
}

function Alerts({ when, path, onChange }: PartProps) {
  const { alerts } = when;
  if (!alerts) {
    return (
      <Add onClick={() => onChange({ ...when, alerts: { moreThan: 5, within: "10m" } })}>
        Only while many alerts come
      </Add>
    );
  }
  return (
    <Part title="Alerts" onRemove={() => onChange({ ...when, alerts: null })}>
      <div className="grid grid-cols-2 gap-3">
        <TextField
          label="More than"
          type="number"
          min={1}
          path={`${path}.alerts.more_than`}
          value={alerts.moreThan || ""}
          onChange={({ target }) =>
            onChange({ ...when, alerts: { ...alerts, moreThan: Number(target.value) } })
          }
        />
        <TextField
          label="Alerts within"
          hint="10m, 1h"
          path={`${path}.alerts.within`}
          value={alerts.within}
          onChange={({ target }) => onChange({ ...when, alerts: { ...alerts, within: target.value } })}
        />
      </div>
    </Part>
  );
}

function Add({ onClick, children }: { onClick: () => void; children: string }) {
  return (
    <Button className="self-start" onClick={onClick}>
      <Plus className="size-4" aria-hidden="true" />
      {children}
    </Button>
  );
}

function Part({ title, onRemove, children }: { title: string; onRemove: () => void; children: ReactNode }) {
  return (
    <fieldset className="min-w-0 border-l-2 border-line pl-3" aria-label={title}>
      <div className="flex items-center justify-between gap-2">
        <p className="text-13 text-muted">{title}</p>
        <Button
          emphasis="quiet"
          className="px-2!"
          aria-label={`Remove the condition: ${title}`}
          onClick={onRemove}
        >
          <Trash2 className="size-4" aria-hidden="true" />
        </Button>
      </div>
      {children}
    </fieldset>
  );
}
