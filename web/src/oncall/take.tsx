/** Checking in as on-call, in one step: where several have the shift, instead of whom. */
import { useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { post, remove } from "@/api/client";
import * as queries from "@/api/queries";
import { offerUndo } from "@/shell/undo";
import { FormDialog } from "@/ui/dialog";
import { filled, needed, SelectField, TextField } from "@/ui/form";
import { useReplan } from "./replan";

export function TakeDialog({ me, onOpenChange }: { me: string; onOpenChange: () => void }) {
  const replan = useReplan();
  const schedules = useQuery(queries.onCall()).data?.items ?? [];
  const [chosen, setChosen] = useState("");
  const schedule = schedules.find((each) => each.schedule === chosen) ?? schedules[0];
  const people = [...new Set(schedule?.on_call.map(({ user }) => user))];
  const submit = async (form: FormData) => {
    const name = needed(form, "schedule");
    const place = filled(form, "instead_of");
    const taken = await post("/schedules/{name}/take", {
      path: { name },
      body: {
        for: needed(form, "for"),
        reason: filled(form, "reason") ?? "",
        ...(place === undefined ? {} : place === EVERYBODY ? { everybody: true } : { instead_of: place }),
      },
    });
    await replan();
    offerUndo(`You are on call for ${name}.`, `${name} goes on as before.`, async () => {
      if (taken.id) await remove("/schedules/{name}/overrides/{id}", { path: { name, id: taken.id } });
      await replan();
    });
  };
  return (
    <FormDialog
      open
      onOpenChange={onOpenChange}
      title="Take on-call"
      description="You are on call from now on, whoever had that time."
      submit="Take it"
      onSubmit={submit}
    >
      <SelectField
        label="Schedule"
        name="schedule"
        required
        value={schedule?.schedule ?? ""}
        onChange={({ target }) => setChosen(target.value)}
      >
        {schedules.map((each) => (
          <option key={each.schedule}>{each.schedule}</option>
        ))}
      </SelectField>
      {people.length > 1 ? (
        <SelectField
          key={schedule?.schedule}
          label="Instead of"
          name="instead_of"
          required
          defaultValue=""
          hint={`${people.join(" and ")} have it together now`}
        >
          <option value="" disabled>
            Choose…
          </option>
          {people
            .filter((user) => user !== me)
            .map((user) => (
              <option key={user} value={user}>
                {user}
              </option>
            ))}
          <option value={EVERYBODY}>all of them: everybody gives way</option>
        </SelectField>
      ) : null}
      <TextField label="For how long" name="for" required defaultValue="4h" hint="Such as 90m, 4h or 2d" />
      <TextField label="Reason (optional)" name="reason" maxLength={500} />
    </FormDialog>
  );
}

/** No name: the names of people have no stars. */
const EVERYBODY = "*";
