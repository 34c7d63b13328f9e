/**
 * The severities as a document in the hands of an editor: what a level says of its own,
 * what holds where it says nothing, and changing one thing. Pure.
 */
import type { SeverityProcess, WantedRole } from "@/api/types";
import { type Document, list, object, text } from "@/oncall/document";

/** The levels that a document has or the server knows, the worst first. */
export function levelsOf(document: Document, known: SeverityProcess[]): number[] {
  const own = Object.keys(document).filter((field) => /^[1-9]$/.test(field));
  if (own.length > 0) return own.map(Number).sort((one, other) => one - other);
  return known.map(({ level }) => level);
}

/** What a new document begins as: the levels in force, with nothing but their names. */
export function blank(known: SeverityProcess[]): Document {
  const levels = known.map(({ level, name, definition, urgency }) => [
    String(level),
    { level, name, urgency, ...(definition ? { definition } : {}) },
  ]);
  return { name: "severities", ...Object.fromEntries(levels) };
}

export function levelOf(document: Document, level: number): Document {
  return object(document[String(level)]);
}

/** The document with one field of a level set, or without it where the value is undefined. */
export function withLevel(document: Document, level: number, field: string, value: unknown): Document {
  const { [field]: _, ...rest } = levelOf(document, level);
  return { ...document, [String(level)]: value === undefined ? rest : { ...rest, [field]: value } };
}

/** The same of the level's process; an empty list says that nothing is wanted, undefined that the default holds. */
export function withProcess(document: Document, level: number, field: string, value: unknown): Document {
  const { [field]: _, ...rest } = object(levelOf(document, level).process);
  const process = value === undefined ? rest : { ...rest, [field]: value };
  return withLevel(document, level, "process", Object.keys(process).length > 0 ? process : undefined);
}

/** The roles that a level wants: its own, or those that hold where it names none. */
export function rolesOf(level: Document, known: SeverityProcess | undefined): WantedRole[] {
  const own = object(level.process).roles;
  if (!Array.isArray(own)) return known?.roles ?? [];
  return own.map(object).map((role) => ({
    role: text(role.role),
    required: role.required === true,
    engage: role.engage === true,
  }));
}

/** Names that a level lists: its own, or those that hold where it lists none. */
export function namesOf(level: Document, field: string, known: string[] | undefined): string[] {
  const own = object(level.process)[field];
  return Array.isArray(own) ? list(own).map(text) : (known ?? []);
}

/** The wanted roles once one of them is changed; null takes it out. Only what differs is written. */
export function withRole(
  roles: WantedRole[],
  name: string,
  change: Partial<WantedRole> | null,
): WantedRole[] {
  const before = roles.find(({ role }) => role === name);
  if (change === null) return roles.filter(({ role }) => role !== name);
  if (!before) return [...roles, { role: name, required: false, engage: false, ...change }];
  return roles.map((each) => (each.role === name ? { ...each, ...change } : each));
}

/** Roles as a file writes them: what is false is left out. */
export function written(roles: WantedRole[]): Document[] {
  return roles.map(({ role, required, engage }) => ({
    role,
    ...(required ? { required } : {}),
    ...(engage ? { engage } : {}),
  }));
}
