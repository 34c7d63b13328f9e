/** What a party to a change does to it, by its state; what the server asks back is asked at the field. */
import { useQueryClient } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { type ReactNode, useState } from "react";
import { toast } from "sonner";
import { post } from "@/api/client";
import { ApiError, explain } from "@/api/problem";
import type { ChangeOutcome, ChangeRecord, Fault } from "@/api/types";
import { Button, buttonClass } from "@/ui/button";
import { FormDialog } from "@/ui/dialog";
import { FaultsProvider, placeInWords } from "@/ui/fault-place";
import { filled, needed, SelectField, TextAreaField, TextField } from "@/ui/form";
import { useZone } from "@/ui/time";
import { instantOf } from "@/ui/zoned";
import { type ActionName, actionsOf, isUnderWay, mayBeEdited, OUTCOME_WORDS, words } from "./change";
import { pathOf } from "./judged";

interface Words {
  name: string;
  title: string;
  description: string;
  done: string;
  fields: (change: ChangeRecord) => ReactNode;
}

const NOTE = <TextAreaField label="Note (optional)" name="note" path="note" rows={3} maxLength={4000} />;
const outcome = (label: string, value: ChangeOutcome | null, names: ChangeOutcome[]) => (
  <SelectField label={label} name="outcome" path="outcome" defaultValue={value ?? "success"}>
    {names.map((name) => (
      <option key={name} value={name}>
        {OUTCOME_WORDS[name]}
      </option>
    ))}
  </SelectField>
);
const text = (label: string, name: string, required = true) => (
  <TextAreaField label={label} name={name} path={name} required={required} rows={3} maxLength={4000} />
);

const WORDS: Record<ActionName, Words> = {
  submit: {
    name: "Submit",
    title: "It is announced late",
    description: "Say why, and it is submitted nevertheless. Those who agree read it.",
    done: "Submitted; those who must agree are asked.",
    fields: () => text("Why is it announced late?", "excuse"),
  },
  start: {
    name: "Begin",
    title: "Begin before everybody agrees",
    description: "A fix that cannot wait is never held up. Those who must agree are asked afterwards.",
    done: "It has begun; those whom it meets are told.",
    fields: () => text("Why can it not wait?", "excuse"),
  },
  finish: {
    name: "Finish",
    title: "How did it go?",
    description: "The time of its end is now.",
    done: "Finished. Look at how things are.",
    fields: ({ state }) => (
      <>
        {state === "rolling_back"
          ? outcome("Outcome", "rolled_back", ["rolled_back", "failed"])
          : outcome("Outcome", "success", ["success", "issues", "failed"])}
        {NOTE}
      </>
    ),
  },
  abort: {
    name: "Abort",
    title: "Take it back",
    description: "The rollback begins now, and those whom it meets are told.",
    done: "It is being taken back: follow the rollback.",
    fields: () => text("Why?", "reason"),
  },
  monitor: {
    name: "Looked at",
    title: "Looked at afterwards",
    description: "Say what you saw, so that nobody has to look again.",
    done: "It counts as looked at.",
    fields: () => NOTE,
  },
  close: {
    name: "Close",
    title: "Close it",
    description: "With what is known now. Where somebody has not agreed yet, they are asked.",
    done: "Closed.",
    fields: (change) => (
      <>
        {outcome("Outcome", change.outcome, ["success", "issues", "failed", "rolled_back"])}
        {NOTE}
      </>
    ),
  },
  record: {
    name: "Record after the fact",
    title: "It was done already",
    description: "For a sev1 alone. Those who must agree are asked now.",
    done: "Recorded; those who must agree are asked.",
    fields: () => (
      <>
        <TextField label="It began" name="started_at" path="started_at" type="datetime-local" required />
        <TextField label="It was done" name="ended_at" path="ended_at" type="datetime-local" required />
        {outcome("Outcome", "success", ["success", "issues", "failed", "rolled_back"])}
      </>
    ),
  },
  cancel: {
    name: "Cancel it",
    title: "Cancel the change",
    description: "It will not be done. This cannot be taken back; a clone can be planned anew.",
    done: "Cancelled.",
    fields: ({ state }) => text("Why?", "reason", state !== "draft"),
  },
};

/** Everybody agrees, and only what is in its way asks for a word. */
const ALL_THE_SAME: Words = {
  name: "Begin all the same",
  title: "Something is in its way",
  description: "Look at what it is. It begins with your reason, which stands in its record.",
  done: WORDS.start.done,
  fields: () => text("Why does it go on all the same?", "excuse"),
};

const isAgreedTo = ({ state }: ChangeRecord) => state === "approved" || state === "scheduled";

function wordsOf(action: ActionName, change: ChangeRecord): Words {
  return action === "start" && isAgreedTo(change) ? ALL_THE_SAME : WORDS[action];
}

/** What its button says: nothing is known to be in the way of what stands in the calendar. */
function buttonName(action: ActionName, change: ChangeRecord): string {
  if (action !== "start" || change.state === "scheduled") return WORDS[action].name;
  return isAgreedTo(change) ? ALL_THE_SAME.name : "Begin now, agree after";
}

/** Sends a command; answers the change as it is then. */
async function send(change: ChangeRecord, action: ActionName, form: FormData, zone: string) {
  const path = { change: String(change.number) };
  const excuse = filled(form, "excuse");
  const note = filled(form, "note");
  const wall = (name: string) => new Date(instantOf(needed(form, name), zone)).toISOString();
  const went = () => needed(form, "outcome") as ChangeOutcome;
  switch (action) {
    case "submit":
    case "start":
      return await post(`/changes/{change}/${action}`, { path, body: { excuse } });
    case "abort":
    case "cancel":
      return await post(`/changes/{change}/${action}`, { path, body: { reason: filled(form, "reason") } });
    case "finish":
    case "close":
      return await post(`/changes/{change}/${action}`, { path, body: { outcome: went(), note } });
    case "monitor":
      return await post("/changes/{change}/monitor", { path, body: { note } });
    case "record": {
      const body = { started_at: wall("started_at"), ended_at: wall("ended_at"), outcome: went() };
      return await post("/changes/{change}/record", { path, body });
    }
  }
}

/** Asks nothing at first where usually nothing needs to be said. */
const isSentAtOnce = (action: ActionName, { state }: ChangeRecord) =>
  action === "submit" || (action === "start" && state === "scheduled");

export function Actions({ change, onRun = false }: { change: ChangeRecord; onRun?: boolean }) {
  const { asking, ask, dialog, refused, busy } = useAction(change);
  const actions = actionsOf(change).filter((name) => !onRun || name === "finish" || name === "start");
  const params = { number: String(change.number) };
  return (
    <div className="mb-4 flex flex-col gap-3">
      <div className="flex flex-wrap gap-2">
        {!onRun && change.yours && (isUnderWay(change.state) || change.state === "scheduled") ? (
          <Link to="/changes/$number/run" params={params} className={buttonClass("primary")}>
            {isUnderWay(change.state) ? "Go on step by step" : "Do it step by step"}
          </Link>
        ) : null}
        {actions.map((name, place) => (
          <Button
            key={name}
            emphasis={
              place === 0 &&
              (name !== "start" || change.state === "scheduled") &&
              (onRun || name !== "finish")
                ? "primary"
                : "plain"
            }
            disabled={busy || asking !== null}
            onClick={() => void ask(name)}
          >
            {buttonName(name, change)}
          </Button>
        ))}
        {!onRun && change.yours && mayBeEdited(change.state) ? (
          <Link to="/changes/$number/edit" params={params} className={buttonClass()}>
            Edit
          </Link>
        ) : null}
        {onRun ? null : (
          <Link to="/changes/new" search={{ from: change.number }} className={buttonClass()}>
            Clone
          </Link>
        )}
      </div>
      {refused ? <Refused error={refused} /> : null}
      {dialog}
    </div>
  );
}

function useAction(change: ChangeRecord) {
  const client = useQueryClient();
  const zone = useZone();
  const [asking, setAsking] = useState<ActionName | null>(null);
  const [faults, setFaults] = useState<Fault[]>([]);
  const [refused, setRefused] = useState<unknown>(null);
  const [busy, setBusy] = useState(false);
  const perform = async (action: ActionName, form: FormData) => {
    const now = await send(change, action, form, zone);
    client.setQueryData(["changes", "one", String(change.number)], now);
    void client.invalidateQueries({ queryKey: ["changes"] });
    toast.success(WORDS[action].done);
  };
  const ask = async (action: ActionName) => {
    setRefused(null);
    setFaults([]);
    if (!isSentAtOnce(action, change)) {
      setAsking(action);
      return;
    }
    setBusy(true);
    try {
      await perform(action, new FormData());
    } catch (error) {
      const asked = error instanceof ApiError ? error.errors.filter(({ path }) => path === "excuse") : [];
      setFaults(asked);
      if (asked.length > 0) setAsking(action);
      else setRefused(error);
    } finally {
      setBusy(false);
    }
  };
  const submit = async (form: FormData) => {
    if (!asking) return;
    try {
      await perform(asking, form);
    } catch (error) {
      const located = error instanceof ApiError ? error.errors.filter(({ path }) => form.has(path)) : [];
      setFaults(located);
      throw located.length > 0 ? new Error("It was not done: see what is said at the field.") : error;
    }
  };
  const dialog = asking ? (
    <FaultsProvider value={faults}>
      <FormDialog
        open
        onOpenChange={(open) => !open && setAsking(null)}
        title={wordsOf(asking, change).title}
        description={wordsOf(asking, change).description}
        submit={wordsOf(asking, change).name}
        onSubmit={submit}
      >
        {wordsOf(asking, change).fields(change)}
      </FormDialog>
    </FaultsProvider>
  ) : null;
  return { asking, ask, dialog, refused, busy };
}

/** Why it was not done: each place of the plan in words, or what the server says of the whole. */
function Refused({ error }: { error: unknown }) {
  const errors = error instanceof ApiError ? error.errors : [];
  return (
    <div role="alert" className="border-l-2 border-text pl-3">
      <p className="font-semibold">{errors.length > 0 ? "It was not done. First mend" : explain(error)}</p>
      <ul className="list-disc pl-5">
        {errors.map(({ path, message }) => (
          <li key={`${path} ${message}`} className="[overflow-wrap:anywhere]">
            {path ? `${words(placeInWords(pathOf(path)))}: ` : ""}
            {message}
          </li>
        ))}
      </ul>
    </div>
  );
}
