/**
 * A schedule's document as the editor changes it: layers, turns, planned changes,
 * hours and shadows. What the editor does not know of a document stays as it is. Pure.
 */
import { type Document, list, moved, object, objects, text, withField } from "./document";

/** One person, or several who share the turn. */
export type Turn = string[];

export interface Hours {
  days: string[];
  from: string;
  to: string;
}

/** A rotation that is another from some date on; null where it goes on as before. */
export interface RosterChange {
  from: string;
  turns: Turn[];
  every: string[] | null;
  handoff: string | null;
}

export interface Layer {
  name: string;
  timezone: string;
  /** Whether its people join those of the layers below. */
  adds: boolean;
  /** Lengths of turns that repeat. */
  every: string[];
  handoff: string;
  start: string;
  turns: Turn[];
  changes: RosterChange[];
  hours: Hours[];
}

/** Somebody who goes along with another's shifts, by the clocks of the schedule. */
export interface Shadow {
  user: string;
  follows: string;
  from: string;
  to: string;
  /** Whether the trainee has the shift and the other gets the copies. */
  reverse: boolean;
}

/** Somebody on call instead of whoever the layers name, by the clocks of the schedule. */
export interface Override {
  user: string;
  /** Whose place, where several have the shift; empty where everybody gives way. */
  insteadOf: string;
  from: string;
  to: string;
}

export const WEEKDAYS = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"];

/** What people are on call as, with the names of the configuration. */
export const ROLES = ["primary", "secondary", "management", "incident_lead", "scribe"];

export function layersOf(document: Document): Layer[] {
  return objects(document.layers).map((layer) => {
    const rotation = object(layer.rotation);
    return {
      name: text(layer.name),
      timezone: text(layer.timezone),
      adds: layer.adds === true,
      every: several(rotation.every),
      handoff: text(rotation.handoff),
      start: text(rotation.start),
      turns: turnsOf(rotation.participants),
      changes: objects(rotation.changes).map((change) => ({
        from: text(change.from),
        turns: turnsOf(change.participants),
        every: change.every === undefined ? null : several(change.every),
        handoff: change.handoff === undefined ? null : text(change.handoff),
      })),
      hours: objects(layer.restrict).map(hoursOf),
    };
  });
}

export function hoursOf(hours: Document): Hours {
  return { days: list(hours.days).map(text), from: text(hours.from), to: text(hours.to) };
}

export function writtenHours({ days, from, to }: Hours): Document {
  return withField({ from, to }, "days", days);
}

/** The document with one layer changed; fields that a layer has besides stay. */
export function withLayer(document: Document, at: number, change: Partial<Layer>): Document {
  const layers = objects(document.layers).map((layer, index) =>
    index === at ? changed(layer, change) : layer,
  );
  return { ...document, layers };
}

export function addLayer(document: Document, start: string): Document {
  const taken = new Set(layersOf(document).map(({ name }) => name));
  const name = [...taken, "one more"]
    .map((_, index) => `layer ${index + 1}`)
    .find((each) => !taken.has(each));
  const rotation = { every: "1w", handoff: "Mon 09:00", start, participants: [] };
  return { ...document, layers: [...objects(document.layers), { name, rotation }] };
}

export function removeLayer(document: Document, at: number): Document {
  return { ...document, layers: objects(document.layers).filter((_, index) => index !== at) };
}

export function moveLayer(document: Document, from: number, to: number): Document {
  return { ...document, layers: moved(objects(document.layers), from, to) };
}

export function shadowsOf(document: Document): Shadow[] {
  return objects(document.shadows).map((shadow) => ({
    user: text(shadow.user),
    follows: text(shadow.follows),
    from: text(shadow.from),
    to: text(shadow.to),
    reverse: shadow.reverse === true,
  }));
}

export function withShadows(document: Document, shadows: Shadow[]): Document {
  const written = shadows.map(({ user, follows, from, to, reverse }) => {
    const dated = withField(withField({ user, follows }, "from", from), "to", to);
    return reverse ? { ...dated, reverse } : dated;
  });
  return withField(document, "shadows", written);
}

export function overridesOf(document: Document): Override[] {
  return objects(document.overrides).map((override) => ({
    user: text(override.user),
    insteadOf: text(override.instead_of),
    from: text(override.from).slice(0, 16),
    to: text(override.to).slice(0, 16),
  }));
}

export function withOverrides(document: Document, overrides: Override[]): Document {
  const written = overrides.map(({ user, insteadOf, from, to }) =>
    insteadOf ? { user, instead_of: insteadOf, from, to } : { user, from, to },
  );
  return withField(document, "overrides", written);
}

function changed(layer: Document, change: Partial<Layer>): Document {
  let rotation: Document = { ...object(layer.rotation) };
  if (change.every) rotation.every = oneOrMany(change.every);
  if (change.handoff !== undefined) rotation = withField(rotation, "handoff", change.handoff);
  if (change.start !== undefined) rotation.start = change.start;
  if (change.turns) rotation.participants = change.turns.map(oneOrMany);
  if (change.changes) rotation = withField(rotation, "changes", change.changes.map(writtenChange));
  let next: Document = { ...layer, rotation };
  if (change.name !== undefined) next.name = change.name;
  if (change.timezone !== undefined) next = withField(next, "timezone", change.timezone);
  if (change.adds !== undefined) next = withField(next, "adds", change.adds || undefined);
  if (change.hours) next = withField(next, "restrict", change.hours.map(writtenHours));
  return next;
}

function writtenChange({ from, turns, every, handoff }: RosterChange): Document {
  const change: Document = { from, participants: turns.map(oneOrMany) };
  if (every) change.every = oneOrMany(every);
  return handoff ? { ...change, handoff } : change;
}

function turnsOf(value: unknown): Turn[] {
  return list(value).map(several);
}

function several(value: unknown): string[] {
  return Array.isArray(value) ? value.map(text) : [text(value)];
}

function oneOrMany(values: string[]): string | string[] | undefined {
  return values.length === 1 ? values[0] : values;
}
