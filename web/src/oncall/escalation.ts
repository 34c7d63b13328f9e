/**
 * An escalation policy's document as the editor changes it: steps, whom they ask,
 * when they count. What the editor does not know of a document stays as it is. Pure.
 */
import { type Document, list, moved, object, objects, text, withField } from "./document";
import { type Hours, hoursOf, writtenHours } from "./rota";

/** The targets that are a name and nothing else. */
export type NamedKind = "user" | "schedule" | "team" | "round_robin" | "manager_of" | "webhook";

export type Target =
  | { kind: NamedKind; name: string }
  | { kind: "rotation"; schedule: string; layer: string }
  | { kind: "role"; role: string; team: string }
  | { kind: "channel"; provider: string; address: string }
  /** What this editor does not know; it stays as it is written. */
  | { kind: "other"; written: Document };

export interface When {
  severity: number[];
  hours: (Hours & { timezone: string }) | null;
  /** A CEL expression; empty for none. */
  matches: string;
  alerts: { moreThan: number; within: string } | null;
}

export interface Step {
  after: string;
  targets: Target[];
  when: When;
  everybodyAcknowledges: boolean;
}

export interface SecondSet {
  after: string;
  policy: string;
}

export function stepsOf(document: Document): Step[] {
  return objects(document.steps).map((step) => ({
    after: text(step.after),
    targets: objects(step.targets).map(targetOf),
    when: whenOf(object(step.when)),
    everybodyAcknowledges: step.acknowledge === "all",
  }));
}

/** The document with one step changed; fields that a step has besides stay. */
export function withStep(document: Document, at: number, change: Partial<Step>): Document {
  const steps = objects(document.steps).map((step, index) => (index === at ? changed(step, change) : step));
  return { ...document, steps };
}

export function addStep(document: Document): Document {
  const steps = objects(document.steps);
  return { ...document, steps: [...steps, { after: steps.length === 0 ? "0m" : "5m", targets: [] }] };
}

export function removeStep(document: Document, at: number): Document {
  return { ...document, steps: objects(document.steps).filter((_, index) => index !== at) };
}

/** Moves a step; what is asked first stays asked at the time of the first. */
export function moveStep(document: Document, from: number, to: number): Document {
  const steps = objects(document.steps);
  const waits = steps.map(({ after }) => after);
  const next = moved(steps, from, to);
  if (next === steps) return document;
  // The waits belong to the places: two steps that change places leave the times as they are.
  return { ...document, steps: next.map((step, index) => withField(step, "after", waits[index])) };
}

export function secondSetOf(document: Document): SecondSet | null {
  if (document.second_set === undefined || document.second_set === null) return null;
  const set = object(document.second_set);
  return { after: text(set.after), policy: text(set.escalation_policy) };
}

export function withSecondSet(document: Document, set: SecondSet | null): Document {
  const written = set ? { after: set.after, escalation_policy: set.policy } : undefined;
  return withField(document, "second_set", written);
}

export function targetOf(written: Document): Target {
  if (written.rotation !== undefined) {
    const { schedule, layer } = object(written.rotation);
    return { kind: "rotation", schedule: text(schedule), layer: text(layer) };
  }
  if (written.channel !== undefined) {
    const { provider, address } = object(written.channel);
    return { kind: "channel", provider: text(provider), address: text(address) };
  }
  if (written.role !== undefined) return { kind: "role", role: text(written.role), team: text(written.team) };
  if (written.team !== undefined) {
    return { kind: written.round_robin === true ? "round_robin" : "team", name: text(written.team) };
  }
  const kinds: NamedKind[] = ["user", "schedule", "manager_of", "webhook"];
  const kind = kinds.find((each) => written[each] !== undefined);
  return kind ? { kind, name: text(written[kind]) } : { kind: "other", written };
}

export function writtenTarget(target: Target): Document {
  switch (target.kind) {
    case "rotation":
      return { rotation: { schedule: target.schedule, layer: target.layer } };
    case "channel":
      return { channel: { provider: target.provider, address: target.address } };
    case "role":
      return withField({ role: target.role }, "team", target.team);
    case "other":
      return target.written;
    case "round_robin":
      return { team: target.name, round_robin: true };
    default:
      return { [target.kind]: target.name };
  }
}

/** `labels.env == "prod" && labels["app/name"] == "x"` as names and values; null for any other rule. */
export function labelsOf(matches: string): [string, string][] | null {
  const found: [string, string][] = [];
  for (const part of matches.split("&&")) {
    const parts = /^\s*labels(?:\.([A-Za-z_]\w*)|\["([^"\\]*)"\])\s*==\s*"([^"\\]*)"\s*$/.exec(part);
    if (!parts) return null;
    found.push([parts[1] ?? parts[2] ?? "", parts[3] ?? ""]);
  }
  return found;
}

export function matchesOf(labels: [string, string][]): string {
  const quoted = (value: string) => value.replaceAll(/["\\]/g, "");
  return labels
    .map(([name, value]) => {
      const field = /^[A-Za-z_]\w*$/.test(name) ? `labels.${name}` : `labels["${quoted(name)}"]`;
      return `${field} == "${quoted(value)}"`;
    })
    .join(" && ");
}

function whenOf(when: Document): When {
  const alerts = object(when.alerts);
  const hours = object(when.hours);
  return {
    severity: list(when.severity).filter((level) => typeof level === "number"),
    hours: when.hours === undefined ? null : { ...hoursOf(hours), timezone: text(hours.timezone) },
    matches: text(when.matches),
    alerts:
      when.alerts === undefined
        ? null
        : { moreThan: Number(alerts.more_than) || 0, within: text(alerts.within) },
  };
}

function writtenWhen(before: Document, when: When): Document | undefined {
  let next = withField(before, "severity", when.severity);
  const hours = when.hours && withField(writtenHours(when.hours), "timezone", when.hours.timezone);
  next = withField(next, "hours", hours ?? undefined);
  next = withField(next, "matches", when.matches);
  const alerts = when.alerts && { more_than: when.alerts.moreThan, within: when.alerts.within };
  next = withField(next, "alerts", alerts ?? undefined);
  return Object.keys(next).length > 0 ? next : undefined;
}

function changed(step: Document, change: Partial<Step>): Document {
  let next: Document = { ...step };
  if (change.after !== undefined) next.after = change.after;
  if (change.targets) next.targets = change.targets.map(writtenTarget);
  if (change.when) next = withField(next, "when", writtenWhen(object(step.when), change.when));
  if (change.everybodyAcknowledges !== undefined)
    next = withField(next, "acknowledge", change.everybodyAcknowledges ? "all" : undefined);
  return next;
}
