/** Correcting when things happened: every time needs a reason, and the timeline keeps the original. */
import { useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { post } from "@/api/client";
import type { Incident } from "@/api/types";
import { Button } from "@/ui/button";
import { FormDialog } from "@/ui/dialog";
import { filled, needed, TextField } from "@/ui/form";
import { useZone } from "@/ui/time";
import { instantOf, wallClock } from "@/ui/zoned";

const TIMES = [
  ["occurred", "The trouble began"],
  ["detected", "It was noticed"],
  ["engaged", "The first person was there"],
  ["restored", "Customers were well"],
  ["resolved", "It was over"],
] as const;

type Which = (typeof TIMES)[number][0];

export function CorrectTimes({ incident }: { incident: Incident }) {
  const client = useQueryClient();
  const zone = useZone();
  const [open, setOpen] = useState(false);
  const wall = (at: string | null) => (at ? wallClock(Date.parse(at), zone) : "");
  const times: Record<Which, string> = {
    occurred: wall(incident.occurred_at),
    detected: wall(incident.created_at),
    engaged: wall(incident.engaged_at),
    restored: wall(incident.restored_at),
    resolved: wall(incident.resolved_at),
  };
  const send = async (form: FormData) => {
    const changed: Partial<Record<Which, string>> = {};
    for (const [which] of TIMES) {
      const at = filled(form, which);
      if (at && at !== times[which]) changed[which] = new Date(instantOf(at, zone)).toISOString();
    }
    const body = { ...changed, reason: needed(form, "reason") };
    await post("/incidents/{incident}/times", { path: { incident: incident.number }, body });
    await client.invalidateQueries({ queryKey: ["incident", String(incident.number)] });
  };
  return (
    <>
      <Button className="self-start" onClick={() => setOpen(true)}>
        Correct the times
      </Button>
      <FormDialog
        open={open}
        onOpenChange={setOpen}
        title="Correct when things happened"
        description="Figures and reports follow. The timeline keeps what stood there before. Times are by your clock."
        submit="Correct"
        onSubmit={send}
      >
        {TIMES.map(([which, label]) => (
          <TextField
            key={which}
            label={label}
            name={which}
            type="datetime-local"
            defaultValue={times[which]}
            disabled={
              (which === "resolved" && !incident.resolved_at) ||
              (which === "restored" && !incident.restored_at && !incident.resolved_at)
            }
          />
        ))}
        <TextField label="Why" name="reason" required />
      </FormDialog>
    </>
  );
}
