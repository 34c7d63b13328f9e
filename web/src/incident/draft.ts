/** What is not yet sent, per incident, kept across reloads, crashes of the browser and lost connections. */

const PREFIX = "muster.draft.";

export const WRITTEN_KINDS = [
  "note",
  "decision",
  "hypothesis",
  "action",
  "contact",
  "evidence",
  "action_item",
] as const;
export type WrittenKind = (typeof WRITTEN_KINDS)[number];

/** What the composer holds; whatever is typed for one kind is there when one comes back to it. */
export interface Draft {
  kind: WrittenKind;
  text: string;
  /** A wall clock as a `datetime-local` field has it; empty for now. */
  at: string;
  approximate: boolean;
  external: boolean;
  fields: Record<string, string>;
  flags: Record<string, boolean>;
}

export const EMPTY: Draft = {
  kind: "note",
  text: "",
  at: "",
  approximate: false,
  external: false,
  fields: {},
  flags: {},
};

export function isEmpty(draft: Draft): boolean {
  return !draft.text && !draft.at && Object.values(draft.fields).every((text) => !text);
}

/** What stays of a draft once `sent` is an entry: what was typed since, in words or in a kind of its own. */
export function typedSince(sent: Draft, now: Draft): Draft {
  const text = now.text.startsWith(sent.text) ? now.text.slice(sent.text.length).trimStart() : now.text;
  return { ...EMPTY, kind: now.kind, text };
}

export function draftOf(number: string): Draft {
  const stored = localStorage.getItem(PREFIX + number);
  if (!stored) return EMPTY;
  try {
    const draft: unknown = JSON.parse(stored);
    return isDraft(draft) ? { ...EMPTY, ...draft } : { ...EMPTY, text: stored };
  } catch {
    // A note from before there were other kinds.
    return { ...EMPTY, text: stored };
  }
}

export function keepDraft(number: string, draft: Draft): void {
  if (isEmpty(draft)) localStorage.removeItem(PREFIX + number);
  else localStorage.setItem(PREFIX + number, JSON.stringify(draft));
}

function isDraft(value: unknown): value is Partial<Draft> {
  return (
    typeof value === "object" &&
    value !== null &&
    "kind" in value &&
    WRITTEN_KINDS.some((kind) => kind === value.kind)
  );
}

const LEAD_PREFIX = "muster.lead.";

/** The lead's sentence while it is written, and the revision that the writer began with. */
export interface LeadDraft {
  text: string;
  revision: number;
}

export function leadDraftOf(number: string): LeadDraft | null {
  try {
    const draft: unknown = JSON.parse(localStorage.getItem(LEAD_PREFIX + number) ?? "null");
    return isLeadDraft(draft) ? draft : null;
  } catch {
    return null;
  }
}

export function keepLeadDraft(number: string, draft: LeadDraft | null): void {
  if (draft) localStorage.setItem(LEAD_PREFIX + number, JSON.stringify(draft));
  else localStorage.removeItem(LEAD_PREFIX + number);
}

function isLeadDraft(value: unknown): value is LeadDraft {
  return (
    typeof value === "object" &&
    value !== null &&
    "text" in value &&
    typeof value.text === "string" &&
    "revision" in value &&
    typeof value.revision === "number"
  );
}

const DECLARATION = "muster.declaration";

/** What somebody was declaring; never whom a restricted incident is kept from, and why. */
export interface DeclarationDraft {
  title: string;
  service: string;
  severity: string;
}

export const NOTHING_DECLARED: DeclarationDraft = { title: "", service: "", severity: "" };

export function declarationDraft(): DeclarationDraft {
  try {
    const draft: unknown = JSON.parse(localStorage.getItem(DECLARATION) ?? "null");
    if (typeof draft !== "object" || draft === null) return NOTHING_DECLARED;
    const kept = new Map(Object.entries(draft));
    const text = (name: string) => {
      const value: unknown = kept.get(name);
      return typeof value === "string" ? value : "";
    };
    return { title: text("title"), service: text("service"), severity: text("severity") };
  } catch {
    return NOTHING_DECLARED;
  }
}

export function keepDeclarationDraft(draft: DeclarationDraft): void {
  if (Object.values(draft).every((text) => !text)) localStorage.removeItem(DECLARATION);
  else localStorage.setItem(DECLARATION, JSON.stringify(draft));
}
