/** The way to an editor, and to something new, for those who may plan; the server says whether it is their team's. */
import { useQuery } from "@tanstack/react-query";
import { Link, useNavigate } from "@tanstack/react-router";
import { useState } from "react";
import * as queries from "@/api/queries";
import { Button, buttonClass } from "@/ui/button";
import { FormDialog } from "@/ui/dialog";
import { needed, TextField } from "@/ui/form";

type Editor = "/schedules/$name/edit" | "/policies/$name/edit" | "/status-pages/$name/edit";

function useMayPlan(adminsOnly: boolean): boolean {
  const role = useQuery(queries.session()).data?.user.role;
  return role === "admin" || (role === "manager" && !adminsOnly);
}

export function EditLink({
  to,
  name,
  adminsOnly = false,
}: {
  to: Editor;
  name: string;
  adminsOnly?: boolean;
}) {
  if (!useMayPlan(adminsOnly)) return null;
  return (
    <Link to={to} params={{ name }} className={buttonClass("plain", "no-underline")}>
      Edit
      {adminsOnly ? <span className="sr-only"> {name}</span> : null}
    </Link>
  );
}

/** Asks for a name, then opens the editor with it. */
export function NewButton({
  to,
  noun,
  example,
  adminsOnly = false,
}: {
  to: Editor;
  noun: string;
  example: string;
  adminsOnly?: boolean;
}) {
  const [open, setOpen] = useState(false);
  const navigate = useNavigate();
  if (!useMayPlan(adminsOnly)) return null;
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
