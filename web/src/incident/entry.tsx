/**
 * One entry of the timeline: what was said, by whom, when; its corrections beside
 * the original; where a hypothesis or a change stands, and the next step.
 */
import { useQueryClient } from "@tanstack/react-query";
import clsx from "clsx";
import { DropdownMenu } from "radix-ui";
import { useState } from "react";
import { toast } from "sonner";
import { post } from "@/api/client";
import { explain } from "@/api/problem";
import type { TimelineEntry, TimelineKind } from "@/api/types";
import { Tag } from "@/ui/block";
import { Button, buttonClass } from "@/ui/button";
import { FormDialog } from "@/ui/dialog";
import { filled, TextAreaField, TextField } from "@/ui/form";
import { Time, useZone } from "@/ui/time";
import { instantOf, wallClock } from "@/ui/zoned";
import { sentence } from "./composer";
import { EvidenceFile, EvidencePicture } from "./evidence";
import { isWritten, type StepOf, stepsOf } from "./written";

export function Entry({ number, entry }: { number: string; entry: TimelineEntry }) {
  const written = isWritten(entry.kind);
  const { corrected } = entry;
  const text = corrected?.text ?? entry.text;
  return (
    <div className={clsx("flex gap-3 px-4 py-2.5", entry.pinned && "border-l-2 border-text")}>
      <KindGlyph kind={entry.kind} />
      <div className="min-w-0 flex-1">
        <p
          className={clsx(
            "[overflow-wrap:anywhere]",
            written && "whitespace-pre-wrap",
            isTurn(entry) && "font-semibold",
          )}
        >
          {LABEL[entry.kind] ? <span className="text-muted">{LABEL[entry.kind]}: </span> : null}
          {text}
        </p>
        {corrected && corrected.text !== entry.text ? (
          <p className="text-13 text-muted [overflow-wrap:anywhere]">
            Originally: <del>{entry.text}</del>
          </p>
        ) : null}
        <Details entry={entry} />
        {entry.warnings.map((warning) => (
          <p key={warning} className="border-l-2 border-text pl-2 text-13 font-medium">
            {sentence(warning)}
          </p>
        ))}
        <Attribution entry={entry} />
        <Steps number={number} entry={entry} />
      </div>
      <EntryMenu number={number} entry={entry} />
    </div>
  );
}

function Attribution({ entry }: { entry: TimelineEntry }) {
  const { corrected } = entry;
  const moved = corrected && corrected.at !== entry.at;
  return (
    <p className="flex flex-wrap items-center gap-x-2 gap-y-0.5 text-13 text-muted">
      <span>{entry.actor.kind === "system" ? "Muster" : entry.actor.name}</span>
      <span>
        {(corrected?.approximate ?? entry.approximate) ? "about " : ""}
        <Time at={corrected?.at ?? entry.at} focusable />
      </span>
      {moved ? (
        <span>
          originally <Time at={entry.at} show="clock" />
        </span>
      ) : null}
      {entry.pinned ? <Tag>Pinned</Tag> : null}
      {(corrected?.external ?? entry.external) ? <Tag>Outside</Tag> : null}
      {entry.late ? (
        <Tag>
          Added later, <Time at={entry.recorded_at} show="clock" />
        </Tag>
      ) : null}
      {entry.corrections.length > 0 ? (
        <Tag>Corrected by {entry.corrections.at(-1)?.actor.name ?? "somebody"}</Tag>
      ) : null}
    </p>
  );
}

function Details({ entry }: { entry: TimelineEntry }) {
  const { action, hypothesis, data } = entry;
  const facts: [string, string][] = [];
  const add = (name: string, value: unknown) => {
    if (typeof value === "string" && value) facts.push([name, value]);
  };
  if (hypothesis) {
    add("State", hypothesis.state);
    add("Looks into it", hypothesis.assignee);
    add("Found", hypothesis.found);
  }
  if (action) {
    add("State", ACTION_STATE[action.state]);
    add("Why", action.why);
    add("Expected", action.expected);
    add("What came of it", action.actual);
    add("Undo", action.irreversible ? "cannot be undone" : action.undo);
    if (action.major) add("Major", "yes");
  }
  if (entry.kind === "contact") {
    add("Customer", data.customer);
    add("Reference", data.reference);
  }
  if (entry.kind === "action_item") add("Owner", data.owner ?? "nobody yet");
  const link = entry.kind === "evidence" && typeof data.link === "string" ? data.link : null;
  const attached = entry.kind === "evidence" && typeof data.attachment === "string" ? data.attachment : null;
  const file = typeof data.file === "string" ? data.file : null;
  return (
    <>
      {facts.length > 0 ? (
        <dl className="my-0.5 flex flex-wrap gap-x-4 text-13 [&_dt]:text-muted">
          {facts.map(([name, value]) => (
            <div key={name} className="flex min-w-0 gap-1.5">
              <dt className="shrink-0">{name}</dt>
              <dd className="min-w-0 [overflow-wrap:anywhere]">{value}</dd>
            </div>
          ))}
        </dl>
      ) : null}
      {link && /^https?:\/\//i.test(link) ? (
        <p className="text-13 [overflow-wrap:anywhere]">
          <a href={link} className="link" target="_blank" rel="noreferrer noopener">
            {link}
          </a>
        </p>
      ) : null}
      {attached && file ? <EvidenceFile id={attached} name={file} /> : null}
      {attached && !file ? <EvidencePicture id={attached} text={entry.text} /> : null}
    </>
  );
}

/** How to go on with a hypothesis or a change that is not over. */
function Steps({ number, entry }: { number: string; entry: TimelineEntry }) {
  const client = useQueryClient();
  const [asking, setAsking] = useState<StepOf | null>(null);
  const steps = stepsOf(entry);
  if (steps.length === 0) return null;
  const go = async (step: StepOf, text: string) => {
    const path = { incident: number, entry: entry.id };
    const after =
      step.of === "hypothesis"
        ? await post("/incidents/{incident}/hypotheses/{entry}/{step}", {
            path: { ...path, step: step.step },
            body: { text },
          })
        : await post("/incidents/{incident}/actions/{entry}/{step}", {
            path: { ...path, step: step.step },
            body: { text },
          });
    for (const warning of after.warnings) toast.warning(sentence(warning));
    await client.invalidateQueries({ queryKey: ["incident", number] });
  };
  return (
    <div className="mt-1 flex flex-wrap gap-2">
      {steps.map((step) => (
        <Button key={step.step} onClick={() => setAsking(step)} aria-label={`${step.name}: ${entry.text}`}>
          {step.name}
        </Button>
      ))}
      <FormDialog
        open={asking !== null}
        onOpenChange={(open) => !open && setAsking(null)}
        title={asking?.name ?? ""}
        description={entry.corrected?.text ?? entry.text}
        submit={asking?.name ?? ""}
        onSubmit={async (form) => asking && go(asking, filled(form, "text") ?? "")}
      >
        <TextAreaField label={asking?.asks ?? ""} name="text" rows={3} />
      </FormDialog>
    </div>
  );
}

function EntryMenu({ number, entry }: { number: string; entry: TimelineEntry }) {
  const client = useQueryClient();
  const [correcting, setCorrecting] = useState(false);
  if (["corrected", "pinned", "unpinned"].includes(entry.kind)) return null;
  const path = { incident: number, entry: entry.id };
  const pin = async () => {
    try {
      await post(`/incidents/{incident}/timeline/{entry}/${entry.pinned ? "unpin" : "pin"}`, { path });
      await client.invalidateQueries({ queryKey: ["incident", number] });
    } catch (error) {
      toast.error(explain(error));
    }
  };
  const item = "tap flex cursor-pointer items-center rounded-sm px-3 outline-none data-highlighted:bg-raised";
  return (
    <>
      <DropdownMenu.Root modal={false}>
        <DropdownMenu.Trigger
          className={buttonClass("quiet", "self-start px-2!")}
          aria-label={`More about: ${entry.text}`}
        >
          ⋯
        </DropdownMenu.Trigger>
        <DropdownMenu.Portal>
          <DropdownMenu.Content
            align="end"
            className="z-50 min-w-40 rounded-md border border-edge bg-surface p-1"
          >
            <DropdownMenu.Item className={item} onSelect={() => void pin()}>
              {entry.pinned ? "Unpin" : "Pin"}
            </DropdownMenu.Item>
            {isWritten(entry.kind) ? (
              <DropdownMenu.Item className={item} onSelect={() => setCorrecting(true)}>
                Correct…
              </DropdownMenu.Item>
            ) : null}
          </DropdownMenu.Content>
        </DropdownMenu.Portal>
      </DropdownMenu.Root>
      {correcting ? (
        <CorrectDialog number={number} entry={entry} onClose={() => setCorrecting(false)} />
      ) : null}
    </>
  );
}

function CorrectDialog({
  number,
  entry,
  onClose,
}: {
  number: string;
  entry: TimelineEntry;
  onClose: () => void;
}) {
  const client = useQueryClient();
  const zone = useZone();
  const text = entry.corrected?.text ?? entry.text;
  const at = wallClock(Date.parse(entry.corrected?.at ?? entry.at), zone);
  const send = async (form: FormData) => {
    const said = filled(form, "text");
    const when = filled(form, "at");
    const body = {
      ...(said && said !== text ? { text: said } : {}),
      ...(when && when !== at ? { at: new Date(instantOf(when, zone)).toISOString() } : {}),
    };
    const path = { incident: number, entry: entry.id };
    await post("/incidents/{incident}/timeline/{entry}/correct", { path, body });
    await client.invalidateQueries({ queryKey: ["incident", number] });
  };
  return (
    <FormDialog
      open
      onOpenChange={(open) => !open && onClose()}
      title="Correct this entry"
      description="The original stays, and both are shown."
      submit="Correct"
      onSubmit={send}
    >
      <TextAreaField label="What it should say" name="text" rows={4} defaultValue={text} />
      <TextField label="When it happened, by your clock" name="at" type="datetime-local" defaultValue={at} />
    </FormDialog>
  );
}

const LABEL: Partial<Record<TimelineKind, string>> = {
  decision: "Decision",
  contact: "Customer contact",
  evidence: "Evidence",
  action_item: "Action item",
  hypothesis: "Hypothesis",
  action: "Change",
};

const ACTION_STATE: Record<string, string> = {
  planned: "planned",
  under_way: "under way",
  done: "done",
  undone: "undone",
  dropped: "dropped",
};

/** The entries that change the course of the incident stand out by weight. */
function isTurn({ kind, action }: TimelineEntry): boolean {
  return (
    [
      "declared",
      "opened",
      "acknowledged",
      "resolved",
      "reopened",
      "exhausted",
      "page_failed",
      "decision",
    ].includes(kind) || action?.major === true
  );
}

function KindGlyph({ kind }: { kind: TimelineKind }) {
  return (
    <svg viewBox="0 0 16 16" className="mt-0.5 size-4 shrink-0 text-muted" aria-hidden="true">
      {kindShape(kind)}
    </svg>
  );
}

function kindShape(kind: TimelineKind) {
  const line = { fill: "none", stroke: "currentColor", strokeWidth: 1.8 } as const;
  switch (kind) {
    case "note":
    case "contact":
      return <path d="M3 3h10v7l-3 3H3z" {...line} />;
    case "decision":
      return <path d="M8 2 14 8 8 14 2 8z" {...line} className="text-text" />;
    case "hypothesis":
    case "hypothesis_moved":
      return <path d="M5.5 5.5a2.5 2.5 0 1 1 3.5 2.3c-.7.3-1 .8-1 1.7M8 12.5v.5" {...line} />;
    case "action":
    case "action_moved":
      return <path d="M3 13 9 7m1-4a3.5 3.5 0 0 0 3 4" {...line} />;
    case "action_item":
      return <path d="M3 3h10v10H3zM5.5 8l2 2 3.5-4" {...line} />;
    case "evidence":
      return <path d="M2 13h12M4 10V7m4 3V3m4 7V5" {...line} />;
    case "paged":
    case "step_entered":
    case "escalated":
      return <path d="M8 13V3M4 7l4-4 4 4" {...line} />;
    case "acknowledged":
    case "resolved":
    case "page_accepted":
    case "alert_resolved":
      return <path d="m3 8.5 3.5 3.5L13 4.5" {...line} className="text-text" />;
    case "page_failed":
    case "no_target":
    case "exhausted":
    case "page_declined":
      return <path d="m4 4 8 8M12 4l-8 8" {...line} className="text-text" />;
    case "declared":
    case "opened":
    case "reopened":
      return <circle cx="8" cy="8" r="5" fill="currentColor" className="text-text" />;
    default:
      return <circle cx="8" cy="8" r="2.5" fill="currentColor" />;
  }
}
