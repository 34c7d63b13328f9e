/** What one shift tells the next: my handoffs with what the record says, notes, and accepting. */
import { useQuery, useQueryClient } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { useState } from "react";
import { toast } from "sonner";
import { post, put } from "@/api/client";
import { explain } from "@/api/problem";
import * as queries from "@/api/queries";
import type { Handoff } from "@/api/types";
import { Panel, Tag } from "@/ui/block";
import { Button } from "@/ui/button";
import { FormDialog } from "@/ui/dialog";
import { filled, TextAreaField } from "@/ui/form";
import { Time } from "@/ui/time";

/** My handoffs; nothing where there are none, since most schedules have none. */
export function Handoffs({ me }: { me: string }) {
  const handoffs = useQuery(queries.handoffs());
  const mine = (handoffs.data?.items ?? []).filter(
    ({ incoming, outgoing }) => incoming.includes(me) || outgoing.includes(me),
  );
  if (mine.length === 0) return null;
  return (
    <Panel title="Handoffs" flush>
      <ul className="divide-y">
        {mine.map((handoff) => (
          <HandoffRow key={handoff.id} handoff={handoff} me={me} />
        ))}
      </ul>
    </Panel>
  );
}

/** Handoffs that nobody has accepted, for those who look after the team. */
export function OpenHandoffs() {
  const handoffs = useQuery(queries.handoffs());
  const open = (handoffs.data?.items ?? []).filter(({ state }) => state === "open");
  if (open.length === 0) return null;
  return (
    <Panel title="Handoffs that nobody has accepted" flush>
      <ul className="divide-y">
        {open.map((handoff) => (
          <li key={handoff.id} className="px-4 py-2">
            <p>
              <strong className="font-semibold">{handoff.schedule}</strong>: {handoff.outgoing.join(", ")} to{" "}
              {handoff.incoming.join(", ")}, <Time at={handoff.at} show="age" focusable />
            </p>
            <p className="text-13 text-muted">
              {handoff.summary} Pages reach {handoff.incoming.join(", ")} all the same.
            </p>
          </li>
        ))}
      </ul>
    </Panel>
  );
}

function HandoffRow({ handoff, me }: { handoff: Handoff; me: string }) {
  const client = useQueryClient();
  const [writing, setWriting] = useState(false);
  const refresh = () => client.invalidateQueries({ queryKey: ["planning", "handoffs"] });
  const coming = handoff.incoming.includes(me);
  const accept = async () => {
    try {
      await post("/handoffs/{id}/accept", { path: { id: handoff.id }, body: {} });
      toast.success("Accepted.");
    } catch (error) {
      toast.error(explain(error));
    }
    await refresh();
  };
  return (
    <li className="flex flex-col gap-2 px-4 py-3">
      <div className="flex flex-wrap items-center gap-x-3 gap-y-2">
        <div className="min-w-0 flex-1">
          <p>
            <strong className="font-semibold">{handoff.schedule}</strong>{" "}
            {coming ? `from ${handoff.outgoing.join(", ")}` : `to ${handoff.incoming.join(", ")}`}{" "}
            {handoff.state === "upcoming" ? <Tag>soon</Tag> : null}
          </p>
          <p className="text-13 text-muted">
            <Time at={handoff.at} show="clock" focusable /> · {handoff.summary}
          </p>
        </div>
        {coming && handoff.state === "open" ? (
          <Button emphasis="primary" onClick={() => void accept()}>
            Accept<span className="sr-only"> the handoff of {handoff.schedule}</span>
          </Button>
        ) : null}
        <Button onClick={() => setWriting(true)}>
          {handoff.notes ? "Edit the notes" : "Add a note"}
          <span className="sr-only"> to the handoff of {handoff.schedule}</span>
        </Button>
      </div>
      {handoff.notes ? <p className="whitespace-pre-wrap break-words">{handoff.notes}</p> : null}
      <Draft handoff={handoff} />
      {writing ? (
        <NotesDialog handoff={handoff} onOpenChange={() => setWriting(false)} refresh={refresh} />
      ) : null}
    </li>
  );
}

function Draft({ handoff: { draft } }: { handoff: Handoff }) {
  const sections = [
    draft.incidents,
    draft.noisy,
    draft.heartbeats,
    draft.maintenance,
    draft.held,
    draft.changes,
  ];
  if (sections.every((section) => section.length === 0)) return null;
  return (
    <details>
      <summary className="cursor-pointer py-1 text-13">What the record says</summary>
      <ul className="flex list-disc flex-col gap-1 pl-5 text-13">
        {draft.incidents.map((it) => (
          <li key={it.number}>
            <Link to="/incidents/$number" params={{ number: String(it.number) }} className="link">
              #{it.number}
            </Link>{" "}
            sev{it.severity}, {it.status}: {it.title}
            {it.responders.length > 0 ? ` (${it.responders.join(", ")})` : ""}
          </li>
        ))}
        {draft.noisy.map((it) => (
          <li key={`${it.service} ${it.summary}`}>
            Noisy: {it.service}: {it.summary}, pages: {it.pages}, over by itself: {it.unattended}
          </li>
        ))}
        {draft.heartbeats.map((it) => (
          <li key={it.name}>
            Heartbeat missing: {it.name}, <Time at={it.since} show="age" />
          </li>
        ))}
        {draft.maintenance.map((it) => (
          <li key={`${it.reason} ${it.from}`}>
            Maintenance <Time at={it.from} show="clock" /> to <Time at={it.to} show="clock" />: {it.reason}
          </li>
        ))}
        {draft.changes.map((it) => (
          <li key={it.number}>
            <Link to="/changes/$number" params={{ number: String(it.number) }} className="link">
              CHG-{it.number}
            </Link>{" "}
            <Time at={it.from} show="clock" /> to <Time at={it.to} show="clock" />: {it.title} (
            {it.services.join(", ")})
          </li>
        ))}
        {draft.held.map((it) => (
          <li key={`${it.service} ${it.summary}`}>
            Held: {it.service}: {it.summary}
            {it.why ? `, ${it.why}` : ""}
          </li>
        ))}
      </ul>
    </details>
  );
}

function NotesDialog({
  handoff,
  onOpenChange,
  refresh,
}: {
  handoff: Handoff;
  onOpenChange: () => void;
  refresh: () => Promise<unknown>;
}) {
  const submit = async (form: FormData) => {
    await put("/handoffs/{id}/notes", {
      path: { id: handoff.id },
      body: { notes: filled(form, "notes") ?? "", version: handoff.version },
    });
    toast.success("Saved.");
    await refresh();
  };
  return (
    <FormDialog
      open
      onOpenChange={onOpenChange}
      title={`Handoff of ${handoff.schedule}`}
      description="What the record does not know."
      submit="Save the notes"
      onSubmit={submit}
    >
      <TextAreaField label="Notes" name="notes" rows={6} maxLength={10_000} defaultValue={handoff.notes} />
    </FormDialog>
  );
}
