/** Beginning a plan from a template of the organisation: what it asks for, put into its places by the server. */
import { useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { post } from "@/api/client";
import * as queries from "@/api/queries";
import type { ChangePlan, ChangeTemplate } from "@/api/types";
import { Button } from "@/ui/button";
import { FormDialog } from "@/ui/dialog";
import { filled, needed, SelectField, TextField } from "@/ui/form";

/** What a placeholder is called in a form, apart from the fields that every template has. */
const fieldOf = (placeholder: string) => `value ${placeholder}`;

export function FromTemplate({ onFilled }: { onFilled: (plan: ChangePlan) => void }) {
  const templates = useQuery(queries.changeTemplates()).data?.items ?? [];
  const [open, setOpen] = useState(false);
  const [name, setName] = useState("");
  const first = templates[0];
  if (!first) return null;
  const chosen = templates.find((one) => one.name === name) ?? first;
  const submit = async (form: FormData) => {
    const values = Object.fromEntries(chosen.placeholders.map((one) => [one, needed(form, fieldOf(one))]));
    const plan = await post("/changes/templates/{template}/fill", {
      path: { template: chosen.name },
      body: { values, service: filled(form, "service") ?? null },
    });
    onFilled(plan);
    setOpen(false);
  };
  return (
    <div>
      <Button onClick={() => setOpen(true)}>Start from a template</Button>
      {open ? (
        <FormDialog
          open
          onOpenChange={setOpen}
          title="Start from a template"
          description="Its plan takes the place of what stands here; you complete and change it as you like."
          submit="Use it"
          onSubmit={submit}
        >
          <SelectField
            label="Template"
            hint={chosen.description || undefined}
            value={chosen.name}
            onChange={({ target }) => setName(target.value)}
          >
            {templates.map((one) => (
              <option key={one.name} value={one.name}>
                {one.name} ({one.class})
              </option>
            ))}
          </SelectField>
          <Places key={chosen.name} template={chosen} />
        </FormDialog>
      ) : null}
    </div>
  );
}

function Places({ template }: { template: ChangeTemplate }) {
  const services = useQuery(queries.services()).data?.items ?? [];
  return (
    <>
      {template.service === null ? (
        <SelectField label="Service" name="service" required defaultValue="">
          <option value="">choose</option>
          {services.map((one) => (
            <option key={one.name} value={one.name}>
              {one.name}
            </option>
          ))}
        </SelectField>
      ) : null}
      {template.placeholders.map((one) => (
        <TextField key={one} label={one} name={fieldOf(one)} required maxLength={2000} />
      ))}
    </>
  );
}
