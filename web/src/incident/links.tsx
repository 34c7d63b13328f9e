/** An incident's own links: the dashboard, the document, the ticket that people need at hand. */
import { useQuery, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { toast } from "sonner";
import { remove as del, post } from "@/api/client";
import { explain } from "@/api/problem";
import * as queries from "@/api/queries";
import type { Incident, IncidentLink } from "@/api/types";
import { offerUndo } from "@/shell/undo";
import { FormDialog } from "@/ui/dialog";
import { needed, TextField } from "@/ui/form";

export function LinksFact({ incident }: { incident: Incident }) {
  const client = useQueryClient();
  const [asking, setAsking] = useState(false);
  const number = String(incident.number);
  const links = useQuery(queries.incidentLinks(number));
  const again = () => client.invalidateQueries({ queryKey: ["incident", number] });
  const add = (label: string, address: string) =>
    post("/incidents/{incident}/links", { path: { incident: number }, body: { label, address } });
  const remove = async ({ id, label, address }: IncidentLink) => {
    try {
      await del("/incidents/{incident}/links/{link}", { path: { incident: number, link: id } });
      offerUndo(`The link ${label} is off.`, `The link ${label} is there again.`, () =>
        add(label, address).then(again),
      );
      void again();
    } catch (error) {
      toast.error(explain(error));
    }
  };
  return (
    <div>
      <dt>Links</dt>
      <dd className="flex flex-wrap items-baseline gap-x-2">
        {(links.data?.items ?? []).map((link) => (
          <span key={link.id} className="inline-flex max-w-full items-baseline gap-1">
            <a
              href={link.address}
              className="link min-w-0 [overflow-wrap:anywhere]"
              target="_blank"
              rel="noreferrer noopener"
              title={link.address}
            >
              {link.label}
            </a>
            <button
              type="button"
              className="tap rounded px-1.5 hover:bg-raised"
              aria-label={`Take the link ${link.label} off`}
              onClick={() => void remove(link)}
            >
              ×
            </button>
          </span>
        ))}
        <button type="button" className="link" aria-label="Add a link" onClick={() => setAsking(true)}>
          add
        </button>
      </dd>
      <FormDialog
        open={asking}
        onOpenChange={setAsking}
        title={`Add a link to #${incident.number}`}
        description="What people need at hand: a dashboard, a document, a ticket. It stands in the record."
        submit="Add the link"
        onSubmit={async (form) => {
          await add(needed(form, "label"), needed(form, "address"));
          void again();
        }}
      >
        <TextField
          label="Label"
          name="label"
          required
          maxLength={100}
          placeholder="Dashboard"
          autoComplete="off"
        />
        <TextField
          label="Address"
          name="address"
          type="url"
          required
          maxLength={2000}
          pattern="https://.+"
          placeholder="https://"
          autoComplete="off"
        />
      </FormDialog>
    </div>
  );
}
