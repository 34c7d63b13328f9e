/** Who volunteered: what each is asked to do, and letting them go with thanks. */
import { useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { toast } from "sonner";
import { explain } from "@/api/problem";
import * as queries from "@/api/queries";
import type { Helper, Incident } from "@/api/types";
import { offerUndo } from "@/shell/undo";
import { Empty } from "@/ui/block";
import { Button } from "@/ui/button";
import { FormDialog } from "@/ui/dialog";
import { filled, TextField } from "@/ui/form";
import { Time } from "@/ui/time";
import { type HelperVerb, useCommands } from "./commands";
import { isOpen } from "./moves";

export function Helpers({ incident }: { incident: Incident }) {
  const { run } = useCommands();
  const session = useQuery(queries.session());
  const open = isOpen(incident);
  const me = session.data?.user.name;
  const here = incident.helpers.filter(({ released_at }) => released_at === null);
  const gone = incident.helpers.filter(({ released_at }) => released_at !== null);
  const listed = here.some(({ user }) => user === me);
  const { awaited } = incident.clocks;
  const present = incident.clocks.present.filter(({ released_at }) => released_at === null);
  const isAwaited = awaited.some(({ user }) => user === me);
  const responds = incident.assignee === me || present.some(({ user }) => user === me);
  const offer =
    !open || listed ? null : isAwaited ? (
      <Offer words="I am here" onClick={() => void run(incident, "check-in")}>
        You were paged for this one, so you are no helper: you are waited for.
      </Offer>
    ) : responds ? (
      <p className="text-muted">You respond to this one, so you are not listed as a helper.</p>
    ) : (
      <Offer words="I can help" onClick={() => void run(incident, "helpers")} />
    );
  if (incident.helpers.length === 0) {
    return (
      <Empty title={open ? "Nobody has volunteered" : "Nobody volunteered"}>
        {open ? <p>Whoever volunteers is listed here, once, and is asked to do one thing.</p> : null}
        {offer}
      </Empty>
    );
  }
  return (
    <>
      <ul className="divide-y">
        {here.map((helper) => (
          <Helping key={helper.user} incident={incident} helper={helper} open={open} />
        ))}
        {gone.map((helper) => (
          <Released key={helper.user} incident={incident} helper={helper} open={open} />
        ))}
      </ul>
      {offer ? <div className="border-t px-4 py-3">{offer}</div> : null}
    </>
  );
}

function Offer({ words, children, onClick }: { words: string; children?: string; onClick: () => void }) {
  return (
    <>
      {children ? <p className="mb-2">{children}</p> : null}
      <Button emphasis="primary" onClick={onClick}>
        {words}
      </Button>
    </>
  );
}

interface RowProps {
  incident: Incident;
  helper: Helper;
  open: boolean;
}

function Helping({ incident, helper, open }: RowProps) {
  const act = useHelperCommand(incident, helper);
  const [asking, setAsking] = useState(false);
  const release = async () => {
    if (!(await act("release"))) return;
    offerUndo(`${helper.user} is released, with thanks.`, `${helper.user} helps again.`, () =>
      act("recall", undefined, true),
    );
  };
  return (
    <li className="flex flex-col gap-2 px-4 py-2.5">
      <p>
        <span className="font-semibold">{helper.user}</span>{" "}
        <span className={helper.task ? undefined : "text-muted"}>
          {helper.task ?? "waits for something to do"}
        </span>
      </p>
      <p className="text-13 text-muted">
        since <Time at={helper.since} show="clock" focusable />
        {helper.same_as.length > 0 ? (
          <strong className="text-text"> · {helper.same_as.join(", ")} is asked to do the same</strong>
        ) : null}
      </p>
      {open ? (
        <div className="flex flex-wrap gap-2">
          <Button onClick={() => setAsking(true)}>
            {helper.task ? `Give ${helper.user} another task` : `Give ${helper.user} a task`}
          </Button>
          <Button onClick={() => void release()}>Release {helper.user}</Button>
        </div>
      ) : null}
      <FormDialog
        open={asking}
        onOpenChange={setAsking}
        title={`What is ${helper.user} to do?`}
        description="One thing, in a sentence. They are told at once."
        submit="Ask them"
        onSubmit={(form) => act("direct", { task: filled(form, "task") ?? null }, true)}
      >
        <TextField
          label="Task"
          name="task"
          maxLength={500}
          defaultValue={helper.task ?? ""}
          hint="Left empty, what was asked is off."
        />
      </FormDialog>
    </li>
  );
}

function Released({ incident, helper, open }: RowProps) {
  const act = useHelperCommand(incident, helper);
  const recall = async () => {
    if (await act("recall")) toast.success(`${helper.user} helps again.`);
  };
  return (
    <li className="flex flex-wrap items-center justify-between gap-2 px-4 py-2.5">
      <p>
        <span className="font-semibold">{helper.user}</span>{" "}
        <span className="text-muted">
          released <Time at={helper.released_at ?? helper.since} show="clock" focusable />
          {helper.task ? `, had been asked: ${helper.task}` : ""}
        </span>
      </p>
      {open ? (
        <Button emphasis="quiet" onClick={() => void recall()}>
          Call {helper.user} back
        </Button>
      ) : null}
    </li>
  );
}

/** Does one thing to one helper; what is refused is shown, or thrown for a form to show. */
function useHelperCommand(incident: Incident, helper: Helper) {
  const { helper: send } = useCommands();
  return async (verb: HelperVerb, body?: { task: string | null }, throws = false) => {
    try {
      await send(incident, helper.user, verb, body);
      return true;
    } catch (error) {
      if (throws) throw error;
      toast.error(explain(error));
      return false;
    }
  };
}
