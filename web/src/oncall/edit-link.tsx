/** The way to an editor, and to something new, for those who may plan; the server says whether it is their team's. */
import { useQuery } from "@tanstack/react-query";
import { Link, useNavigate } from "@tanstack/react-router";
import { useState } from "react";
import * as queries from "@/api/queries";
import { Button, buttonClass } from "@/ui/button";
import { FormDialog } from "@/ui/dialog";
import { needed, TextField } from "@/ui/form";

type Editor = "/schedules/$name/edit" | "/policies/$name/edit";

function useMayPlan(): boolean {
  const role = useQuery(queries.session()).data?.user.role;
  return role === "admin" || role === "manager";
}

export function EditLink({ to, name }: { to: Editor; name: string }) {
  if (!useMayPlan()) return null;
  return (
    <Link to={to} params={{ name }} className={buttonClass("plain", "no-underline")}>
      Edit
    </Link>
  );
}

/** Asks for a name, then opens the editor with it. */
export function NewButton({ to, noun, example }: { to: Editor; noun: string; example: string }) {
  const [open, setOpen] = useState(false);
  const navigate = useNavigate();
  if (!useMayPlan()) return null;
  return (
    <>
      <Button onClick={() => setOpen(true)}>New {noun}</Button>
      <FormDialog
        open={open}
        onOpenChange={setOpen}
        title={`New ${noun}`}
        submit="Go on"
        onSubmit={(form) => navigate({ to, params: { name: needed(form, "name") } })}
      >
        <TextField label="Name" name="name" required maxLength={100} hint={`such as ${example}`} autoFocus />
      </FormDialog>
    </>
  );
}
