/**
 * The editor of a document, the same for every kind: its heading with what can be
 * done, where the draft stands, what is wrong, what others changed alike, its history,
 * and consent to gaps. What is in the document, its kind draws.
 */
import { useQuery } from "@tanstack/react-query";
import { Link, useBlocker, useNavigate } from "@tanstack/react-router";
import clsx from "clsx";
import { type ReactNode, useState } from "react";
import { ApiError } from "@/api/problem";
import * as queries from "@/api/queries";
import type { EditableDocument, Fault } from "@/api/types";
import { Failure, ScreenHead, Shown } from "@/ui/block";
import { Button, buttonClass } from "@/ui/button";
import { Dialog } from "@/ui/dialog";
import { FaultList, FaultsProvider } from "@/ui/fault-place";
import { Faults } from "@/ui/faults";
import { useZone } from "@/ui/time";
import { Conflicts } from "./conflicts";
import type { Document } from "./document";
import { type Edit, type Kind, useEdit } from "./edit";
import { History } from "./history";
import { spell } from "./lanes";

const GAPS_SHOWN_MAX = 8;

interface EditableProps {
  kind: Kind;
  name: string;
  /** What a new one begins as. */
  blank: Document;
  children: (edit: Edit) => ReactNode;
}

/** Reads what is edited, and begins; a name that nothing has yet begins something new. */
export function Editable(props: EditableProps) {
  const { kind, name } = props;
  const read = useQuery(queries.document(kind.collection, name));
  if (read.error && !read.data) {
    // Whoever may not edit it may still look at it.
    return (
      <>
        <ScreenHead title={`Edit ${name}`}>
          <Link to={kind.screen} params={{ name }} className={buttonClass("plain", "no-underline")}>
            Look at it
          </Link>
        </ScreenHead>
        <Failure error={read.error} retry={() => void read.refetch()} />
      </>
    );
  }
  return (
    <Shown read={read} what={`the ${kind.noun}`}>
      {(data) => <Begun key={name} {...props} data={data} />}
    </Shown>
  );
}

function Begun({ children, ...begun }: EditableProps & { data: EditableDocument }) {
  return children(useEdit(begun));
}

interface EditorProps {
  edit: Edit;
  /** Why the draft could not be published as it is, where its preview says so. */
  refused: unknown;
  /** What stands over everything. */
  above?: ReactNode;
  /** What stands beside the document, on top of its history. */
  beside: ReactNode;
  /** Whether what stands beside stays in sight while the document is scrolled. */
  stays?: boolean;
  children: ReactNode;
}

export function Editor({ edit, refused, above, beside, stays = false, children }: EditorProps) {
  return (
    <FaultsProvider value={faultsOf(refused, edit.error)}>
      <EditorHead edit={edit} />
      <EditorNotices edit={edit} />
      {above}
      <div
        className={clsx(
          "grid items-start gap-4 pb-16 md:pb-0",
          stays ? "lg:grid-cols-[minmax(0,1fr)_minmax(0,28rem)]" : "lg:grid-cols-[minmax(0,1fr)_22rem]",
        )}
      >
        <div className="flex min-w-0 flex-col gap-4">{children}</div>
        <div
          className={clsx(
            "flex min-w-0 flex-col gap-4",
            stays && "lg:sticky lg:top-18 lg:max-h-[calc(100dvh-5.5rem)] lg:overflow-y-auto",
          )}
        >
          {beside}
          {edit.data.revision > 0 ? (
            <>
              <History edit={edit} />
              <RemoveButton edit={edit} />
            </>
          ) : null}
        </div>
      </div>
      <GapsDialog edit={edit} />
    </FaultsProvider>
  );
}

function EditorHead({ edit }: { edit: Edit }) {
  const { kind, name, data } = edit;
  const hasSomething = data.draft !== null || edit.isChanged;
  // What is new has no screen of its own yet.
  const [to, params] = data.revision > 0 ? [kind.screen, { name }] : [kind.home, {}];
  return (
    <ScreenHead title={`Edit ${name}`}>
      <Link to={to} params={params} className={buttonClass("plain", "no-underline")}>
        Leave the editor
      </Link>
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
        <Button emphasis="primary" disabled={edit.busy || !hasSomething} onClick={() => void edit.publish()}>
          Publish
        </Button>
      </div>
    </ScreenHead>
  );
}

/** Where the draft stands, why it was refused, and what two people changed alike. */
function EditorNotices({ edit }: { edit: Edit }) {
  const { data, isChanged, error, conflicts } = edit;
  const { noun, harmless = "Nobody is paged by" } = edit.kind;
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
            ? `Changes that are not saved yet. ${harmless} them.`
            : data.draft
              ? `Your draft is saved. ${harmless} it until you publish it.`
              : data.revision === 0
                ? `A new ${noun}. ${harmless} it until you publish it.`
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
function faultsOf(...errors: unknown[]): Fault[] {
  const refused = errors.find((error) => error instanceof ApiError && error.errors.length > 0);
  return refused instanceof ApiError ? refused.errors : [];
}

/** Gaps come into force only by somebody who says that they are meant. */
function GapsDialog({ edit: { gaps, busy, leaveGaps } }: { edit: Edit }) {
  const zone = useZone();
  const { all, verb, again } = gaps ?? { all: [], verb: "Publish", again: async () => undefined };
  return (
    <Dialog
      open={gaps !== null}
      onOpenChange={(open) => (open ? null : leaveGaps())}
      title="Nobody is on call at some times"
      description="Pages at these times fall through to the next step and then to the catch-all."
    >
      <ul aria-label={`In ${zone} time`} className="list-disc pl-5">
        {all.slice(0, GAPS_SHOWN_MAX).map((gap) => (
          <li key={gap.from}>{spell(gap, zone)}</li>
        ))}
        {all.length > GAPS_SHOWN_MAX ? (
          <li>and {all.length - GAPS_SHOWN_MAX} more times in eight weeks</li>
        ) : null}
      </ul>
      <p className="mt-2 text-13 text-muted">In {zone} time.</p>
      <div className="mt-4 flex flex-wrap justify-end gap-2">
        <Button onClick={leaveGaps}>Back to the draft</Button>
        <Button emphasis="primary" disabled={busy} onClick={() => void again()}>
          {verb} with these gaps
        </Button>
      </div>
    </Dialog>
  );
}

/** Removes the whole document, once it is said a second time. */
function RemoveButton({ edit }: { edit: Edit }) {
  const [open, setOpen] = useState(false);
  const navigate = useNavigate();
  const { noun, home } = edit.kind;
  return (
    <div>
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
              if (isGone) void navigate({ to: home });
            }}
          >
            Remove
          </Button>
        </div>
      </Dialog>
    </div>
  );
}
