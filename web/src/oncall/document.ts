/**
 * A document of the configuration in the hands of an editor: reading what may be
 * unfinished, comparing, moving, settling a conflict. What an editor does not know
 * of a document stays as it is. Pure.
 */

export type Document = Record<string, unknown>;

/** A list with one element in another place; out of bounds changes nothing. */
export function moved<T>(items: T[], from: number, to: number): T[] {
  const item = items[from];
  if (item === undefined || to < 0 || to >= items.length) return items;
  const rest = items.filter((_, index) => index !== from);
  return [...rest.slice(0, to), item, ...rest.slice(to)];
}

/** The document with one field set, or without it where the value is empty. */
export function withField(document: Document, field: string, value: unknown): Document {
  const { [field]: _, ...rest } = document;
  const isEmpty = value === undefined || value === "" || (Array.isArray(value) && value.length === 0);
  return isEmpty ? rest : { ...rest, [field]: value };
}

/** A list with one element replaced. */
export function replaced<T>(items: T[], at: number, item: T): T[] {
  return items.map((each, index) => (index === at ? item : each));
}

/** A list without one element. */
export function without<T>(items: T[], at: number): T[] {
  return items.filter((_, index) => index !== at);
}

export function object(value: unknown): Document {
  return typeof value === "object" && value !== null && !Array.isArray(value) ? (value as Document) : {};
}

export function list(value: unknown): unknown[] {
  return Array.isArray(value) ? value : [];
}

export function objects(value: unknown): Document[] {
  return list(value).map(object);
}

export function text(value: unknown): string {
  return typeof value === "string" ? value : "";
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
