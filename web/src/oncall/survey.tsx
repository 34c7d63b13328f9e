/** How heavy my shifts were: one tap each, with a comment for those who want to say more. */
import { useQuery, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { toast } from "sonner";
import { post } from "@/api/client";
import { explain } from "@/api/problem";
import * as queries from "@/api/queries";
import type { LoadSurvey } from "@/api/types";
import { Panel } from "@/ui/block";
import { Button } from "@/ui/button";
import { FormDialog } from "@/ui/dialog";
import { filled, TextAreaField } from "@/ui/form";
import { Time } from "@/ui/time";

const WORDS = ["light", "fine", "busy", "hard", "too much"];

/** Shifts that nobody has spoken of yet; nothing where there are none. */
export function Surveys() {
  const surveys = useQuery(queries.loadSurveys());
  const [said, setSaid] = useState<LoadSurvey | null>(null);
  const open = (surveys.data?.items ?? []).filter(({ score }) => score === null);
  return (
    <>
      {open.length > 0 ? (
        <Panel title="How heavy was your shift?" flush>
          <ul className="divide-y">
            {open.map((survey) => (
              <Row key={survey.id} survey={survey} onSaid={setSaid} />
            ))}
          </ul>
        </Panel>
      ) : null}
      {said ? <CommentDialog survey={said} onOpenChange={() => setSaid(null)} /> : null}
    </>
  );
}

function Row({ survey, onSaid }: { survey: LoadSurvey; onSaid: (survey: LoadSurvey) => void }) {
  const client = useQueryClient();
  const say = async (score: number) => {
    try {
      const said = await post("/load-surveys/{id}/answer", { path: { id: survey.id }, body: { score } });
      const add = { label: "Add a comment", onClick: () => onSaid(said) };
      toast.success(`You said: ${score}, ${WORDS[score - 1]}.`, { action: add });
    } catch (error) {
      toast.error(explain(error));
    }
    await client.invalidateQueries({ queryKey: ["planning", "load-surveys"] });
  };
  return (
    <li className="flex flex-wrap items-center gap-x-3 gap-y-2 px-4 py-3">
      <p className="min-w-0 flex-1 basis-48">
        <strong className="font-semibold">{survey.schedule}</strong>
        <span className="block text-13 text-muted">
          <Time at={survey.from} show="clock" focusable /> to <Time at={survey.to} show="clock" focusable />
        </span>
      </p>
      <div className="flex flex-wrap gap-2">
        {WORDS.map((words, place) => (
          <Button key={words} onClick={() => void say(place + 1)}>
            {place + 1} {words}
          </Button>
        ))}
      </div>
    </li>
  );
}

function CommentDialog({ survey, onOpenChange }: { survey: LoadSurvey; onOpenChange: () => void }) {
  const submit = async (form: FormData) => {
    const body = { score: survey.score ?? 3, comment: filled(form, "comment") ?? "" };
    await post("/load-surveys/{id}/answer", { path: { id: survey.id }, body });
    toast.success("Saved.");
  };
  return (
    <FormDialog
      open
      onOpenChange={onOpenChange}
      title="How heavy was your shift?"
      description="You and those who lead you see it."
      submit="Save"
      onSubmit={submit}
    >
      <TextAreaField label="Comment" name="comment" rows={3} maxLength={1000} defaultValue={survey.comment} />
    </FormDialog>
  );
}
