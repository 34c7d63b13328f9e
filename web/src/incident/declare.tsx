/** Declares an incident. A title is enough; everything else can follow. */
import { useQuery, useQueryClient } from "@tanstack/react-query";
import { useNavigate } from "@tanstack/react-router";
import { post } from "@/api/client";
import * as queries from "@/api/queries";
import { FormDialog } from "@/ui/dialog";
import { filled, needed, SelectField, TextField } from "@/ui/form";
import { SEVERITIES } from "@/ui/severity";

export default function Declare({
  open,
  onOpenChange,
}: {
  open: boolean;
  onOpenChange: (open: boolean) => void;
}) {
  const navigate = useNavigate();
  const client = useQueryClient();
  const services = useQuery(queries.services());
  const submit = async (form: FormData) => {
    const severity = filled(form, "severity");
    const incident = await post("/incidents", {
      body: {
        title: needed(form, "title"),
        service: filled(form, "service"),
        severity: severity ? Number(severity) : undefined,
      },
    });
    void client.invalidateQueries({ queryKey: ["incidents"] });
    void navigate({ to: "/incidents/$number", params: { number: String(incident.number) } });
  };
  return (
    <FormDialog
      open={open}
      onOpenChange={onOpenChange}
      title="Declare an incident"
      description="When in doubt, declare. With nothing but a title it counts as the worst severity and pages."
      submit="Declare"
      onSubmit={submit}
    >
      <TextField
        label="Title"
        name="title"
        required
        maxLength={250}
        autoComplete="off"
        placeholder="What people notice"
      />
      <div className="grid gap-4 sm:grid-cols-2">
        <SelectField label="Severity (optional)" name="severity" defaultValue="">
          <option value="">Worst, until known better</option>
          {SEVERITIES.map(({ level, name }) => (
            <option key={level} value={level}>
              {level} {name}
            </option>
          ))}
        </SelectField>
        <SelectField label="Service (optional)" name="service" defaultValue="">
          <option value="">Not known yet</option>
          {(services.data?.items ?? []).map(({ name }) => (
            <option key={name}>{name}</option>
          ))}
        </SelectField>
      </div>
    </FormDialog>
  );
}
