/**
 * Writing into the timeline: one key for each kind, the fields that it asks for,
 * and when it happened. Nothing typed is lost: the draft outlives a reload, a
 * refusal and a lost connection, and is gone only when the server has it.
 */
import { useQuery, useQueryClient } from "@tanstack/react-query";
import clsx from "clsx";
import { type FormEvent, type KeyboardEvent, useEffect, useRef, useState } from "react";
import { toast } from "sonner";
import { post } from "@/api/client";
import { explain } from "@/api/problem";
import * as queries from "@/api/queries";
import type { TimelineEntry } from "@/api/types";
import { useKeys } from "@/shell/keys";
import { Button } from "@/ui/button";
import { SelectField, TextField } from "@/ui/form";
import { useZone } from "@/ui/time";
import { instantOf } from "@/ui/zoned";
import { type Draft, draftOf, keepDraft, typedSince, WRITTEN_KINDS, type WrittenKind } from "./draft";
import { FileField } from "./evidence";

interface KindWords {
  name: string;
  key: string;
  label: string;
  placeholder: string;
  submit: string;
}

export const KIND_WORDS: Record<WrittenKind, KindWords> = {
  note: {
    name: "Note",
    key: "n",
    label: "Note for the timeline",
    placeholder: "What you see or did",
    submit: "Add note",
  },
  decision: {
    name: "Decision",
    key: "d",
    label: "Decision for the timeline",
    placeholder: "What was decided",
    submit: "Add decision",
  },
  hypothesis: {
    name: "Hypothesis",
    key: "h",
    label: "Hypothesis for the timeline",
    placeholder: "What it might be",
    submit: "Open hypothesis",
  },
  action: {
    name: "Change",
    key: "c",
    label: "Change for the timeline",
    placeholder: "What you change",
    submit: "Record change",
  },
  contact: {
    name: "Contact",
    key: "t",
    label: "Customer contact for the timeline",
    placeholder: "What the customer said",
    submit: "Add contact",
  },
  evidence: {
    name: "Evidence",
    key: "v",
    label: "Evidence for the timeline",
    placeholder: "What it shows",
    submit: "Add evidence",
  },
  action_item: {
    name: "Action item",
    key: "i",
    label: "Action item for the time after it is over",
    placeholder: "What is to be done once it is over",
    submit: "Add action item",
  },
};

export function Composer({ number }: { number: string }) {
  const client = useQueryClient();
  const zone = useZone();
  const box = useRef<HTMLTextAreaElement>(null);
  const [draft, setDraft] = useState(() => draftOf(number));
  const [error, setError] = useState<unknown>(null);
  const [busy, setBusy] = useState(false);
  const isNextReady = useRef(false);
  const words = KIND_WORDS[draft.kind];

  const change = (next: Partial<Draft>) => {
    setDraft((before) => {
      const after = { ...before, ...next };
      keepDraft(number, after);
      return after;
    });
  };
  const choose = (kind: WrittenKind) => () => {
    change({ kind });
    box.current?.focus();
  };
  useKeys(Object.fromEntries(WRITTEN_KINDS.map((kind) => [KIND_WORDS[kind].key, choose(kind)])));

  const send = async () => {
    if (!draft.text.trim()) return;
    if (busy) {
      isNextReady.current = true;
      return;
    }
    setBusy(true);
    setError(null);
    try {
      const entry = await write(number, draft, zone);
      setDraft((now) => {
        const next = typedSince(draft, now);
        keepDraft(number, next);
        return next;
      });
      for (const warning of entry.warnings) toast.warning(sentence(warning));
      await client.invalidateQueries({ queryKey: ["incident", number] });
    } catch (problem) {
      setError(problem);
    } finally {
      setBusy(false);
    }
  };
  // What was sent while another entry was on its way goes after it.
  useEffect(() => {
    if (busy || !isNextReady.current) return;
    isNextReady.current = false;
    if (!error) void send();
  });
  const onKeyDown = (event: KeyboardEvent) => {
    if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) void send();
    if (event.key === "Escape") box.current?.blur();
  };
  const onSubmit = (event: FormEvent) => {
    event.preventDefault();
    void send();
  };

  return (
    <form onSubmit={onSubmit} onKeyDown={onKeyDown} className="flex flex-col gap-2 border-b p-4">
      <fieldset className="flex flex-wrap gap-1">
        <legend className="sr-only">What you write down</legend>
        {WRITTEN_KINDS.map((kind) => (
          <label
            key={kind}
            className={clsx(
              "tap inline-flex cursor-pointer items-center rounded-sm border px-2.5 text-13 whitespace-nowrap has-focus-visible:outline-2",
              kind === draft.kind ? "border-text font-semibold" : "border-edge text-muted",
            )}
          >
            <input
              type="radio"
              name="kind"
              className="sr-only"
              checked={kind === draft.kind}
              onChange={() => change({ kind })}
            />
            {KIND_WORDS[kind].name}
            <kbd className="ml-1.5 hidden text-12 text-muted md:inline">{KIND_WORDS[kind].key}</kbd>
          </label>
        ))}
      </fieldset>
      <textarea
        ref={box}
        aria-label={words.label}
        placeholder={`${words.placeholder} (${words.key})`}
        rows={draft.text.includes("\n") ? 4 : 2}
        value={draft.text}
        onChange={(event) => change({ text: event.target.value })}
        className="field resize-y py-2!"
      />
      <Fields number={number} draft={draft} change={change} />
      <When draft={draft} change={change} />
      <div className="flex items-center justify-between gap-2">
        <p className="text-13 text-muted">
          {error ? (
            <span role="alert">{explain(error)}</span>
          ) : (
            <span className="hidden md:inline">Ctrl Enter sends it.</span>
          )}
        </p>
        <Button type="submit" disabled={!draft.text.trim() || busy}>
          {busy ? "Sent, not confirmed" : words.submit}
        </Button>
      </div>
    </form>
  );
}

interface PartProps {
  draft: Draft;
  change: (next: Partial<Draft>) => void;
}

/** What a kind asks for besides the words. */
function Fields({ number, draft, change }: PartProps & { number: string }) {
  const users = useQuery({ ...queries.users(), enabled: draft.kind === "hypothesis" });
  const people = users.data?.items ?? [];
  const text = (name: string, label: string, placeholder = "") => (
    <TextField
      label={label}
      placeholder={placeholder}
      value={draft.fields[name] ?? ""}
      onChange={(event) => change({ fields: { ...draft.fields, [name]: event.target.value } })}
    />
  );
  const person = (field: string, label: string) => (
    <SelectField
      label={label}
      value={draft.fields[field] ?? ""}
      onChange={(event) => change({ fields: { ...draft.fields, [field]: event.target.value } })}
    >
      <option value="">Nobody yet</option>
      {people.map(({ name, full_name }) => (
        <option key={name} value={name}>
          {full_name} ({name})
        </option>
      ))}
    </SelectField>
  );
  const flag = (name: string, label: string) => (
    <Tick
      label={label}
      on={draft.flags[name] ?? false}
      set={(on) => change({ flags: { ...draft.flags, [name]: on } })}
    />
  );
  switch (draft.kind) {
    case "note":
    case "decision":
      return null;
    case "hypothesis":
      return person("assignee", "Who looks into it");
    case "action_item":
      return person("owner", "Who sees to it");
    case "action":
      return (
        <>
          <div className="grid gap-2 sm:grid-cols-2">
            {text("why", "Why")}
            {text("expected", "What you expect")}
            {draft.flags.irreversible ? null : text("undo", "How to undo it")}
          </div>
          <div className="flex flex-wrap gap-x-4">
            {flag("major", "Major change")}
            {flag("irreversible", "Cannot be undone")}
            {flag("planned", "Only planned")}
          </div>
        </>
      );
    case "contact":
      return (
        <div className="grid gap-2 sm:grid-cols-2">
          {text("customer", "Customer")}
          {text("reference", "Ticket or link (optional)")}
        </div>
      );
    case "evidence":
      return (
        <>
          {text("link", "Link, or a file below", "https://")}
          <FileField
            number={number}
            file={draft.fields.attachment ?? ""}
            name={draft.fields.file ?? ""}
            set={(attachment, file) => change({ fields: { ...draft.fields, attachment, file } })}
          />
        </>
      );
  }
}

/** Now, unless it happened before. */
function When({ draft, change }: PartProps) {
  const [open, setOpen] = useState(draft.at !== "");
  return (
    <div className="flex flex-wrap items-end gap-x-4 gap-y-1 text-13">
      <Tick
        label="Happened earlier"
        on={open}
        set={(on) => {
          setOpen(on);
          if (!on) change({ at: "", approximate: false });
        }}
      />
      {open ? (
        <>
          <TextField
            label="When, by your clock"
            type="datetime-local"
            value={draft.at}
            onChange={(event) => change({ at: event.target.value })}
          />
          <Tick label="About then" on={draft.approximate} set={(approximate) => change({ approximate })} />
        </>
      ) : null}
      <Tick
        label="Outside of the team"
        on={draft.external}
        set={(external) => change({ external })}
        hidden={["hypothesis", "action", "action_item"].includes(draft.kind)}
      />
    </div>
  );
}

function Tick({
  label,
  on,
  set,
  hidden = false,
}: {
  label: string;
  on: boolean;
  set: (on: boolean) => void;
  hidden?: boolean;
}) {
  if (hidden) return null;
  return (
    <label className="tap inline-flex items-center gap-2">
      <input
        type="checkbox"
        className="size-4"
        checked={on}
        onChange={(event) => set(event.target.checked)}
      />
      {label}
    </label>
  );
}

function write(number: string, draft: Draft, zone: string): Promise<TimelineEntry> {
  const path = { incident: number };
  const said = {
    text: draft.text.trim(),
    ...(draft.at ? { at: new Date(instantOf(draft.at, zone)).toISOString() } : {}),
    approximate: draft.approximate,
  };
  const field = (name: string) => draft.fields[name]?.trim() || undefined;
  const flag = (name: string) => draft.flags[name] ?? false;
  switch (draft.kind) {
    case "hypothesis":
      return post("/incidents/{incident}/hypotheses", {
        path,
        body: { ...said, assignee: field("assignee") },
      });
    case "action":
      return post("/incidents/{incident}/actions", {
        path,
        body: {
          ...said,
          why: field("why"),
          expected: field("expected"),
          undo: flag("irreversible") ? undefined : field("undo"),
          irreversible: flag("irreversible"),
          major: flag("major"),
          planned: flag("planned"),
        },
      });
    case "note":
    case "decision":
      return post("/incidents/{incident}/timeline", {
        path,
        body: { ...said, kind: draft.kind, external: draft.external },
      });
    case "action_item":
      return post("/incidents/{incident}/timeline", {
        path,
        body: { ...said, kind: draft.kind, owner: field("owner") },
      });
    case "contact":
      return post("/incidents/{incident}/timeline", {
        path,
        body: {
          ...said,
          kind: draft.kind,
          external: draft.external,
          customer: field("customer"),
          reference: field("reference"),
        },
      });
    case "evidence":
      return post("/incidents/{incident}/timeline", {
        path,
        body: {
          ...said,
          kind: draft.kind,
          external: draft.external,
          link: field("link"),
          attachment: field("attachment"),
        },
      });
  }
}

export function sentence(text: string): string {
  return `${text.charAt(0).toUpperCase()}${text.slice(1)}.`;
}
