/**
 * The family of an incident: the parent with its child efforts, who leads each, how it stands and what
 * was written down last. Splitting one off, taking one back, letting one go.
 */
import { useQuery, useQueryClient } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { useState } from "react";
import { toast } from "sonner";
import { remove as del, post, put } from "@/api/client";
import { explain } from "@/api/problem";
import * as queries from "@/api/queries";
import type { Incident, Relative } from "@/api/types";
import { offerUndo } from "@/shell/undo";
import { Button } from "@/ui/button";
import { FormDialog } from "@/ui/dialog";
import { filled, needed, SelectField, TextAreaField, TextField } from "@/ui/form";
import { SEVERITIES } from "@/ui/severity";
import { Time } from "@/ui/time";
import { isOpen } from "./moves";
import { RestrictFields, restrictionOf } from "./restriction";

export function Family({ incident }: { incident: Incident }) {
  const client = useQueryClient();
  const [asking, setAsking] = useState<"split" | "rejoin" | null>(null);
  const number = String(incident.number);
  const family = useQuery(queries.incidentFamily(number));
  const items = family.data?.items ?? [];
  const isChild = incident.parent !== null;
  const open = isOpen(incident);
  const again = () =>
    Promise.all(["incident", "families"].map((key) => client.invalidateQueries({ queryKey: [key] })));
  const path = { incident: incident.number };

  const detach = async () => {
    const { parent, speaks } = incident;
    if (parent === null) return;
    try {
      await del("/incidents/{incident}/parent", { path });
      offerUndo(`No longer a child effort of #${parent}.`, `A child effort of #${parent} again.`, () =>
        put("/incidents/{incident}/parent", { path, body: { to: parent, speaks } }).then(again),
      );
      void again();
    } catch (error) {
      toast.error(explain(error));
    }
  };
  const speak = async () => {
    const { parent, speaks } = incident;
    if (parent === null) return;
    try {
      await put("/incidents/{incident}/parent", { path, body: { to: parent, speaks: !speaks } });
      toast.success(speaks ? `#${parent} speaks for it.` : "It speaks for itself.");
      void again();
    } catch (error) {
      toast.error(explain(error));
    }
  };

  return (
    <section aria-label="Family" className="flex flex-col gap-1 text-13">
      {items.length > 0 ? (
        <ul className="flex flex-col gap-1">
          {items.map((one) => (
            <Member key={one.id} one={one} />
          ))}
        </ul>
      ) : null}
      <div className="flex flex-wrap gap-2">
        {open && !isChild ? (
          <Button emphasis="quiet" onClick={() => setAsking("split")}>
            Split off an effort
          </Button>
        ) : null}
        {open && isChild ? (
          <>
            <Button emphasis="quiet" onClick={() => setAsking("rejoin")}>
              Take it back into #{incident.parent}
            </Button>
            <Button emphasis="quiet" onClick={() => void speak()}>
              {incident.speaks ? `Let #${incident.parent} speak for it` : "Let it speak for itself"}
            </Button>
            <Button emphasis="quiet" onClick={() => void detach()}>
              Let it stand by itself
            </Button>
          </>
        ) : null}
      </div>
      <SplitDialog incident={incident} open={asking === "split"} close={() => setAsking(null)} done={again} />
      <FormDialog
        open={asking === "rejoin"}
        onOpenChange={() => setAsking(null)}
        title={`Take #${incident.number} back into #${incident.parent}`}
        description="It ends, and its alerts go to the parent, whose timeline says what it found."
        submit="Take it back"
        onSubmit={async (form) => {
          await post("/incidents/{incident}/rejoin", { path, body: { note: filled(form, "note") } });
          void again();
        }}
      >
        <TextField label="What it found (optional)" name="note" maxLength={2000} autoComplete="off" />
      </FormDialog>
    </section>
  );
}

function Member({ one }: { one: Relative }) {
  const name = `#${one.number} ${one.title}`;
  const led = one.leads.length > 0 ? `led by ${one.leads.join(", ")}` : "nobody leads it";
  return (
    <li className={one.place === "child" ? "pl-4" : undefined}>
      <p className="flex flex-wrap items-baseline gap-x-2">
        <span className="text-muted">{one.place === "child" ? "Effort" : "Parent"}</span>
        {one.this ? (
          <strong aria-current="page" className="min-w-0 [overflow-wrap:anywhere]">
            {name}
          </strong>
        ) : (
          <Link
            to="/incidents/$number"
            params={{ number: String(one.number) }}
            className="link min-w-0 [overflow-wrap:anywhere]"
          >
            {name}
          </Link>
        )}
        <span className="text-muted">
          {one.rejoined ? "taken back" : one.status}, {led}
          {one.place === "child" && one.speaks ? ", speaks for itself" : ""}
        </span>
      </p>
      {one.last_entry && !one.this ? (
        <p className="truncate text-muted" title={one.last_entry.text}>
          <Time at={one.last_entry.at} /> {one.last_entry.by}: {one.last_entry.text}
        </p>
      ) : null}
    </li>
  );
}

interface SplitDialogProps {
  incident: Incident;
  open: boolean;
  close: () => void;
  done: () => Promise<unknown>;
}

function SplitDialog({ incident, open, close, done }: SplitDialogProps) {
  const users = useQuery({ ...queries.users(), enabled: open });
  const services = useQuery({ ...queries.services(), enabled: open });
  return (
    <FormDialog
      open={open}
      onOpenChange={close}
      title={`Split an effort off #${incident.number}`}
      description={`It goes on as an incident of its own, with its own lead, roster and bridge. #${incident.number} speaks for it and ends last.`}
      submit="Split it off"
      onSubmit={async (form) => {
        const severity = filled(form, "severity");
        const child = await post("/incidents/{incident}/children", {
          path: { incident: incident.number },
          body: {
            title: needed(form, "title"),
            lead: filled(form, "lead"),
            service: filled(form, "service"),
            severity: severity ? Number(severity) : undefined,
            summary: filled(form, "summary"),
            restricted: restrictionOf(form),
            speaks: form.has("speaks"),
          },
        });
        toast.success(`Split off #${child.number} ${child.title}.`);
        void done();
      }}
    >
      <TextField
        label="What it is about"
        name="title"
        required
        maxLength={300}
        autoComplete="off"
        placeholder="Network path to the provider"
      />
      <TextAreaField label="Summary (optional)" name="summary" rows={3} maxLength={4000} />
      <SelectField
        label="Who leads it"
        name="lead"
        defaultValue=""
        hint="Paged, unless they are at work on this incident already"
      >
        <option value="">Nobody yet</option>
        {(users.data?.items ?? []).map((user) => (
          <option key={user.name} value={user.name}>
            {user.full_name} ({user.name})
          </option>
        ))}
      </SelectField>
      <div className="grid gap-4 sm:grid-cols-2">
        <SelectField label="Severity" name="severity" defaultValue="">
          <option value="">The same: {incident.severity}</option>
          {SEVERITIES.map(({ level, name }) => (
            <option key={level} value={level}>
              {level} {name}
            </option>
          ))}
        </SelectField>
        <SelectField label="Service" name="service" defaultValue="">
          <option value="">The same{incident.service ? `: ${incident.service}` : ""}</option>
          {(services.data?.items ?? []).map(({ name }) => (
            <option key={name} value={name}>
              {name}
            </option>
          ))}
        </SelectField>
      </div>
      <label className="tap flex items-center gap-2">
        <input type="checkbox" name="speaks" />
        It tells audiences and notification lists itself
      </label>
      <RestrictFields />
    </FormDialog>
  );
}
