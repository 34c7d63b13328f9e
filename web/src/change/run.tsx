/**
 * Doing a change step by step: the planned times counted from its real beginning,
 * a tick for each step, one tap that takes it back. All of it is the record's, so
 * everybody sees it begin, go on, turn back and end, and who did what.
 */
import { useQuery, useQueryClient } from "@tanstack/react-query";
import { getRouteApi, Link } from "@tanstack/react-router";
import clsx from "clsx";
import { Square, SquareCheck } from "lucide-react";
import { useState } from "react";
import { toast } from "sonner";
import { post } from "@/api/client";
import { explain } from "@/api/problem";
import * as queries from "@/api/queries";
import type { ChangeRecord, ChangeRun, ChangeStep, ChangeTick } from "@/api/types";
import { Empty, ScreenHead, Shown, Tag } from "@/ui/block";
import { Button } from "@/ui/button";
import { useTicking } from "@/ui/clock";
import { duration } from "@/ui/format";
import { Elapsed, Time } from "@/ui/time";
import { Actions } from "./actions";
import { instantAt, isUnderWay, minutesOf, nextInWords, words } from "./change";
import { StepBody } from "./plan";
import { currentOf, drift, tickAt } from "./ticks";

const route = getRouteApi("/changes/$number/run");

export default function RunScreen() {
  const { number } = route.useParams();
  const read = useQuery(queries.change(number));
  return (
    <Shown read={read} what="the change">
      {(change) => <Run key={`${change.number} ${change.revision}`} change={change} />}
    </Shown>
  );
}

function Run({ change }: { change: ChangeRecord }) {
  const { number, plan, state, steps_done: ticks } = change;
  const client = useQueryClient();
  const [busy, setBusy] = useState(false);
  // What was taken back stays so: its run ends with the rollback.
  const goesBack = state === "rolling_back" || change.aborted_at !== null;
  const run: ChangeRun = goesBack ? "rollback" : "timeline";
  const steps = plan[run] ?? [];
  const began = goesBack ? change.aborted_at : change.started_at;
  const current = currentOf(run, steps.length, ticks);
  const toggle = async (place: number) => {
    setBusy(true);
    try {
      const now = await post("/changes/{change}/steps", {
        path: { change: String(number) },
        body: { step: place + 1, run, done: !tickAt(ticks, run, place) },
      });
      client.setQueryData(["changes", "one", String(number)], now);
    } catch (error) {
      toast.error(explain(error));
      await client.invalidateQueries({ queryKey: ["changes"] });
    } finally {
      setBusy(false);
    }
  };
  const live = isUnderWay(state) && change.yours;
  return (
    <div className="mx-auto max-w-3xl">
      <ScreenHead title={plan.title} documentTitle={`CHG-${number} ${plan.title}`}>
        <Link to="/changes/$number" params={{ number: String(number) }} className="link tap">
          CHG-{number}, the whole record
        </Link>
      </ScreenHead>
      <p className="mb-2 flex flex-wrap items-center gap-2">
        <span className="text-16 font-semibold">{words(state)}</span>
        <span>{nextInWords(change)}</span>
      </p>
      <Progress change={change} steps={steps} began={began} current={current} />
      {isUnderWay(state) ? null : <Actions change={change} onRun />}
      {state === "in_progress" && change.yours ? (
        <Abort change={change} step={steps[current]} place={current} />
      ) : null}
      {steps.length === 0 ? (
        <div className="panel">
          <Empty title="No step is written">
            <p>The plan has no {run}.</p>
          </Empty>
        </div>
      ) : (
        <ol aria-label={goesBack ? "Rollback" : "Timeline"} className="mb-4 flex flex-col gap-3">
          {steps.map((step, place) => (
            <StepRow
              // biome-ignore lint/suspicious/noArrayIndexKey: two steps may be the same, and their order is what they are.
              key={place}
              step={step}
              place={place}
              began={began}
              tick={tickAt(ticks, run, place)}
              current={isUnderWay(state) && place === current}
              busy={busy}
              toggle={live ? () => void toggle(place) : undefined}
            />
          ))}
        </ol>
      )}
      {isUnderWay(state) ? <Actions change={change} onRun /> : null}
    </div>
  );
}

/** How long it has taken against how long it was to take. */
function Progress({
  change,
  steps,
  began,
  current,
}: {
  change: ChangeRecord;
  steps: ChangeStep[];
  began: string | null;
  current: number;
}) {
  const planned = Math.max(0, ...steps.map(({ at }) => minutesOf(at) ?? 0)) * 60;
  return (
    <dl className="panel mb-4 flex flex-wrap gap-x-6 gap-y-1 p-3 [&>div]:flex [&>div]:gap-1.5 [&_dt]:text-muted">
      <div>
        <dt>Step</dt>
        <dd className="font-semibold">
          {Math.min(current + 1, steps.length)} of {steps.length}
        </dd>
      </div>
      <div>
        <dt>Elapsed</dt>
        <dd className="font-semibold">
          {began ? <Elapsed from={began} to={change.ended_at} /> : "not begun"}
        </dd>
      </div>
      <div>
        <dt>Planned up to the last step</dt>
        <dd>{duration(planned)}</dd>
      </div>
      {began ? (
        <div>
          <dt>Began</dt>
          <dd>
            <Time at={began} show="clock" focusable />
          </dd>
        </div>
      ) : change.plan.start ? (
        <div>
          <dt>Planned for</dt>
          <dd>
            <Time at={change.plan.start} focusable />
          </dd>
        </div>
      ) : null}
    </dl>
  );
}

/** One tap: nobody writes prose while something breaks, so the step it happened at is the reason. */
function Abort({
  change,
  step,
  place,
}: {
  change: ChangeRecord;
  step: ChangeStep | undefined;
  place: number;
}) {
  const client = useQueryClient();
  const [busy, setBusy] = useState(false);
  const abort = async () => {
    setBusy(true);
    const at = step ? `step ${place + 1}, ${step.at}: ${step.text}` : "the end of the timeline";
    try {
      await post("/changes/{change}/abort", {
        path: { change: String(change.number) },
        body: { reason: `Aborted at ${at}` },
      });
      toast.success("It is being taken back: follow the rollback.");
    } catch (error) {
      toast.error(explain(error));
    } finally {
      await client.invalidateQueries({ queryKey: ["changes"] });
      setBusy(false);
    }
  };
  return (
    <Button
      className="mb-4 min-h-14 w-full border-2 border-text text-16"
      disabled={busy}
      onClick={() => void abort()}
    >
      Abort: show me the rollback
    </Button>
  );
}

interface RowProps {
  step: ChangeStep;
  place: number;
  began: string | null;
  tick: ChangeTick | undefined;
  current: boolean;
  busy: boolean;
  toggle: (() => void) | undefined;
}

function StepRow({ step, place, began, tick, current, busy, toggle }: RowProps) {
  const planned = began ? instantAt(began, step.at) : null;
  return (
    <li
      aria-current={current ? "step" : undefined}
      className={clsx("panel flex flex-col gap-2 p-3", current && "border-2 border-text")}
    >
      <p className="flex flex-wrap items-center gap-x-3 gap-y-1">
        <span className="font-mono font-semibold">{step.at}</span>
        {planned ? <Time at={planned} show="clock" className="text-muted" /> : null}
        <Tag>{step.phase ?? "during"}</Tag>
        {step.monitoring ? <Tag>look</Tag> : null}
        {planned && tick ? (
          <span className="text-13 text-muted">{drift(planned, Date.parse(tick.at))}</span>
        ) : null}
        {planned && current ? <DriftNow planned={planned} /> : null}
      </p>
      <StepBody step={step} name={`step ${place + 1}`} />
      {toggle ? (
        <Button
          emphasis={current ? "primary" : "plain"}
          className="min-h-14 w-full text-16"
          aria-pressed={tick !== undefined}
          disabled={busy}
          onClick={toggle}
        >
          {tick ? (
            <SquareCheck className="size-5" aria-hidden="true" />
          ) : (
            <Square className="size-5" aria-hidden="true" />
          )}
          Step {place + 1} is done
        </Button>
      ) : null}
      {tick ? (
        <p className="text-13 text-muted">
          Done by {tick.by} · <Time at={tick.at} />
        </p>
      ) : null}
    </li>
  );
}

/** How late the step at hand is now, or how long it is until its time. */
function DriftNow({ planned }: { planned: string }) {
  const text = useTicking((now) => {
    const seconds = Math.round((Date.parse(planned) - now) / 60_000) * 60;
    return seconds > 0 ? `due in ${duration(seconds)}` : drift(planned, now).replace("on time", "due now");
  });
  return <span className="text-13 font-semibold">{text}</span>;
}
