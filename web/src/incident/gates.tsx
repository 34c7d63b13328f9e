/** What has to be so before the incident is over: the testers' word and the lead's, or why not. */
import { useQuery, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { toast } from "sonner";
import { post } from "@/api/client";
import { explain } from "@/api/problem";
import * as queries from "@/api/queries";
import type { Incident, IncidentGate, IncidentGates } from "@/api/types";
import { Empty, Shown } from "@/ui/block";
import { Button } from "@/ui/button";
import { FormDialog } from "@/ui/dialog";
import { needed, TextField } from "@/ui/form";
import { OkGlyph } from "@/ui/glyph";
import { Time } from "@/ui/time";
import { isOpen } from "./moves";

const TITLE: Record<IncidentGate["gate"], string> = {
  validated: "Testers have validated that it is well again",
  signed_off: "The lead has signed off",
};
const VERB: Record<IncidentGate["gate"], string> = { validated: "Validate", signed_off: "Sign off" };

export function Gates({ incident }: { incident: Incident }) {
  const gates = useQuery(queries.incidentGates(String(incident.number)));
  return (
    <Shown read={gates} what="the gates">
      {(data) =>
        data.gates.length === 0 ? (
          <Empty title="Nothing has to be passed">
            <p>
              Gates come with roles: as soon as somebody holds one, testers and the lead have the last word.
            </p>
          </Empty>
        ) : (
          <ul className="divide-y">
            {data.gates.map((gate) => (
              <GateRow key={gate.gate} incident={incident} gate={gate} />
            ))}
          </ul>
        )
      }
    </Shown>
  );
}

function GateRow({ incident, gate }: { incident: Incident; gate: IncidentGate }) {
  const client = useQueryClient();
  const [waiving, setWaiving] = useState(false);
  const number = String(incident.number);
  const path = { incident: number, gate: gate.gate };
  const keep = (answer: IncidentGates) => {
    client.setQueryData(queries.incidentGates(number).queryKey, answer);
    void client.invalidateQueries({ queryKey: ["incident", number] });
  };
  const act = async (verb: "pass" | "take-back") => {
    try {
      keep(await post(`/incidents/{incident}/gates/{gate}/${verb}`, { path }));
    } catch (error) {
      toast.error(explain(error));
    }
  };
  const open = isOpen(incident);
  return (
    <li className="flex flex-col gap-2 px-4 py-3">
      <h2 className="flex items-center gap-2 font-semibold">
        {gate.open ? <OkGlyph /> : null}
        <span>{TITLE[gate.gate]}</span>
      </h2>
      <p className="text-13 text-muted">
        {gate.open
          ? "open"
          : gate.missing.length > 0
            ? `waits for ${gate.missing.join(", ")}`
            : "waits for anybody: nobody holds that role"}
      </p>
      {gate.said.map((word) => (
        <p key={`${word.by} ${word.at}`} className="text-13">
          {word.by} {word.waived ? `waived it: ${word.waived}` : "said so"} <Time at={word.at} focusable />
        </p>
      ))}
      {open ? (
        <div className="flex flex-wrap gap-2">
          {gate.open ? null : (
            <>
              <Button emphasis="primary" onClick={() => void act("pass")}>
                {VERB[gate.gate]}
              </Button>
              <Button onClick={() => setWaiving(true)} aria-label={`Waive: ${TITLE[gate.gate]}`}>
                Waive
              </Button>
            </>
          )}
          {gate.said.length > 0 ? (
            <Button
              emphasis="quiet"
              onClick={() => void act("take-back")}
              aria-label={`Take back: ${TITLE[gate.gate]}`}
            >
              Take back
            </Button>
          ) : null}
        </div>
      ) : null}
      <FormDialog
        open={waiving}
        onOpenChange={setWaiving}
        title="Why need it not be passed?"
        description="The reason stays on the record of the incident."
        submit="Waive"
        onSubmit={async (form) => {
          const body = { reason: needed(form, "reason") };
          keep(await post("/incidents/{incident}/gates/{gate}/waive", { path, body }));
        }}
      >
        <TextField label="Reason" name="reason" required maxLength={500} />
      </FormDialog>
    </li>
  );
}
