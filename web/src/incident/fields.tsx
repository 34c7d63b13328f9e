/** The custom fields of an incident: what the organization wants to know of each besides. */
import { useQuery, useQueryClient } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { useId, useState } from "react";
import { post } from "@/api/client";
import * as queries from "@/api/queries";
import type { CustomField, Incident } from "@/api/types";
import { useKeys } from "@/shell/keys";
import { offerUndo } from "@/shell/undo";
import { Button } from "@/ui/button";
import { FormDialog } from "@/ui/dialog";
import { filled, SelectField, TextField } from "@/ui/form";

/** What the inputs of fields are called in a form. */
const INPUT = "field.";

/** The query that finds incidents with a value. */
export function queryOf(field: string, value: string): string {
  return /[\s"\\]/.test(value)
    ? `field.${field}:"${value.replace(/[\\"]/g, "\\$&")}"`
    : `field.${field}:${value}`;
}

/** What somebody filled in, each by the name of its field; nothing where that was left empty. */
export function valuesOf(form: FormData): Record<string, string> {
  const names = [...form.keys()].filter((name) => name.startsWith(INPUT));
  return Object.fromEntries(names.map((name) => [name.slice(INPUT.length), filled(form, name) ?? ""]));
}

/** What is to be set: only what is not so already, so that nobody else's change is undone. */
export function changesOf(
  written: Record<string, string>,
  before: Record<string, string>,
): Record<string, string> {
  return Object.fromEntries(
    Object.entries(written).filter(([name, value]) => value !== (before[name] ?? "")),
  );
}

export function Fields({ incident }: { incident: Incident }) {
  const client = useQueryClient();
  const [asking, setAsking] = useState(false);
  const fields = useQuery(queries.fields()).data?.items ?? [];
  useKeys(fields.length > 0 ? { f: () => setAsking(true) } : {});
  const before = Object.fromEntries(incident.fields.map(({ field, value }) => [field, value]));
  const lacking = fields.filter(({ name, required }) => required && before[name] === undefined);
  if (fields.length === 0 && incident.fields.length === 0) return null;
  const path = { incident: String(incident.number) };
  const set = async (values: Record<string, string>, reason?: string) => {
    await post("/incidents/{incident}/fields", { path, body: { values, reason } });
    void client.invalidateQueries({ queryKey: ["incident", path.incident] });
    void client.invalidateQueries({ queryKey: ["fields"] });
  };
  return (
    <section aria-label="Fields" className="flex flex-wrap items-center gap-x-4 gap-y-1 text-13">
      <dl className="flex flex-wrap gap-x-4 gap-y-1 [&>div]:flex [&>div]:gap-1.5 [&_dt]:text-muted">
        {incident.fields.map(({ field, title, value, configured }) => (
          <div key={field} className="min-w-0">
            <dt>{title}</dt>
            <dd className="min-w-0 break-words">
              {configured ? (
                <Link to="/search" search={{ q: queryOf(field, value) }} className="hover:underline">
                  {value}
                </Link>
              ) : (
                value
              )}
            </dd>
          </div>
        ))}
        {lacking.map(({ name, title, required }) => (
          <div key={name}>
            <dt>{title}</dt>
            <dd>missing, needed before it is {required}</dd>
          </div>
        ))}
      </dl>
      {fields.length > 0 ? (
        <Button emphasis="quiet" onClick={() => setAsking(true)}>
          Set fields
        </Button>
      ) : null}
      <FormDialog
        open={asking}
        onOpenChange={setAsking}
        title={`What is known of #${incident.number}?`}
        submit="Set"
        onSubmit={async (form) => {
          const changes = changesOf(valuesOf(form), before);
          const names = Object.keys(changes);
          if (names.length === 0) return;
          await set(changes, filled(form, "reason"));
          const back = Object.fromEntries(names.map((name) => [name, before[name] ?? ""]));
          offerUndo("Fields set.", "Fields are as they were.", () => set(back));
        }}
      >
        <FieldInputs fields={fields} values={before} />
        <TextField label="Reason (optional)" name="reason" maxLength={500} autoComplete="off" />
      </FormDialog>
    </section>
  );
}

/** The fields where an incident is declared: none has to be filled in. */
export function FieldsOfDeclaration() {
  const fields = useQuery(queries.fields()).data?.items ?? [];
  if (fields.length === 0) return null;
  return (
    <details>
      <summary className="tap cursor-pointer font-medium">More that is known (optional)</summary>
      <div className="mt-3 flex flex-col gap-4">
        <FieldInputs fields={fields} values={{}} />
      </div>
    </details>
  );
}

function FieldInputs({ fields, values }: { fields: CustomField[]; values: Record<string, string> }) {
  return fields.map((field) => (
    <FieldInput key={field.name} field={field} value={values[field.name] ?? ""} />
  ));
}

function FieldInput({ field, value }: { field: CustomField; value: string }) {
  const id = useId();
  const needed = field.required ? `Needed before it is ${field.required}.` : "";
  const hint = [field.description, needed].filter(Boolean).join(" ");
  const shared = {
    label: field.title,
    name: `${INPUT}${field.name}`,
    defaultValue: value,
    ...(hint ? { hint } : {}),
  };
  if (field.choices.length > 0) {
    const choices = value && !field.choices.includes(value) ? [value, ...field.choices] : field.choices;
    return (
      <SelectField {...shared}>
        <option value="">Not known</option>
        {choices.map((choice) => (
          <option key={choice}>{choice}</option>
        ))}
      </SelectField>
    );
  }
  if (field.kind === "date") return <TextField {...shared} type="date" />;
  return (
    <>
      <TextField
        {...shared}
        maxLength={500}
        autoComplete="off"
        list={id}
        inputMode={field.kind === "number" ? "decimal" : "text"}
      />
      <datalist id={id}>
        {field.in_use.map((one) => (
          <option key={one.value} value={one.value} />
        ))}
      </datalist>
    </>
  );
}
