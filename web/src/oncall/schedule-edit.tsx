/**
 * The schedule editor: a draft that pages nobody, with the weeks ahead as they
 * would be; then publish, undo and history. What two people changed alike is
 * shown with both texts.
 */
import { keepPreviousData, useQuery, useQueryClient } from "@tanstack/react-query";
import { getRouteApi, Link } from "@tanstack/react-router";
import { useDeferredValue, useState } from "react";
import { toast } from "sonner";
import { post, put, remove } from "@/api/client";
import { ApiError } from "@/api/problem";
import * as queries from "@/api/queries";
import type { EditableDocument, EditConflict, Gap } from "@/api/types";
import { offerUndo } from "@/shell/undo";
import { Empty, Failure, Loading, Panel, ScreenHead, Shown } from "@/ui/block";
import { Button, buttonClass } from "@/ui/button";
import { Dialog } from "@/ui/dialog";
import { Faults } from "@/ui/faults";
import { TextField } from "@/ui/form";
import { Conflicts } from "./conflicts";
import { History } from "./history";
import { Consequences, Lanes, spell } from "./lanes";
import { LayerForm } from "./layer-form";
import { addLayer, type Document, layersOf, moveLayer, removeLayer, same, withLayer } from "./rota";

const route = getRouteApi("/schedules/$name/edit");
const COLLECTION = "schedules";
const NEW = { revision: 0, document: null, draft: null, other_drafts: [] } satisfies EditableDocument;

export default function ScheduleEditScreen() {
  const { name } = route.useParams();
  const read = useQuery({ ...queries.document(COLLECTION, name), retry: false });
  const isNew = read.error instanceof ApiError && read.error.status === 404;
  const data = read.data ?? (isNew ? NEW : undefined);
  if (!data && read.error) return <Failure error={read.error} retry={() => void read.refetch()} />;
  if (!data) return <Loading what="the schedule" />;
  return <Editor key={name} name={name} data={data} />;
}

function Editor({ name, data }: { name: string; data: EditableDocument }) {
  const client = useQueryClient();
  const people = useQuery(queries.users()).data?.items.map((user) => user.name) ?? [];
  const saved: Document = data.draft?.document ?? data.document ?? { name, layers: [] };
  const [document, setDocument] = useState<Document>(saved);
  // What the form began with, however often others publish while it is open.
  const [base, setBase] = useState(data.draft?.revision ?? data.revision);
  const [busy, setBusy] = useState(false);
  const [error, setError] = useState<unknown>(null);
  const [gaps, setGaps] = useState<Gap[]>([]);
  const [conflicts, setConflicts] = useState<{ all: EditConflict[]; revision: number } | null>(null);
  const isChanged = !same(document, saved);
  const layers = layersOf(document);

  const act = async (work: () => Promise<unknown>) => {
    setBusy(true);
    setError(null);
    try {
      await work();
    } catch (problem) {
      if (problem instanceof ApiError && problem.gaps.length > 0) setGaps(problem.gaps);
      else if (problem instanceof ApiError && problem.conflicts.length > 0)
        setConflicts({ all: problem.conflicts, revision: problem.revision ?? 0 });
      else setError(problem);
    } finally {
      setBusy(false);
      await client.invalidateQueries();
    }
  };
  const path = { collection: COLLECTION, name };
  const begin = (next: Document | null, revision: number) => {
    setDocument(next ?? { name, layers: [] });
    setBase(revision);
  };
  const saveDraft = (next = document, revision = base) =>
    put("/{collection}/{name}/draft", { path, body: { document: next, revision } });
  const publish = (consent: boolean) =>
    act(async () => {
      await saveDraft();
      const done = await post("/{collection}/{name}/draft/publish", { path, body: { consent } });
      setGaps([]);
      begin(done.document, done.revision);
      offerUndo(
        done.merged ? "Published, merged with what others changed" : "Published",
        "The schedule is as before",
        async () => {
          const body = { revision: done.revision, consent: true };
          const undone = await post("/{collection}/{name}/undo", { path, body });
          begin(undone.document, undone.revision);
          await client.invalidateQueries();
        },
      );
    });
  const dropDraft = () =>
    act(async () => {
      if (data.draft) await remove("/{collection}/{name}/draft", { path });
      begin(data.document, data.revision);
      toast("The draft is gone.");
    });
  const settle = (next: Document, revision: number) =>
    act(async () => {
      await saveDraft(next, revision);
      begin(next, revision);
      setConflicts(null);
      toast("Settled in your draft. Publish it when you like.");
    });

  return (
    <>
      <ScreenHead title={`Edit ${name}`}>
        <Link to="/schedules/$name" params={{ name }} className={buttonClass("plain", "no-underline")}>
          Leave the editor
        </Link>
        <Button
          disabled={busy || !isChanged}
          onClick={() => act(() => saveDraft().then(() => toast.success("Draft saved")))}
        >
          Save draft
        </Button>
        <Button disabled={busy || (!data.draft && !isChanged)} onClick={() => void dropDraft()}>
          Drop draft
        </Button>
        <Button
          emphasis="primary"
          disabled={busy || (!data.draft && !isChanged)}
          onClick={() => void publish(false)}
        >
          Publish
        </Button>
      </ScreenHead>
      <State data={data} isChanged={isChanged} />
      {error ? (
        <div className="mb-4">
          <Faults error={error} />
        </div>
      ) : null}
      {conflicts ? (
        <Conflicts
          conflicts={conflicts.all}
          document={document}
          onSettle={(next) => void settle(next, conflicts.revision)}
          onLater={() => setConflicts(null)}
        />
      ) : null}
      <Ahead name={name} document={document} />
      <div className="mt-4 grid items-start gap-4 lg:grid-cols-[minmax(0,1fr)_22rem]">
        <div className="flex flex-col gap-4">
          {layers
            .map((layer, at) => (
              <LayerForm
                // biome-ignore lint/suspicious/noArrayIndexKey: a layer's name is one of the fields that change.
                key={at}
                layer={layer}
                people={people}
                at={at}
                count={layers.length}
                onChange={(change) => setDocument(withLayer(document, at, change))}
                onMove={(to) => setDocument(moveLayer(document, at, to))}
                onRemove={() => setDocument(removeLayer(document, at))}
              />
            ))
            .reverse()}
          {layers.length === 0 ? (
            <div className="panel">
              <Empty title="No layer yet">
                <p>A layer is one rotation. Add one, then the people who take turns in it.</p>
              </Empty>
            </div>
          ) : null}
          <div>
            <Button onClick={() => setDocument(addLayer(document, new Date().toISOString().slice(0, 10)))}>
              Add a layer
            </Button>
          </div>
        </div>
        <div className="flex flex-col gap-4">
          <Panel title="Schedule">
            <div className="flex flex-col gap-4">
              {["timezone", "team"].map((field) => (
                <TextField
                  key={field}
                  label={field === "team" ? "Team" : "Time zone"}
                  hint={
                    field === "team"
                      ? "who plans it"
                      : "such as Europe/Berlin; the organisation's where empty"
                  }
                  value={typeof document[field] === "string" ? document[field] : ""}
                  onChange={({ target }) => {
                    const { [field]: _, ...rest } = document;
                    setDocument(target.value ? { ...rest, [field]: target.value } : rest);
                  }}
                />
              ))}
              <p className="text-13 text-muted">
                A layer further up takes precedence over those below it. Overrides take precedence over all.
              </p>
            </div>
          </Panel>
          {data.revision > 0 ? <History collection={COLLECTION} name={name} onRestored={begin} /> : null}
        </div>
      </div>
      <Dialog
        open={gaps.length > 0}
        onOpenChange={(open) => (open ? null : setGaps([]))}
        title="Nobody is on call at some times"
        description="Pages at these times fall through to the next step and then to the catch-all."
      >
        <ul className="list-disc pl-5">
          {gaps.slice(0, 8).map((gap) => (
            <li key={gap.from}>{spell(gap, "UTC")} UTC</li>
          ))}
          {gaps.length > 8 ? <li>and {gaps.length - 8} more times in eight weeks</li> : null}
        </ul>
        <div className="mt-4 flex flex-wrap justify-end gap-2">
          <Button onClick={() => setGaps([])}>Back to the draft</Button>
          <Button emphasis="primary" disabled={busy} onClick={() => void publish(true)}>
            Publish with these gaps
          </Button>
        </div>
      </Dialog>
    </>
  );
}

function State({ data, isChanged }: { data: EditableDocument; isChanged: boolean }) {
  const others = data.other_drafts.map(({ actor }) => actor).join(", ");
  return (
    <div className="mb-4 flex flex-col gap-1">
      <p className="text-muted" role="status">
        {isChanged
          ? "Changes that are not saved yet. Nobody is paged by them."
          : data.draft
            ? "Your draft is saved. Nobody is paged by it until you publish it."
            : data.revision === 0
              ? "A new schedule. Nobody is paged by it until you publish it."
              : "This is what is in force."}
      </p>
      {data.draft?.behind ? (
        <p>Somebody has changed this schedule since you began. Publishing merges the two.</p>
      ) : null}
      {others ? <p>{others} also has a draft of this schedule.</p> : null}
    </div>
  );
}

function Ahead({ name, document }: { name: string; document: Document }) {
  const text = useDeferredValue(JSON.stringify(document));
  const preview = useQuery({
    queryKey: ["schedules", name, "preview", text],
    queryFn: ({ signal }) =>
      post("/schedules/{name}/preview", { path: { name }, body: { document: JSON.parse(text) }, signal }),
    placeholderData: keepPreviousData,
    retry: false,
  });
  return (
    <Panel title={`The next four weeks${preview.data ? `, in ${preview.data.timezone} time` : ""}`} flush>
      {preview.error ? (
        <div className="p-4">
          <Faults error={preview.error} />
        </div>
      ) : null}
      {preview.error && !preview.data ? null : (
        <Shown read={preview} what="the weeks ahead">
          {(data) => (
            <>
              <Lanes preview={data} />
              <Consequences preview={data} />
            </>
          )}
        </Shown>
      )}
    </Panel>
  );
}
