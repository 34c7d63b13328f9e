/**
 * Writing a plan: every field with help, and beside them what the policy and the
 * linter say of it while one types. What is typed is kept in the browser until the
 * server has it.
 */
import { useQuery, useQueryClient } from "@tanstack/react-query";
import { useNavigate } from "@tanstack/react-router";
import { type ReactNode, useState } from "react";
import { toast } from "sonner";
import { post, put } from "@/api/client";
import { ApiError } from "@/api/problem";
import * as queries from "@/api/queries";
import type { ChangePlan, ChangeRecord, ChangeState, Fault } from "@/api/types";
import { Panel, ScreenHead } from "@/ui/block";
import { Button } from "@/ui/button";
import { useDebounced } from "@/ui/debounced";
import { FaultsProvider } from "@/ui/fault-place";
import { Faults } from "@/ui/faults";
import { TextAreaField } from "@/ui/form";
import { isWrittenStill } from "./change";
import { keepPlanDraft, type PlanDraft, planDraftOf } from "./draft";
import { Back, People, Risk, What, When } from "./fields";
import { Findings, pathOf, Quality, Requirements, Why } from "./judged";
import { StepsForm } from "./steps-form";

interface EditorProps {
  title: string;
  /** The number, or `new`. */
  name: string;
  start: PlanDraft;
  /** Where it stands; null for one that is not written yet. */
  state: ChangeState | null;
  children?: (set: (plan: ChangePlan) => void) => ReactNode;
}

export function PlanEditor({ title, name, start, state, children }: EditorProps) {
  const [kept, setKept] = useState(() => planDraftOf(name));
  const [{ plan, revision }, setDraft] = useState(kept ?? start);
  const change = (next: ChangePlan) => {
    const draft = { plan: next, revision };
    setDraft(draft);
    keepPlanDraft(name, draft);
  };
  const set = (part: Partial<ChangePlan>) => change({ ...plan, ...part });
  const discard = () => {
    keepPlanDraft(name, null);
    setKept(null);
    setDraft(start);
  };
  const check = useCheck(plan);
  const save = useSave({ name, plan, revision, state, onSaved: (now) => setDraft(now) });
  const faults = [...save.faults, ...check.faults];
  return (
    <FaultsProvider value={faults}>
      <ScreenHead title={title} />
      {kept ? (
        <div className="panel mb-4 flex flex-wrap items-center justify-between gap-2 p-3">
          <p>What you see was typed in this browser and is not saved yet.</p>
          <Button onClick={discard}>Discard it</Button>
        </div>
      ) : null}
      <div className="grid items-start gap-4 *:min-w-0 lg:grid-cols-[minmax(0,1fr)_minmax(0,24rem)]">
        <section aria-label="Plan" className="flex flex-col gap-4">
          {children?.(change)}
          <What plan={plan} set={set} />
          <When plan={plan} set={set} />
          <Risk plan={plan} set={set} />
          <StepsForm
            title="Timeline"
            help="Every step from T+00:00 with its exact command. Look at how things are before, during and after."
            path="timeline"
            steps={plan.timeline ?? []}
            onChange={(timeline) => set({ timeline })}
          />
          <StepsForm
            title="Rollback"
            help="The way back in steps of its own, which somebody else can follow at night; end with a look that it worked."
            path="rollback"
            steps={plan.rollback ?? []}
            onChange={(rollback) => set({ rollback })}
          />
          <Panel title="The way back">
            <Back plan={plan} set={set} />
          </Panel>
          <People plan={plan} set={set} />
          <SaveBar save={save} state={state} />
        </section>
        <aside
          aria-label="What the policy says"
          className="flex flex-col gap-4 lg:sticky lg:top-16 lg:max-h-[calc(100dvh-5rem)] lg:overflow-y-auto"
        >
          <Judged check={check} />
        </aside>
      </div>
    </FaultsProvider>
  );
}

/** What is asked of the server while one types, once there is enough to be asked about. */
function useCheck(plan: ChangePlan) {
  const still = useDebounced(plan);
  const enough = still.title.trim() !== "" && still.service !== "" && still.class !== "";
  const read = useQuery(queries.changeCheck(still, enough));
  const unreadable = read.error instanceof ApiError ? read.error.errors : [];
  const found = read.error ? [] : (read.data?.findings ?? []);
  const faults: Fault[] = [
    ...unreadable,
    ...found.map(({ field, text, blocking }) => ({
      path: pathOf(field),
      message: blocking ? text : `advice: ${text}`,
    })),
  ];
  return { enough, read, faults };
}

function Judged({ check: { enough, read } }: { check: ReturnType<typeof useCheck> }) {
  if (!enough) {
    return (
      <Panel title="Before you submit">
        <p className="text-muted">
          Once it has a title, a service and a class, what is missing and who must agree stand here.
        </p>
      </Panel>
    );
  }
  const { data, error } = read;
  return (
    <>
      <Panel title="Before you submit">
        <div role="status">
          {error ? (
            <Faults error={error} />
          ) : !data ? (
            <p className="text-muted">Asking…</p>
          ) : data.findings.length === 0 ? (
            <p>Nothing is missing.</p>
          ) : (
            <Findings findings={data.findings} leading />
          )}
        </div>
      </Panel>
      {data ? (
        <>
          <Panel title="Who must agree">
            <Requirements approvals={data.approvals} />
          </Panel>
          <Panel title="Why these people, why this notice">
            <Why assessment={data.assessment} />
          </Panel>
          <Panel title="Quality of the plan">
            <Quality quality={data.quality} />
          </Panel>
        </>
      ) : null}
    </>
  );
}

interface SaveOptions {
  name: string;
  plan: ChangePlan;
  revision: number;
  state: ChangeState | null;
  onSaved: (draft: PlanDraft) => void;
}

function useSave({ name, plan, revision, state, onSaved }: SaveOptions) {
  const client = useQueryClient();
  const navigate = useNavigate();
  const [busy, setBusy] = useState(false);
  const [refused, setRefused] = useState<unknown>(null);
  const [excuse, setExcuse] = useState("");
  const send = async (submit: boolean): Promise<ChangeRecord> => {
    if (state === null) return await post("/changes", { body: { plan, submit, excuse } });
    const path = { change: name };
    const saved = await put("/changes/{change}", { path, body: { plan, revision } });
    onSaved({ plan, revision: saved.revision });
    if (!submit) return saved;
    keepPlanDraft(name, { plan, revision: saved.revision });
    return await post("/changes/{change}/submit", { path, body: { excuse } });
  };
  const save = async (submit: boolean) => {
    setBusy(true);
    setRefused(null);
    try {
      const saved = await send(submit);
      keepPlanDraft(name, null);
      toast.success(submit ? "Submitted; those who must agree are asked." : "Saved.");
      await client.invalidateQueries({ queryKey: ["changes"] });
      void navigate({ to: "/changes/$number", params: { number: String(saved.number) } });
    } catch (error) {
      setRefused(error);
    } finally {
      setBusy(false);
    }
  };
  const errors = refused instanceof ApiError ? refused.errors : [];
  return {
    save,
    busy,
    refused,
    excuse,
    setExcuse,
    asksExcuse: excuse !== "" || errors.some(({ path }) => path === "excuse"),
    faults: errors.map((fault) => ({ ...fault, path: pathOf(fault.path) })),
  };
}

function SaveBar({ save, state }: { save: ReturnType<typeof useSave>; state: ChangeState | null }) {
  const submits = state === null || isWrittenStill(state);
  return (
    <div className="panel flex flex-col gap-3 p-4">
      {submits ? null : (
        <p className="text-muted">
          What people agreed to and you touched is to be agreed to again; the rest stays agreed.
        </p>
      )}
      {save.asksExcuse ? (
        <TextAreaField
          label="Why is it announced late?"
          path="excuse"
          rows={2}
          maxLength={4000}
          value={save.excuse}
          onChange={({ target }) => save.setExcuse(target.value)}
        />
      ) : null}
      {save.refused ? <Faults error={save.refused} /> : null}
      <div className="flex flex-wrap gap-2">
        {submits ? (
          <Button emphasis="primary" disabled={save.busy} onClick={() => void save.save(true)}>
            Save and submit
          </Button>
        ) : null}
        <Button
          emphasis={submits ? "plain" : "primary"}
          disabled={save.busy}
          onClick={() => void save.save(false)}
        >
          {submits ? "Save as a draft" : "Save"}
        </Button>
      </div>
    </div>
  );
}
