/**
 * A schedule's document as the editor changes it: layers, people and hours. What
 * the editor does not know of a document stays as it is. Pure.
 */

export type Document = Record<string, unknown>;

/** One person, or several who share the turn. */
export type Turn = string[];

export interface Hours {
  days: string[];
  from: string;
  to: string;
}

export interface Layer {
  name: string;
  every: string;
  handoff: string;
  start: string;
  turns: Turn[];
  hours: Hours[];
}

export const WEEKDAYS = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"];

export function layersOf(document: Document): Layer[] {
  return objects(document.layers).map((layer) => {
    const rotation = object(layer.rotation);
    return {
      name: text(layer.name),
      every: written(rotation.every),
      handoff: text(rotation.handoff),
      start: text(rotation.start),
      turns: list(rotation.participants).map((turn) => (Array.isArray(turn) ? turn.map(text) : [text(turn)])),
      hours: objects(layer.restrict).map((hours) => ({
        days: list(hours.days).map(text),
        from: text(hours.from),
        to: text(hours.to),
      })),
    };
  });
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

/** A list with one element in another place; out of bounds changes nothing. */
export function moved<T>(items: T[], from: number, to: number): T[] {
  const item = items[from];
  if (item === undefined || to < 0 || to >= items.length) return items;
  const rest = items.filter((_, index) => index !== from);
  return [...rest.slice(0, to), item, ...rest.slice(to)];
}

function changed(layer: Document, change: Partial<Layer>): Document {
  const rotation: Document = { ...object(layer.rotation) };
  if (change.every !== undefined) rotation.every = change.every;
  if (change.handoff !== undefined) rotation.handoff = change.handoff;
  if (change.start !== undefined) rotation.start = change.start;
  if (change.turns) rotation.participants = change.turns.map((turn) => (turn.length === 1 ? turn[0] : turn));
  const next: Document = { ...layer, rotation };
  if (change.name !== undefined) next.name = change.name;
  if (change.hours) {
    next.restrict = change.hours.map(({ days, from, to }) =>
      days.length ? { days, from, to } : { from, to },
    );
    if (change.hours.length === 0) delete next.restrict;
  }
  return next;
}

function object(value: unknown): Document {
  return typeof value === "object" && value !== null && !Array.isArray(value) ? (value as Document) : {};
}

function list(value: unknown): unknown[] {
  return Array.isArray(value) ? value : [];
}

function objects(value: unknown): Document[] {
  return list(value).map(object);
}

function text(value: unknown): string {
  return typeof value === "string" ? value : "";
}

/** A single value as it is written, a list of them with commas. */
function written(value: unknown): string {
  return Array.isArray(value) ? value.map(text).join(", ") : text(value);
}

/** Whether two documents say the same, whatever the order of their fields. */
export function same(a: unknown, b: unknown): boolean {
  if (Array.isArray(a) && Array.isArray(b)) {
    return a.length === b.length && a.every((item, index) => same(item, b[index]));
  }
  if (Array.isArray(a) || Array.isArray(b) || !isObject(a) || !isObject(b)) return a === b;
  const names = new Set([...Object.keys(a), ...Object.keys(b)]);
  return [...names].every((name) => same(a[name], b[name]));
}

function isObject(value: unknown): value is Document {
  return typeof value === "object" && value !== null;
}

/** The document with one section replaced, by a path such as `layers(days).rotation.every`; null removes it. */
export function setAt(document: Document, path: string, value: unknown): Document {
  if (path === "") return object(value);
  if (path.endsWith(" (order)"))
    return inOrder(document, path.slice(0, -" (order)".length), list(value).map(text));
  const next = put(document, path.match(/[^.()]+|\([^)]*\)/g) ?? [], value);
  return object(next);
}

function put(at: unknown, steps: string[], value: unknown): unknown {
  const [step, ...rest] = steps;
  if (step === undefined) return value;
  if (step.startsWith("(")) {
    const name = step.slice(1, -1);
    const items = objects(at);
    if (rest.length === 0 && value === null) return items.filter((item) => item.name !== name);
    if (!items.some((item) => item.name === name)) return [...items, object(put({ name }, rest, value))];
    return items.map((item) => (item.name === name ? object(put(item, rest, value)) : item));
  }
  const { [step]: before, ...others } = object(at);
  if (rest.length === 0 && value === null) return others;
  return { ...others, [step]: put(before, rest, value) };
}

function inOrder(document: Document, path: string, names: string[]): Document {
  const place = (item: Document) => (names.indexOf(text(item.name)) + names.length + 1) % (names.length + 1);
  const items = [...objects(document[path])].sort((a, b) => place(a) - place(b));
  return { ...document, [path]: items };
}
