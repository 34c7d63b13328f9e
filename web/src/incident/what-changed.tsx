/** What changed before the incident, the most suspicious first, and what people found out about it. */
import { useQuery, useQueryClient } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { useId, useState } from "react";
import { toast } from "sonner";
import { put, remove } from "@/api/client";
import { explain } from "@/api/problem";
import * as queries from "@/api/queries";
import type { ChangeMark, Incident, IncidentSuspect } from "@/api/types";
import { words } from "@/change/change";
import { offerUndo } from "@/shell/undo";
import { Empty, Shown } from "@/ui/block";
import { Button } from "@/ui/button";
import { SelectField } from "@/ui/form";
import { Severity } from "@/ui/glyph";
import { Time } from "@/ui/time";

const HOURS = [1, 2, 6, 12, 24, 72, 168, 336];

/** The marks in the order in which one thinks of them. */
const MARKS: { mark: ChangeMark; name: string }[] = [
  { mark: "cause", name: "Cause" },
  { mark: "suspect", name: "Suspect" },
  { mark: "ruled_out", name: "Ruled out" },
];

const DONE: Record<ChangeMark, string> = {
  cause: "Marked as the cause. The timeline says so.",
  suspect: "Marked as a suspect. The timeline says so.",
  ruled_out: "Ruled out. The timeline says so.",
};

export function WhatChanged({ incident }: { incident: Incident }) {
  const number = String(incident.number);
  const usual = useQuery(queries.changePolicy()).data?.looks_back_hours ?? 24;
  const [asked, setAsked] = useState<number>();
  const [everywhere, setEverywhere] = useState(false);
  const suspects = useQuery(queries.suspects(number, asked, everywhere));
  const hours = asked ?? usual;
  const choices = [...new Set([...HOURS, usual])].sort((a, b) => a - b);
  return (
    <section aria-label="What changed?" className="flex flex-col">
      <div className="flex flex-wrap items-end gap-x-4 gap-y-2 px-4 pt-4">
        <SelectField
          label="Looked back"
          value={String(hours)}
          onChange={({ target }) => setAsked(Number(target.value))}
        >
          {choices.map((choice) => (
            <option key={choice} value={choice}>
              {inWords(choice)}
            </option>
          ))}
        </SelectField>
        <label className="tap inline-flex min-h-10 items-center gap-2">
          <input
            type="checkbox"
            checked={everywhere}
            onChange={({ target }) => setEverywhere(target.checked)}
          />
          Every environment
        </label>
      </div>
      <Shown read={suspects} what="what changed">
        {({ items }) =>
          items.length === 0 ? (
            <Empty title="Nothing is known to have changed">
              <p>
                In the {inWords(hours)} before it began, no tool reported a change of{" "}
                {incident.service ?? "the service"} or of what is around it, and no change was under way. Look
                further back, or connect the tools that deploy.
              </p>
              <Link to="/changes/events" className="link">
                See what tools report
              </Link>
            </Empty>
          ) : (
            <ol aria-label="Suspects" className="divide-y">
              {items.map((suspect) => (
                <Suspect key={keyOf(suspect)} number={number} suspect={suspect} />
              ))}
            </ol>
          )
        }
      </Shown>
    </section>
  );
}

function inWords(hours: number): string {
  if (hours === 1) return "hour";
  return hours % 24 === 0 && hours > 24 ? `${hours / 24} days` : `${hours} hours`;
}

/** What the server knows it by where it can be marked; others are named by their incident. */
function keyOf({ event, planned, incident }: IncidentSuspect): string {
  if (event) return event.id;
  return planned ? `CHG-${planned.number}` : `#${incident?.number}`;
}

function Suspect({ number, suspect }: { number: string; suspect: IncidentSuspect }) {
  const { event, incident, mark, reasons } = suspect;
  const id = useId();
  const isOut = mark?.mark === "ruled_out";
  return (
    <li aria-labelledby={id} className="flex flex-col gap-1.5 px-4 py-3">
      <p id={id} className="[overflow-wrap:anywhere]">
        {isOut ? (
          <s>
            <Name suspect={suspect} />
          </s>
        ) : (
          <Name suspect={suspect} />
        )}
      </p>
      <p className="flex flex-wrap gap-x-2 text-13 text-muted">
        {incident ? <Severity level={incident.severity} /> : null}
        <span>{suspect.service ?? "a service that is no more"}</span>
        <span>{stands(suspect)}</span>
        {event?.version ? <span className="font-mono">{event.version.slice(0, 12)}</span> : null}
        {event?.environment ? <span>{event.environment}</span> : null}
        {event?.author ? <span>{event.author}</span> : null}
        <Time at={suspect.began_at} focusable />
        {event?.diff_url ? (
          <a href={event.diff_url} className="link" target="_blank" rel="noreferrer">
            what was changed
          </a>
        ) : null}
      </p>
      <p className="text-13 [overflow-wrap:anywhere]">{sentence(reasons)}</p>
      {mark ? (
        <p className="text-13 text-muted [overflow-wrap:anywhere]">
          {words(mark.mark)}, says {mark.by}
          {mark.reason ? `: ${mark.reason}` : null} · <Time at={mark.at} />
        </p>
      ) : null}
      {incident ? null : <Marks number={number} suspect={suspect} />}
    </li>
  );
}

/** `a; b; c`, with a capital and a stop. */
function sentence(reasons: string[]): string {
  const text = reasons.join("; ");
  return `${text.charAt(0).toUpperCase()}${text.slice(1)}.`;
}

function stands({ event, planned, incident }: IncidentSuspect): string {
  if (event) return `${event.kind}, ${words(event.state).toLowerCase()}`;
  if (planned) return `planned ${planned.class}, ${words(planned.outcome ?? planned.state).toLowerCase()}`;
  return incident?.status ?? "";
}

function Name({ suspect: { event, planned, incident } }: { suspect: IncidentSuspect }) {
  if (planned) {
    return (
      <Link to="/changes/$number" params={{ number: String(planned.number) }} className="link">
        CHG-{planned.number} {planned.title}
      </Link>
    );
  }
  if (incident) {
    return (
      <Link to="/incidents/$number" params={{ number: String(incident.number) }} className="link">
        #{incident.number} {incident.title}
      </Link>
    );
  }
  if (!event?.url) return <span className="font-medium">{event?.summary}</span>;
  return (
    <a href={event.url} className="link" target="_blank" rel="noreferrer">
      {event.summary}
    </a>
  );
}

/** One tap marks; the same once more, or undo, takes it back. */
function Marks({ number, suspect }: { number: string; suspect: IncidentSuspect }) {
  const client = useQueryClient();
  const [busy, setBusy] = useState(false);
  const path = { incident: number, change: keyOf(suspect) };
  const now = suspect.mark;
  const write = async (mark: ChangeMark | null, reason = "") => {
    if (mark) await put("/incidents/{incident}/changes/{change}/mark", { path, body: { mark, reason } });
    else await remove("/incidents/{incident}/changes/{change}/mark", { path });
    await Promise.all([
      client.invalidateQueries({ queryKey: ["suspects"] }),
      client.invalidateQueries({ queryKey: ["incident", number] }),
      client.invalidateQueries({ queryKey: ["changes"] }),
    ]);
  };
  const tap = async (mark: ChangeMark) => {
    const next = mark === now?.mark ? null : mark;
    setBusy(true);
    try {
      await write(next);
      offerUndo(next ? DONE[next] : "No longer marked. The timeline says so.", "As it was before.", () =>
        write(now?.mark ?? null, now?.reason),
      );
    } catch (error) {
      toast.error(explain(error));
    } finally {
      setBusy(false);
    }
  };
  return (
    <fieldset className="flex flex-wrap gap-2">
      <legend className="sr-only">What it has to do with the incident</legend>
      {MARKS.map(({ mark, name }) => (
        <Button
          key={mark}
          emphasis={mark === now?.mark ? "primary" : "plain"}
          aria-pressed={mark === now?.mark}
          disabled={busy}
          onClick={() => void tap(mark)}
        >
          {name}
        </Button>
      ))}
    </fieldset>
  );
}
