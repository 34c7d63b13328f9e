/** Beginning a new schedule: a name, then the editor. */
import { useQuery } from "@tanstack/react-query";
import { useNavigate } from "@tanstack/react-router";
import { useState } from "react";
import * as queries from "@/api/queries";
import { Button } from "@/ui/button";
import { FormDialog } from "@/ui/dialog";
import { needed, TextField } from "@/ui/form";

export function NewSchedule() {
  const [open, setOpen] = useState(false);
  const navigate = useNavigate();
  const role = useQuery(queries.session()).data?.user.role;
  if (role !== "admin" && role !== "manager") return null;
  return (
    <>
      <Button onClick={() => setOpen(true)}>New schedule</Button>
      <FormDialog
        open={open}
        onOpenChange={setOpen}
        title="New schedule"
        submit="Go on"
        onSubmit={(form) => navigate({ to: "/schedules/$name/edit", params: { name: needed(form, "name") } })}
      >
        <TextField
          label="Name"
          name="name"
          required
          maxLength={100}
          hint="such as payments-primary"
          autoFocus
        />
      </FormDialog>
    </>
  );
}
