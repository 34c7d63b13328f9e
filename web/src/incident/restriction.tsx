/** Who sees a restricted incident, why, and the ways to change both. */
import { useState } from "react";
import { toast } from "sonner";
import { post } from "@/api/client";
import type { Incident } from "@/api/types";
import { Button } from "@/ui/button";
import { FormDialog } from "@/ui/dialog";
import { filled, needed, TextField } from "@/ui/form";
import { useCommands } from "./commands";
import { names } from "./restricted";

/** People and groups to let in, by name. */
export function SightFields({ required = false }: { required?: boolean }) {
  return (
    <div className="grid gap-4 sm:grid-cols-2">
      <TextField
        label={required ? "People" : "People (optional)"}
        name="users"
        autoComplete="off"
        placeholder="ana, bo"
        hint="Their names, separated by commas"
      />
      <TextField
        label="Groups (optional)"
        name="groups"
        autoComplete="off"
        placeholder="legal"
        hint="Engagement groups: whoever they stand for"
      />
    </div>
  );
}

/** What a form with {@link SightFields} names. */
export function sightOf(form: FormData): { users: string[]; groups: string[] } {
  return { users: names(filled(form, "users")), groups: names(filled(form, "groups")) };
}

/** Asks whether an incident that begins is for some only, and for whom. */
export function RestrictFields() {
  const [restricted, setRestricted] = useState(false);
  return (
    <>
      <label className="tap flex items-center gap-2">
        <input
          type="checkbox"
          name="restricted"
          checked={restricted}
          onChange={(event) => setRestricted(event.target.checked)}
        />
        Restricted: only those I name and those who are engaged see it
      </label>
      {restricted ? (
        <>
          <TextField
            label="Why is it restricted?"
            name="reason"
            required
            maxLength={500}
            autoComplete="off"
          />
          <SightFields />
        </>
      ) : null}
    </>
  );
}

/** What {@link RestrictFields} say. */
export function restrictionOf(form: FormData) {
  return form.has("restricted") ? { reason: needed(form, "reason"), ...sightOf(form) } : undefined;
}

export function RestrictionNote({ incident }: { incident: Incident }) {
  const { changed } = useCommands();
  const [asking, setAsking] = useState<"let-in" | "lift" | null>(null);
  const { restricted } = incident;
  if (!restricted) return null;
  const path = { incident: incident.number };
  const takeOff = async (body: { remove_users?: string[]; remove_groups?: string[] }) => {
    const answer = await post("/incidents/{incident}/access", { path, body });
    changed(answer);
  };
  const seers = [
    ...restricted.users.map((name) => ({ name, body: { remove_users: [name] } })),
    ...restricted.groups.map((name) => ({ name: `group ${name}`, body: { remove_groups: [name] } })),
  ];
  return (
    <section
      aria-label="Restricted"
      className="flex flex-col gap-2 rounded-md border-2 border-text px-3 py-2 text-13 sm:flex-row sm:flex-wrap sm:items-center"
    >
      <p className="min-w-0 flex-1">
        <strong>Restricted: {restricted.reason}.</strong> Whoever is engaged sees it, and nobody else but{" "}
        {seers.length === 0 ? "them" : null}
        {seers.map(({ name, body }, at) => (
          <span key={name} className="whitespace-nowrap">
            {at > 0 ? ", " : null}
            {name}
            <button
              type="button"
              className="tap mx-0.5 rounded px-1.5 hover:bg-raised"
              aria-label={`Take ${name} off`}
              onClick={() =>
                void takeOff(body)
                  .then(() => toast.success(`${name} does not see it any more, unless engaged.`))
                  .catch((error: Error) => toast.error(error.message))
              }
            >
              ×
            </button>
          </span>
        ))}
        .
      </p>
      <div className="flex gap-2">
        <Button onClick={() => setAsking("let-in")}>Let in</Button>
        <Button emphasis="quiet" onClick={() => setAsking("lift")}>
          Lift
        </Button>
      </div>
      <FormDialog
        open={asking === "let-in"}
        onOpenChange={(open) => setAsking(open ? "let-in" : null)}
        title="Who else sees it?"
        description="They see all of it at once, what was written before too."
        submit="Let in"
        onSubmit={async (form) => {
          const { users, groups } = sightOf(form);
          const body = { add_users: users, add_groups: groups };
          changed(await post("/incidents/{incident}/access", { path, body }));
        }}
      >
        <SightFields required />
      </FormDialog>
      <FormDialog
        open={asking === "lift"}
        onOpenChange={(open) => setAsking(open ? "lift" : null)}
        title="Is it for everybody again?"
        description="Everybody sees all of it then, what was written before too. The reason stays on the record."
        submit="Lift the restriction"
        onSubmit={async (form) => {
          const body = { reason: needed(form, "reason") };
          changed(await post("/incidents/{incident}/unrestrict", { path, body }));
        }}
      >
        <TextField label="Reason" name="reason" required maxLength={500} autoComplete="off" />
      </FormDialog>
    </section>
  );
}
