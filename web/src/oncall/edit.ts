/**
 * One document being edited: the draft in the form, what it began with, and saving,
 * publishing, undoing and settling it. Knows nothing of what is in the document.
 */
import { useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { toast } from "sonner";
import { post, put, remove } from "@/api/client";
import { ApiError } from "@/api/problem";
import type { EditableDocument, EditConflict, Gap } from "@/api/types";
import { offerUndo } from "@/shell/undo";
import { type Document, same } from "./document";

/** A kind of document that has an editor. */
export interface Kind {
  collection: "schedules" | "escalation-policies" | "status-pages" | "severities";
  /** What one is called: `schedule`. */
  noun: string;
  /** The screen of one that is in force. */
  screen: "/schedules/$name" | "/policies/$name" | "/status-pages" | "/configuration";
  /** The screen that lists them. */
  home: "/on-call" | "/policies" | "/status-pages" | "/configuration";
  /** Why a draft does nothing, before `it`: `Nobody is paged by`. */
  harmless?: string;
}

/** What was refused because nobody would be on call at some times, until somebody says that it is meant. */
export interface OpenGaps {
  all: Gap[];
  /** What was to be done: `Publish`. */
  verb: string;
  /** Does it with consent. */
  again: () => Promise<void>;
}

export interface Edit {
  kind: Kind;
  name: string;
  data: EditableDocument;
  document: Document;
  isChanged: boolean;
  busy: boolean;
  error: unknown;
  gaps: OpenGaps | null;
  conflicts: { all: EditConflict[]; revision: number } | null;
  /** Puts something else into the form, or makes it of what stands there then. */
  change: (next: Document | ((now: Document) => Document)) => void;
  saveDraft: () => Promise<void>;
  dropDraft: () => Promise<void>;
  publish: () => Promise<void>;
  restore: (revision: number) => Promise<void>;
  settle: (document: Document, revision: number) => Promise<void>;
  leaveGaps: () => void;
  leaveConflicts: () => void;
  removeAll: () => Promise<boolean>;
}

interface EditOptions {
  kind: Kind;
  name: string;
  data: EditableDocument;
  /** What a new one begins as. */
  blank: Document;
}

export function useEdit({ kind, name, data, blank }: EditOptions): Edit {
  const { collection } = kind;
  const client = useQueryClient();
  const saved: Document = data.draft?.document ?? data.document ?? blank;
  const [document, setDocument] = useState<Document>(saved);
  // What the form began with, however often others publish while it is open.
  const [base, setBase] = useState(data.draft?.revision ?? data.revision);
  // What is removed holds no changes that could be lost by leaving it.
  const [isGone, setGone] = useState(false);
  const [busy, setBusy] = useState(false);
  const [error, setError] = useState<unknown>(null);
  const [gaps, setGaps] = useState<OpenGaps | null>(null);
  const [conflicts, setConflicts] = useState<Edit["conflicts"]>(null);
  const path = { collection, name };
  const isChanged = !isGone && !same(document, saved);

  const act = async (work: () => Promise<unknown>, withConsent?: Omit<OpenGaps, "all">): Promise<boolean> => {
    setBusy(true);
    setError(null);
    setGaps(null);
    try {
      await work();
      return true;
    } catch (problem) {
      if (problem instanceof ApiError && problem.gaps.length > 0 && withConsent)
        setGaps({ all: problem.gaps, ...withConsent });
      else if (problem instanceof ApiError && problem.conflicts.length > 0)
        setConflicts({ all: problem.conflicts, revision: problem.revision ?? 0 });
      else setError(problem);
      return false;
    } finally {
      setBusy(false);
      await client.invalidateQueries();
    }
  };
  const begin = (next: Document | null, revision: number) => {
    setDocument(next ?? blank);
    setBase(revision);
  };
  const keep = (next = document, revision = base) =>
    put("/{collection}/{name}/draft", { path, body: { document: next, revision } });
  const undo = async (revision: number) => {
    const undone = await post("/{collection}/{name}/undo", { path, body: { revision, consent: true } });
    begin(undone.document, undone.revision);
    await client.invalidateQueries();
  };
  const publish = async (consent: boolean) => {
    await act(
      async () => {
        await keep();
        const done = await post("/{collection}/{name}/draft/publish", { path, body: { consent } });
        begin(done.document, done.revision);
        const told = done.merged ? "Published, merged with what others changed" : "Published";
        offerUndo(told, "It is as before", () => undo(done.revision));
      },
      { verb: "Publish", again: () => publish(true) },
    );
  };
  const restore = async (revision: number, consent: boolean) => {
    await act(
      async () => {
        const restored = { path: { ...path, revision }, body: { consent } };
        const done = await post("/{collection}/{name}/history/{revision}/restore", restored);
        // A draft stays what it was; publishing merges it with what is in force now.
        if (!data.draft && !isChanged) begin(done.document, done.revision);
        offerUndo(`Version ${revision} is in force again`, "It is as before", () => undo(done.revision));
      },
      { verb: "Restore", again: () => restore(revision, true) },
    );
  };

  return {
    kind,
    name,
    data,
    document,
    isChanged,
    busy,
    error,
    gaps,
    conflicts,
    change: (next) => {
      setDocument(next);
      setError(null);
    },
    saveDraft: async () => {
      await act(() => keep().then(() => toast.success("Draft saved")));
    },
    dropDraft: async () => {
      await act(async () => {
        if (data.draft) await remove("/{collection}/{name}/draft", { path });
        begin(data.document, data.revision);
        toast("The draft is gone.");
      });
    },
    publish: () => publish(false),
    restore: (revision) => restore(revision, false),
    settle: async (next, revision) => {
      await act(async () => {
        await keep(next, revision);
        begin(next, revision);
        setConflicts(null);
        toast("Settled in your draft. Publish it when you like.");
      });
    },
    leaveGaps: () => setGaps(null),
    leaveConflicts: () => setConflicts(null),
    removeAll: () =>
      act(async () => {
        const removal = { path: { name }, revision: data.revision };
        if (collection === "schedules") await remove("/schedules/{name}", removal);
        else if (collection === "status-pages") await remove("/status-pages/{name}", removal);
        else if (collection === "severities") await remove("/severities/{name}", removal);
        else await remove("/escalation-policies/{name}", removal);
        setGone(true);
        if (data.draft) await remove("/{collection}/{name}/draft", { path });
        offerUndo(`${name} is removed`, `${name} is back`, async () => {
          await post("/{collection}/{name}/undo", { path, body: { consent: true } });
          await client.invalidateQueries();
        });
      }),
  };
}
