/**
 * The document of a status page in the hands of its editor: its components and what
 * severities mean for them. What the editor does not know stays as it is. Pure.
 */
import type { ComponentState } from "@/api/types";
import { type Document, moved, object, objects, text, withField, without } from "@/oncall/document";

export const STATE_WORDS: Record<ComponentState, string> = {
  operational: "Operational",
  under_maintenance: "Under maintenance",
  degraded: "Degraded",
  partial_outage: "Partial outage",
  major_outage: "Major outage",
};

/** What a severity may mean for a component; nothing where incidents of it are not shown. */
export const SHOWN_AS = ["major_outage", "partial_outage", "degraded", "operational"] as const;

const SHOWN_BY_DEFAULT: Record<string, string> = { 1: "major_outage", 2: "partial_outage", 3: "degraded" };

export function componentsOf(document: Document): Document[] {
  return objects(document.components);
}

export function withComponents(document: Document, components: Document[]): Document {
  return withField(document, "components", components);
}

export function addComponent(document: Document): Document {
  return withComponents(document, [...componentsOf(document), { name: "" }]);
}

export function changeComponent(document: Document, at: number, field: string, value: unknown): Document {
  const change = (one: Document) =>
    field === "name" ? { ...one, name: text(value) } : withField(one, field, value);
  return withComponents(
    document,
    componentsOf(document).map((one, index) => (index === at ? change(one) : one)),
  );
}

export function removeComponent(document: Document, at: number): Document {
  return withComponents(document, without(componentsOf(document), at));
}

export function moveComponent(document: Document, from: number, to: number): Document {
  return withComponents(document, moved(componentsOf(document), from, to));
}

/** What a level is shown as; empty where it is not shown. */
export function shownAs(document: Document, level: number): string {
  const written = document.shows === undefined ? SHOWN_BY_DEFAULT : object(document.shows);
  return text(written[String(level)]);
}

export function withShownAs(document: Document, level: number, state: string): Document {
  const written = document.shows === undefined ? SHOWN_BY_DEFAULT : object(document.shows);
  const { [String(level)]: _, ...rest } = written;
  return { ...document, shows: state ? { ...rest, [String(level)]: state } : rest };
}
