/** What each audience has heard, when it must hear again, and telling it. */
import { useQuery, useQueryClient } from "@tanstack/react-query";
import { type FormEvent, useId, useState } from "react";
import { toast } from "sonner";
import { post } from "@/api/client";
import { explain } from "@/api/problem";
import * as queries from "@/api/queries";
import type { AudienceUpdates, IncidentUpdates, StatusStage } from "@/api/types";
import { Empty, Shown } from "@/ui/block";
import { Button } from "@/ui/button";
import { nowMs } from "@/ui/clock";
import { FormDialog } from "@/ui/dialog";
import { needed, SelectField, TextField } from "@/ui/form";
import { count } from "@/ui/format";
import { Countdown, Time } from "@/ui/time";
import { Notices } from "./notices";

const STAGES: StatusStage[] = ["investigating", "identified", "monitoring", "resolved"];

export function Updates({ number }: { number: string }) {
  const updates = useQuery(queries.incidentUpdates(number));
  return (
    <Shown read={updates} what="the updates">
      {(data) => (
        <div className="flex flex-col">
          <ul className="divide-y">
            {data.audiences.map((audience) => (
              <AudienceRow key={audience.audience} number={number} audience={audience} />
            ))}
          </ul>
          <Notices number={number} />
          <Sent updates={data} />
        </div>
      )}
    </Shown>
  );
}

/** The update that is due next, of whichever audience, for the head of the page. */
export function NextUpdate({ number }: { number: string }) {
  const updates = useQuery(queries.incidentUpdates(number));
  const due = updates.data?.audiences.flatMap(({ waits, due_at, title }) =>
    waits && due_at ? [{ due_at, title }] : [],
  );
  const next = due?.sort((one, other) => one.due_at.localeCompare(other.due_at))[0];
  if (!next) return null;
  return (
    <div>
      <dt>Next update</dt>
      <dd>
        {next.title}, <Countdown to={next.due_at} passed="overdue" />
      </dd>
    </div>
  );
}

function AudienceRow({ number, audience }: { number: string; audience: AudienceUpdates }) {
  const [writing, setWriting] = useState(false);
  return (
    <li className="flex flex-col gap-2 px-4 py-3">
      <div className="flex flex-wrap items-baseline justify-between gap-x-3">
        <h2 className="font-semibold">{audience.title}</h2>
        <Due audience={audience} />
      </div>
      <p className="text-13 text-muted">
        {count(audience.people, "person", "people")} ·{" "}
        {audience.speakers.length > 0
          ? `${audience.speakers.join(", ")} speaks to them`
          : "nobody speaks to them"}
        {audience.count > 0 ? ` · ${count(audience.count, "update")}` : null}
        {audience.missed > 0 ? (
          <strong className="text-text"> · {count(audience.missed, "promise")} missed</strong>
        ) : null}
      </p>
      {audience.status_pages.map((page) => (
        <p key={page.name} className="text-13">
          <a href={page.url} className="link">
            {page.title}
          </a>{" "}
          {page.published ? "shows it as" : "would show it as"} “{page.public_title}”
        </p>
      ))}
      {audience.channels.length > 0 ? (
        <p className="break-words text-13">
          posted to {audience.channels.map((one) => `${one.address} in ${one.provider}`).join(", ")}
        </p>
      ) : null}
      {audience.in_review ? <InReview number={number} audience={audience} /> : null}
      {writing ? (
        <Composer number={number} audience={audience} onDone={() => setWriting(false)} />
      ) : (
        <div>
          <Button onClick={() => setWriting(true)} aria-label={`Write an update for ${audience.title}`}>
            Write an update
          </Button>
        </div>
      )}
    </li>
  );
}

function Due({ audience }: { audience: AudienceUpdates }) {
  if (!audience.waits || !audience.due_at) {
    return (
      <span className="text-13 text-muted">
        {audience.last_at ? (
          <>
            last heard <Time at={audience.last_at} focusable />
          </>
        ) : (
          "does not wait"
        )}
      </span>
    );
  }
  return (
    <span className="text-13">
      {audience.promised_at ? "promised in " : "must hear in "}
      <strong className="tabular-nums">
        <Countdown to={audience.due_at} passed="overdue" />
      </strong>
    </span>
  );
}

function Composer({
  number,
  audience,
  onDone,
}: {
  number: string;
  audience: AudienceUpdates;
  onDone: () => void;
}) {
  const client = useQueryClient();
  const place = `muster.update.${number}.${audience.audience}`;
  const [text, setText] = useState(() => localStorage.getItem(place) ?? audience.draft);
  const [nextIn, setNextIn] = useState("");
  const [urgent, setUrgent] = useState("");
  const [title, setTitle] = useState("");
  const [stage, setStage] = useState<StatusStage | "">("");
  const [busy, setBusy] = useState(false);
  const [error, setError] = useState<unknown>(null);
  const id = useId();
  const change = (next: string) => {
    setText(next);
    localStorage.setItem(place, next);
  };
  const send = async (event: FormEvent) => {
    event.preventDefault();
    setBusy(true);
    setError(null);
    try {
      const answer = await post("/incidents/{incident}/updates", {
        path: { incident: number },
        body: {
          audience: audience.audience,
          text: text.trim(),
          title: title.trim() || null,
          stage: stage || null,
          next_in: nextIn || null,
          urgent: urgent.trim() || null,
        },
      });
      localStorage.removeItem(place);
      client.setQueryData(queries.incidentUpdates(number).queryKey, answer);
      toast.success(
        audience.reviewed && !urgent.trim() ? "Somebody else looks at it now." : `${audience.title} heard.`,
      );
      onDone();
    } catch (problem) {
      setError(problem);
    } finally {
      setBusy(false);
    }
  };
  const minutes = (seconds: number) => Math.round(seconds / 60);
  const choices = [audience.closest_seconds, audience.silent_max_seconds];
  const tooSoon = audience.may_hear_at !== null && Date.parse(audience.may_hear_at) > nowMs();
  return (
    <form onSubmit={send} className="flex flex-col gap-3">
      <div className="flex flex-col gap-1">
        <label htmlFor={`${id}-text`} className="font-medium">
          Update for {audience.title}
        </label>
        <textarea
          id={`${id}-text`}
          className="field resize-y py-2!"
          rows={5}
          maxLength={5000}
          required
          value={text}
          onChange={(event) => change(event.target.value)}
        />
        <p className="text-13 text-muted">
          Drafted from the record.{" "}
          {text !== audience.draft ? (
            <button type="button" className="link" onClick={() => change(audience.draft)}>
              Take the draft again
            </button>
          ) : null}
        </p>
      </div>
      {audience.status_pages.length > 0 ? (
        <div className="grid gap-3 sm:grid-cols-2">
          <TextField
            label="Public title"
            maxLength={120}
            value={title}
            placeholder={audience.status_pages[0]?.public_title}
            onChange={(event) => setTitle(event.target.value)}
            hint={`on ${audience.status_pages.map((page) => page.title).join(", ")}; the incident's own title is never shown there`}
          />
          <SelectField
            label="How far it has come"
            value={stage}
            onChange={({ target }) => setStage(target.value as StatusStage | "")}
          >
            <option value="">{audience.stage}, as the incident says</option>
            {STAGES.map((one) => (
              <option key={one}>{one}</option>
            ))}
          </SelectField>
        </div>
      ) : null}
      <fieldset className="flex flex-wrap gap-x-4 gap-y-1">
        <legend className="font-medium">The next one comes within</legend>
        {choices.map((seconds) => (
          <label key={seconds} className="tap inline-flex items-center gap-2">
            <input
              type="radio"
              name={`${id}-next`}
              checked={(nextIn || `${audience.silent_max_seconds}s`) === `${seconds}s`}
              onChange={() => setNextIn(`${seconds}s`)}
            />
            {minutes(seconds)} minutes
          </label>
        ))}
      </fieldset>
      {tooSoon && audience.may_hear_at ? (
        <TextField
          label="Why it cannot wait"
          value={urgent}
          onChange={(event) => setUrgent(event.target.value)}
          hint={`They heard less than ${minutes(audience.closest_seconds)} minutes ago. Without a reason it is refused.`}
        />
      ) : null}
      {error ? (
        <p role="alert" className="border-l-2 border-text pl-3">
          {explain(error)}
        </p>
      ) : null}
      <div className="flex flex-wrap gap-2">
        <Button type="submit" emphasis="primary" disabled={busy}>
          {busy ? "Sending…" : audience.reviewed && !urgent.trim() ? "Send to review" : "Send"}
        </Button>
        <Button onClick={onDone}>Later</Button>
      </div>
    </form>
  );
}

function InReview({ number, audience }: { number: string; audience: AudienceUpdates }) {
  const client = useQueryClient();
  const [rejecting, setRejecting] = useState(false);
  const draft = audience.in_review;
  if (!draft) return null;
  const path = { incident: number, audience: audience.audience };
  const keep = (answer: IncidentUpdates) =>
    client.setQueryData(queries.incidentUpdates(number).queryKey, answer);
  const approve = async () => {
    try {
      keep(await post("/incidents/{incident}/updates/{audience}/approve", { path }));
      toast.success(`${audience.title} heard.`);
    } catch (error) {
      toast.error(explain(error));
    }
  };
  return (
    <div className="flex flex-col gap-2 border-l-2 border-edge pl-3">
      <p className="text-13 text-muted">
        {draft.by} wrote this <Time at={draft.at} focusable />; somebody else has to look at it.
      </p>
      {draft.title ? <p className="font-medium">{draft.title}</p> : null}
      <p className="whitespace-pre-wrap">{draft.text}</p>
      <div className="flex flex-wrap gap-2">
        <Button emphasis="primary" onClick={() => void approve()}>
          Approve and send
        </Button>
        <Button onClick={() => setRejecting(true)}>Give back</Button>
      </div>
      <FormDialog
        open={rejecting}
        onOpenChange={setRejecting}
        title="What should be different?"
        description="Whoever wrote it finds this on the timeline."
        submit="Give back"
        onSubmit={async (form) => {
          const body = { reason: needed(form, "reason") };
          keep(await post("/incidents/{incident}/updates/{audience}/reject", { path, body }));
        }}
      >
        <TextField label="Reason" name="reason" required maxLength={500} />
      </FormDialog>
    </div>
  );
}

function Sent({ updates }: { updates: IncidentUpdates }) {
  const title = (name: string) => updates.audiences.find(({ audience }) => audience === name)?.title ?? name;
  return (
    <section aria-label="What was said" className="border-t">
      <h2 className="px-4 pt-3 font-semibold">What was said</h2>
      {updates.sent.length === 0 ? (
        <Empty title="Nobody outside has heard yet" />
      ) : (
        <ol className="divide-y">
          {updates.sent.map((update) => (
            <li key={`${update.audience} ${update.at}`} className="px-4 py-2.5">
              <p className="whitespace-pre-wrap">{update.text}</p>
              <p className="text-13 text-muted">
                {title(update.audience)} · {update.by} · <Time at={update.at} focusable />
              </p>
            </li>
          ))}
        </ol>
      )}
    </section>
  );
}
