/** Checking in as on-call, in one step: where several have the shift, instead of whom. */
import { keepPreviousData, useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { post, remove } from "@/api/client";
import * as queries from "@/api/queries";
import type { NewOverride } from "@/api/types";
import { offerUndo } from "@/shell/undo";
import { useDebounced } from "@/ui/debounced";
import { FormDialog } from "@/ui/dialog";
import { filled, needed, SelectField, TextField } from "@/ui/form";
import { Time } from "@/ui/time";
import { Balance } from "./balance";
import { useReplan } from "./replan";

export function TakeDialog({ me, onOpenChange }: { me: string; onOpenChange: () => void }) {
  const replan = useReplan();
  const schedules = useQuery(queries.onCall()).data?.items ?? [];
  const [chosen, setChosen] = useState("");
  const schedule = schedules.find((each) => each.schedule === chosen) ?? schedules[0];
  const people = [...new Set(schedule?.on_call.map(({ user }) => user))];
  const [place, setPlace] = useState("");
  const [length, setLength] = useState("4h");
  const preview = usePlanned(schedule?.schedule ?? "", { for: length, split: true, ...instead(place) });
  const submit = async (form: FormData) => {
    const name = needed(form, "schedule");
    const taken = await post("/schedules/{name}/take", {
      path: { name },
      body: {
        for: needed(form, "for"),
        reason: filled(form, "reason") ?? "",
        ...instead(place),
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
        onChange={({ target }) => {
          setChosen(target.value);
          setPlace("");
        }}
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
          value={place}
          onChange={({ target }) => setPlace(target.value)}
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
      <TextField
        label="For how long"
        name="for"
        required
        value={length}
        onChange={({ target }) => setLength(target.value)}
        hint="Such as 90m, 4h or 2d"
      />
      <TextField label="Reason (optional)" name="reason" maxLength={500} />
      {preview ? (
        <>
          <Balance people={preview.people} />
          <p className="text-13 text-muted">
            From now to <Time at={preview.to} />, as it is planned.
          </p>
        </>
      ) : null}
    </FormDialog>
  );
}

/** What taking it would change; nothing while it could not be taken like this. */
function usePlanned(name: string, wanted: NewOverride) {
  const asked = useDebounced(JSON.stringify(wanted));
  return useQuery({
    queryKey: ["schedules", name, "override-preview", asked],
    queryFn: ({ signal }) =>
      post("/schedules/{name}/overrides/preview", { path: { name }, body: JSON.parse(asked), signal }),
    enabled: name !== "",
    placeholderData: keepPreviousData,
    retry: false,
  }).data;
}

/** Whose place is taken, where several have the shift. */
function instead(place: string) {
  if (place === "") return {};
  return place === EVERYBODY ? { everybody: true } : { instead_of: place };
}

/** No name: the names of people have no stars. */
const EVERYBODY = "*";
