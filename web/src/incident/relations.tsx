/** Which other incidents this one has to do with, and how. */
import { useQuery, useQueryClient } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { useState } from "react";
import { toast } from "sonner";
import { remove as del, post } from "@/api/client";
import { explain } from "@/api/problem";
import * as queries from "@/api/queries";
import type { Incident, Relation } from "@/api/types";
import { offerUndo } from "@/shell/undo";
import { Button } from "@/ui/button";
import { FormDialog } from "@/ui/dialog";
import { filled, needed, SelectField, TextField } from "@/ui/form";

const WORDS: Record<Relation["sort"], string> = {
  related: "Related to",
  caused_by: "Caused by",
  causes: "Causes",
  duplicate_of: "A duplicate of",
  duplicated_by: "Duplicated by",
};

export function Relations({ incident }: { incident: Incident }) {
  const client = useQueryClient();
  const [asking, setAsking] = useState(false);
  const number = String(incident.number);
  const relations = useQuery(queries.incidentRelations(number));
  const again = () => client.invalidateQueries({ queryKey: ["incident", number] });
  const items = relations.data?.items ?? [];
  const relate = (to: number, sort: Relation["sort"], note: string) =>
    post("/incidents/{incident}/relations", { path: { incident: number }, body: { to, sort, note } });
  const remove = async (relation: Relation) => {
    try {
      await del("/incidents/{incident}/relations/{relation}", {
        path: { incident: number, relation: relation.id },
      });
      offerUndo(`No longer linked to #${relation.number}.`, `Linked to #${relation.number} again.`, () =>
        relate(relation.number, relation.sort, relation.note).then(again),
      );
      void again();
    } catch (error) {
      toast.error(explain(error));
    }
  };
  return (
    <section aria-label="Linked incidents" className="flex flex-wrap items-center gap-x-3 gap-y-1 text-13">
      {items.map((relation) => (
        <span key={relation.id} className="inline-flex max-w-full items-center gap-1">
          <span className="shrink-0 text-muted">{WORDS[relation.sort]}</span>
          <Link
            to="/incidents/$number"
            params={{ number: String(relation.number) }}
            className="link min-w-0 truncate"
            title={relation.note || undefined}
          >
            #{relation.number} {relation.title}
          </Link>
          <span className="shrink-0 text-muted">({relation.status})</span>
          <button
            type="button"
            className="tap rounded px-1.5 hover:bg-raised"
            aria-label={`Unlink #${relation.number}`}
            onClick={() => void remove(relation)}
          >
            ×
          </button>
        </span>
      ))}
      <Button emphasis="quiet" onClick={() => setAsking(true)}>
        Link an incident
      </Button>
      <FormDialog
        open={asking}
        onOpenChange={setAsking}
        title={`What has #${incident.number} to do with another incident?`}
        description="Both timelines say so. Nothing is merged."
        submit="Link"
        onSubmit={async (form) => {
          const to = Number(needed(form, "to").replace("#", ""));
          await relate(to, needed(form, "sort") as Relation["sort"], filled(form, "note") ?? "");
          void again();
        }}
      >
        <div className="grid gap-4 sm:grid-cols-2">
          <SelectField label="It is" name="sort" defaultValue="related">
            {(Object.keys(WORDS) as Relation["sort"][]).map((sort) => (
              <option key={sort} value={sort}>
                {WORDS[sort].toLowerCase()}
              </option>
            ))}
          </SelectField>
          <TextField
            label="Number of the other one"
            name="to"
            required
            inputMode="numeric"
            pattern="#?[0-9]+"
            autoComplete="off"
          />
        </div>
        <TextField label="Note (optional)" name="note" maxLength={500} autoComplete="off" />
      </FormDialog>
    </section>
  );
}
