/**
 * What a joiner must know, always as of now; and the sentence that the lead writes.
 * Two people may write it at once: other lines are merged, the same lines are shown
 * side by side and neither is lost.
 */
import { useQuery, useQueryClient } from "@tanstack/react-query";
import { type FormEvent, useState } from "react";
import { put } from "@/api/client";
import { ApiError, explain } from "@/api/problem";
import * as queries from "@/api/queries";
import type { Synopsis as Read, SynopsisLine } from "@/api/types";
import { Shown } from "@/ui/block";
import { Button } from "@/ui/button";
import { TextAreaField } from "@/ui/form";
import { Countdown, Time } from "@/ui/time";
import { keepLeadDraft, type LeadDraft, leadDraftOf } from "./draft";

export function Synopsis({ number }: { number: string }) {
  const synopsis = useQuery(queries.synopsis(number));
  return (
    <Shown read={synopsis} what="the synopsis">
      {(data) => (
        <div className="flex flex-col gap-4 p-4">
          <Lead number={number} lead={data.lead} />
          {data.impact ? (
            <section>
              <h2 className="font-semibold">Impact</h2>
              <p className="[overflow-wrap:anywhere]">{data.impact}</p>
            </section>
          ) : null}
          <Cause synopsis={data} />
          <Lines title="What it might be" lines={data.open_hypotheses} />
          <Lines title="Under way" lines={data.actions_under_way} />
          <Lines title="Tried" lines={data.actions_done} />
          <Lines title="Looked into" lines={data.closed_hypotheses} />
          <Lines title="Decided" lines={data.decisions} />
          <Lines title="In sight" lines={data.pins} />
          <Lines title="Customers" lines={data.contacts} />
          <Lines title="To be done afterwards" lines={data.action_items} />
          <Lines title="Written last" lines={data.last ? [data.last] : []} />
          {data.next_at ? (
            <p className="text-13 text-muted">
              Something happens by itself in <Countdown to={data.next_at} passed="a moment" />
            </p>
          ) : null}
          <p className="flex flex-wrap gap-x-4 text-13">
            <a className="link" href={`/api/v1/incidents/${number}/record.md`} download>
              The record as Markdown
            </a>
            <a className="link" href={`/api/v1/incidents/${number}/record.pdf`} download>
              The record as PDF
            </a>
          </p>
        </div>
      )}
    </Shown>
  );
}

function Cause({ synopsis }: { synopsis: Read }) {
  const known = synopsis.cause ?? (synopsis.cause_known ? "known" : null);
  return (
    <section>
      <h2 className="font-semibold">Cause</h2>
      <p className={known ? "[overflow-wrap:anywhere]" : "text-muted"}>{known ?? "not known yet"}</p>
    </section>
  );
}

function Lines({ title, lines }: { title: string; lines: SynopsisLine[] }) {
  if (lines.length === 0) return null;
  return (
    <section>
      <h2 className="font-semibold">{title}</h2>
      <ul className="flex flex-col gap-1">
        {lines.map((line) => (
          <li key={line.entry} className="[overflow-wrap:anywhere]">
            {line.text}
            {line.outcome ? `: ${line.outcome}` : ""}
            <span className="text-13 text-muted">
              {[line.state, line.who].filter(Boolean).map((part) => ` · ${part}`)}
              {" · "}
              <Time at={line.at} show="clock" focusable />
            </span>
          </li>
        ))}
      </ul>
    </section>
  );
}

interface Conflict {
  mine: string;
  theirs: string;
  revision: number;
}

function Lead({ number, lead }: { number: string; lead: Read["lead"] }) {
  const client = useQueryClient();
  // What the writer began with stays what it was, however often others save meanwhile.
  const [draft, setDraftOnly] = useState<LeadDraft | null>(() => leadDraftOf(number));
  const setDraft = (next: LeadDraft | null) => {
    keepLeadDraft(number, next);
    setDraftOnly(next);
  };
  const [conflict, setConflict] = useState<Conflict | null>(null);
  const [error, setError] = useState<unknown>(null);
  const [busy, setBusy] = useState(false);

  const save = async (event: FormEvent) => {
    event.preventDefault();
    if (!draft || busy) return;
    setBusy(true);
    setError(null);
    try {
      const saved = await put("/incidents/{incident}/synopsis", { path: { incident: number }, body: draft });
      client.setQueryData(queries.synopsis(number).queryKey, saved);
      setDraft(null);
      setConflict(null);
    } catch (problem) {
      const both = conflictOf(problem);
      if (both) setConflict(both);
      else setError(problem);
    } finally {
      setBusy(false);
    }
  };

  if (!draft) {
    return (
      <section className="flex flex-col items-start gap-2">
        <h2 className="sr-only">In the lead's words</h2>
        {lead.text ? (
          <p className="text-16 whitespace-pre-wrap [overflow-wrap:anywhere]">{lead.text}</p>
        ) : (
          <p className="text-muted">Nobody has said in a sentence how it stands.</p>
        )}
        {lead.by && lead.at ? (
          <p className="text-13 text-muted">
            {lead.by}, <Time at={lead.at} focusable />
          </p>
        ) : null}
        <Button onClick={() => setDraft({ text: lead.text, revision: lead.revision })}>
          {lead.text ? "Change the sentence" : "Say how it stands"}
        </Button>
      </section>
    );
  }
  return (
    <form onSubmit={save} className="flex flex-col gap-2">
      <TextAreaField
        label="How it stands, in a sentence or a few"
        rows={4}
        value={draft.text}
        onChange={(event) => setDraft({ ...draft, text: event.target.value })}
      />
      {conflict ? (
        <section role="alert" className="flex flex-col gap-2 border-l-2 border-text pl-3">
          <p className="font-medium">
            Somebody else changed the same lines. Yours is above; this is what they saved:
          </p>
          <p className="whitespace-pre-wrap">{conflict.theirs}</p>
          <div className="flex flex-wrap gap-2">
            <Button
              onClick={() => {
                setDraft({ text: `${conflict.theirs}\n${draft.text}`, revision: conflict.revision });
                setConflict(null);
              }}
            >
              Put theirs before mine
            </Button>
            <Button
              onClick={() => {
                setDraft({ ...draft, revision: conflict.revision });
                setConflict(null);
              }}
            >
              Keep mine
            </Button>
          </div>
        </section>
      ) : null}
      {error ? <p role="alert">{explain(error)}</p> : null}
      <div className="flex flex-wrap justify-end gap-2">
        <Button
          onClick={() => {
            setDraft(null);
            setConflict(null);
          }}
        >
          Cancel
        </Button>
        <Button type="submit" emphasis="primary" disabled={busy}>
          {busy ? "Sent, not confirmed" : "Save"}
        </Button>
      </div>
    </form>
  );
}

function conflictOf(problem: unknown): Conflict | null {
  if (!(problem instanceof ApiError) || problem.status !== 409) return null;
  const both = problem.conflicts[0];
  if (!both || problem.revision === undefined) return null;
  return { mine: String(both.mine), theirs: String(both.theirs), revision: problem.revision };
}
