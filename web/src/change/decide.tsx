/** Agreeing and rejecting, with one thumb: what is asked of the reader and nothing else. */
import { useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { toast } from "sonner";
import { post } from "@/api/client";
import { explain } from "@/api/problem";
import type { ChangeApproval, ChangeRecord } from "@/api/types";
import { Button } from "@/ui/button";
import { FormDialog } from "@/ui/dialog";
import { needed, TextAreaField } from "@/ui/form";
import { words } from "./change";

export function Decide({ change }: { change: ChangeRecord }) {
  const client = useQueryClient();
  const [busy, setBusy] = useState(false);
  const [rejecting, setRejecting] = useState(false);
  const mine = change.approvals.filter(({ yours }) => yours);
  if (mine.length === 0) return null;
  const path = { change: String(change.number) };
  const { revision } = change;
  const refresh = () => client.invalidateQueries({ queryKey: ["changes"] });
  const agree = async ({ approver, team }: ChangeApproval) => {
    setBusy(true);
    try {
      await post("/changes/{change}/approve", { path, body: { revision, approver, team } });
      toast.success(`You agree to CHG-${change.number}.`);
    } catch (error) {
      toast.error(explain(error));
    } finally {
      await refresh();
      setBusy(false);
    }
  };
  const reject = async (form: FormData) => {
    await post("/changes/{change}/reject", { path, body: { revision, reason: needed(form, "reason") } });
    toast.success(`CHG-${change.number} goes back to ${change.submitter}.`);
    await refresh();
  };
  return (
    <div className="flex flex-wrap gap-2">
      {mine.map((one) => (
        <Button
          key={`${one.approver} ${one.team}`}
          emphasis="primary"
          className="min-h-12 flex-1 basis-36"
          disabled={busy}
          onClick={() => void agree(one)}
        >
          {mine.length === 1 ? "Agree" : `Agree as ${as(one)}`}
        </Button>
      ))}
      <Button className="min-h-12 flex-1 basis-36" disabled={busy} onClick={() => setRejecting(true)}>
        Reject
      </Button>
      <FormDialog
        open={rejecting}
        onOpenChange={setRejecting}
        title={`Reject CHG-${change.number}`}
        description={`It goes back to ${change.submitter}, with your words.`}
        submit="Reject"
        onSubmit={reject}
      >
        <TextAreaField
          label="What is to be better?"
          hint="Say it so that the next wording can be agreed to."
          name="reason"
          required
          rows={3}
          maxLength={4000}
        />
      </FormDialog>
    </div>
  );
}

/** `customer: games`. */
export function as({ approver, team }: { approver: string; team: string | null }): string {
  return team ? `${approver} (${team})` : approver === "vp" ? "VP" : approver;
}

export function asTitle(one: { approver: string; team: string | null }): string {
  return words(as(one));
}
