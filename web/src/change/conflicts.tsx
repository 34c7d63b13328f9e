/** What is in the way of a change, when nothing would be, and why it goes on all the same. */
import { useQuery, useQueryClient } from "@tanstack/react-query";
import { type FormEvent, useState } from "react";
import { toast } from "sonner";
import { post } from "@/api/client";
import { explain } from "@/api/problem";
import * as queries from "@/api/queries";
import type { ChangeConflict, ChangeConflicts, ChangeRecord } from "@/api/types";
import { Panel, Tag } from "@/ui/block";
import { Button } from "@/ui/button";
import { needed, TextAreaField } from "@/ui/form";
import { Time } from "@/ui/time";
import { mayBeEdited } from "./change";

export function Conflicts({ change }: { change: ChangeRecord }) {
  const number = String(change.number);
  const isAhead = mayBeEdited(change.state);
  const found = useQuery({ ...queries.changeConflicts(number), enabled: isAhead }).data;
  if (!isAhead || !found || (found.conflicts.length === 0 && found.overrides.length === 0)) return null;
  const isSubmitted = change.state !== "draft" && change.state !== "rejected";
  return (
    <Panel title={found.blocked ? "What is in its way" : "What is around it"}>
      <ul className="flex flex-col gap-2">
        {found.conflicts.map((one) => (
          <Conflict key={`${one.rule} ${one.text} ${one.from}`} conflict={one} />
        ))}
      </ul>
      <Free found={found} />
      {found.overrides.map((one) => (
        <p key={one.at + one.text} className="mt-2 text-13 text-muted [overflow-wrap:anywhere]">
          {one.by} says why it goes on although {one.text}: {one.reason} · <Time at={one.at} />
        </p>
      ))}
      {found.blocked && change.yours && isSubmitted ? <GoOn number={number} /> : null}
    </Panel>
  );
}

function Conflict({ conflict }: { conflict: ChangeConflict }) {
  const weight = conflict.overridden
    ? "goes on all the same"
    : conflict.blocking
      ? "blocks"
      : "worth knowing";
  return (
    <li className="[overflow-wrap:anywhere]">
      <span className={conflict.blocking ? "font-medium" : undefined}>{conflict.text}</span>{" "}
      <Tag>{weight}</Tag>
      <p className="text-13 text-muted">
        <Time at={conflict.from} show="clock" /> to <Time at={conflict.to} show="clock" />
      </p>
    </li>
  );
}

function Free({ found: { next_slot: slot } }: { found: ChangeConflicts }) {
  if (!slot) return null;
  return (
    <p className="mt-3">
      Free from <Time at={slot.start} show="clock" /> to <Time at={slot.end} show="clock" />: edit its times
      to move it there.
    </p>
  );
}

function GoOn({ number }: { number: string }) {
  const client = useQueryClient();
  const [isSending, setSending] = useState(false);
  const send = async (event: FormEvent<HTMLFormElement>) => {
    event.preventDefault();
    const reason = needed(new FormData(event.currentTarget), "reason");
    setSending(true);
    try {
      await post("/changes/{change}/override", { path: { change: number }, body: { reason } });
      toast.success("The reason stands in its record.");
      await client.invalidateQueries({ queryKey: ["changes"] });
    } catch (error) {
      toast.error(explain(error));
    } finally {
      setSending(false);
    }
  };
  return (
    <form onSubmit={send} className="mt-3 flex flex-col gap-2 border-t pt-3">
      <TextAreaField
        label="Why does it go on all the same?"
        name="reason"
        path="reason"
        required
        rows={2}
        maxLength={4000}
      />
      <div>
        <Button type="submit" disabled={isSending}>
          Let it go on
        </Button>
      </div>
    </form>
  );
}
