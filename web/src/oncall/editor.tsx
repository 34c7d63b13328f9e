/**
 * The frame of an editor, the same for every kind of document: its heading with what
 * can be done, where the draft stands, what is wrong, what others changed alike.
 */
import { useQuery } from "@tanstack/react-query";
import { useBlocker } from "@tanstack/react-router";
import { type ReactNode, useState } from "react";
import { ApiError } from "@/api/problem";
import * as queries from "@/api/queries";
import type { EditableDocument, Fault } from "@/api/types";
import { ScreenHead, Shown } from "@/ui/block";
import { Button } from "@/ui/button";
import { Dialog } from "@/ui/dialog";
import { FaultList } from "@/ui/fault-place";
import { Faults } from "@/ui/faults";
import { Conflicts } from "./conflicts";
import type { Collection, Edit } from "./edit";

/** Reads what is edited; a name that nothing has yet begins something new. */
export function Editable({
  collection,
  name,
  noun,
  children,
}: {
  collection: Collection;
  name: string;
  noun: string;
  children: (data: EditableDocument) => ReactNode;
}) {
  const read = useQuery(queries.document(collection, name));
  return (
    <Shown read={read} what={`the ${noun}`}>
      {children}
    </Shown>
  );
}

export function EditorHead({ edit, children }: { edit: Edit; children: ReactNode }) {
  const hasSomething = edit.data.draft !== null || edit.isChanged;
  return (
    <ScreenHead title={`Edit ${edit.name}`}>
      {children}
      <div
        role="toolbar"
        aria-label="The draft"
        className="fixed inset-x-0 bottom-0 z-20 flex justify-end gap-2 border-t bg-surface p-3 pb-[max(0.75rem,env(safe-area-inset-bottom))] md:static md:border-0 md:bg-transparent md:p-0"
      >
        <Button disabled={edit.busy || !hasSomething} onClick={() => void edit.dropDraft()}>
          Drop draft
        </Button>
        <Button disabled={edit.busy || !edit.isChanged} onClick={() => void edit.saveDraft()}>
          Save draft
        </Button>
        <Button
          emphasis="primary"
          disabled={edit.busy || !hasSomething}
          onClick={() => void edit.publish(false)}
        >
          Publish
        </Button>
      </div>
    </ScreenHead>
  );
}

/** Where the draft stands, why it was refused, and what two people changed alike. */
export function EditorNotices({ edit, noun }: { edit: Edit; noun: string }) {
  const { data, isChanged, error, conflicts } = edit;
  const others = data.other_drafts.map(({ actor }) => actor).join(", ");
  useBlocker({
    shouldBlockFn: ({ current, next }) =>
      current.pathname !== next.pathname &&
      !window.confirm("Leave without saving the draft? Your changes are lost."),
    enableBeforeUnload: isChanged,
    disabled: !isChanged,
  });
  return (
    <>
      <div className="mb-4 flex flex-col gap-1">
        <p className="text-muted" role="status">
          {isChanged
            ? "Changes that are not saved yet. Nobody is paged by them."
            : data.draft
              ? "Your draft is saved. Nobody is paged by it until you publish it."
              : data.revision === 0
                ? `A new ${noun}. Nobody is paged by it until you publish it.`
                : "This is what is in force."}
        </p>
        {data.draft?.behind ? (
          <p>Somebody has changed this {noun} since you began. Publishing merges the two.</p>
        ) : null}
        {others ? (
          <p>
            {others} also has a draft of this {noun}.
          </p>
        ) : null}
      </div>
      {error ? (
        <div className="mb-4">
          <Refusal error={error} />
        </div>
      ) : null}
      {conflicts ? (
        <Conflicts
          conflicts={conflicts.all}
          document={edit.document}
          noun={noun}
          onSettle={(next) => void edit.settle(next, conflicts.revision)}
          onLater={edit.leaveConflicts}
        />
      ) : null}
    </>
  );
}

/** Why something is refused; each reason leads to its field. */
export function Refusal({ error, title }: { error: unknown; title?: string }) {
  if (!(error instanceof ApiError) || error.errors.length === 0) return <Faults error={error} />;
  return (
    <div role="alert" className="border-l-2 border-text pl-3">
      <p className="mb-1 font-semibold">{title ?? error.said}</p>
      <FaultList faults={error.errors} />
    </div>
  );
}

/** What is wrong with the document in the form: as the preview says, or else the last refusal. */
export function faultsOf(...errors: unknown[]): Fault[] {
  const refused = errors.find((error) => error instanceof ApiError && error.errors.length > 0);
  return refused instanceof ApiError ? refused.errors : [];
}

/** Removes the whole document, once it is said a second time. */
export function RemoveButton({ edit, noun, onRemoved }: { edit: Edit; noun: string; onRemoved: () => void }) {
  const [open, setOpen] = useState(false);
  return (
    <>
      <Button onClick={() => setOpen(true)}>Remove this {noun}</Button>
      <Dialog
        open={open}
        onOpenChange={setOpen}
        title={`Remove ${edit.name}?`}
        description={`A ${noun} that something still refers to is not removed; you are told what does. It can be brought back.`}
      >
        <div className="flex flex-wrap justify-end gap-2">
          <Button onClick={() => setOpen(false)}>Keep it</Button>
          <Button
            emphasis="primary"
            disabled={edit.busy}
            onClick={async () => {
              const isGone = await edit.removeAll();
              setOpen(false);
              if (isGone) onRemoved();
            }}
          >
            Remove
          </Button>
        </div>
      </Dialog>
    </>
  );
}
