/** Pages a person or an alias at once, as an incident of its own. */
import { useQuery } from "@tanstack/react-query";
import { useNavigate } from "@tanstack/react-router";
import { toast } from "sonner";
import { post } from "@/api/client";
import * as queries from "@/api/queries";
import { FormDialog } from "@/ui/dialog";
import { filled, needed, SelectField, TextField } from "@/ui/form";
import { PersonField } from "./person-field";

export default function PagePerson({
  open,
  onOpenChange,
}: {
  open: boolean;
  onOpenChange: (open: boolean) => void;
}) {
  const navigate = useNavigate();
  const services = useQuery(queries.services());
  const submit = async (form: FormData) => {
    const incident = await post("/pages", {
      body: {
        to: needed(form, "to"),
        message: needed(form, "message"),
        service: filled(form, "service"),
      },
    });
    toast.success(`Paged. Follow it on #${incident.number}.`);
    void navigate({ to: "/incidents/$number", params: { number: String(incident.number) } });
  };
  return (
    <FormDialog
      open={open}
      onOpenChange={onOpenChange}
      title="Page a person"
      description="They are paged at once, by their own rules, and an incident keeps the record."
      submit="Page them"
      onSubmit={submit}
    >
      <PersonField label="Person or alias" name="to" />
      <TextField label="Message" name="message" required placeholder="What is wrong and what you need" />
      <SelectField label="Service (optional)" name="service" defaultValue="">
        <option value="">None</option>
        {(services.data?.items ?? []).map(({ name }) => (
          <option key={name}>{name}</option>
        ))}
      </SelectField>
    </FormDialog>
  );
}
