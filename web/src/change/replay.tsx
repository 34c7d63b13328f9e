/** A policy, tried on past changes before it is switched on. */
import { Link } from "@tanstack/react-router";
import { type FormEvent, useState } from "react";
import { post } from "@/api/client";
import type { PolicyReplayed, ReplayAsked } from "@/api/types";
import { Empty, Failure, Panel, ScreenHead, Tag } from "@/ui/block";
import { Button, buttonClass } from "@/ui/button";
import { CodeField, needed } from "@/ui/form";
import { count } from "@/ui/format";
import { listed } from "./change";

const EXAMPLE = `change_policy:
  matrix:
    - { name: tier-1, tiers: [1], approvals: [peer, manager], notice: 2d }
    - { name: others, approvals: [peer], notice: none }
`;

export default function Replay() {
  const [answer, setAnswer] = useState<PolicyReplayed | null>(null);
  const [error, setError] = useState<unknown>(null);
  const [busy, setBusy] = useState(false);
  const send = async (event: FormEvent<HTMLFormElement>) => {
    event.preventDefault();
    const config = needed(new FormData(event.currentTarget), "config");
    setBusy(true);
    setError(null);
    try {
      setAnswer(await post("/changes/replay", { body: { config } }));
    } catch (problem) {
      setAnswer(null);
      setError(problem);
    } finally {
      setBusy(false);
    }
  };
  return (
    <>
      <ScreenHead title="Try a policy">
        <Link to="/changes/audit" className={buttonClass()}>
          Audit
        </Link>
      </ScreenHead>
      <form onSubmit={send} className="mb-4 flex max-w-prose flex-col gap-3">
        <CodeField
          label="Configuration"
          hint="As for muster apply; what it leaves out is as in force. Nothing is written."
          name="config"
          path="config"
          rows={10}
          required
          defaultValue={EXAMPLE}
        />
        <div>
          <Button emphasis="primary" type="submit" disabled={busy}>
            Hold it against the last 90 days
          </Button>
        </div>
      </form>
      {error ? <Failure error={error} /> : null}
      {answer ? <Answer answer={answer} /> : null}
    </>
  );
}

const FIGURES: [keyof PolicyReplayed["summary"], string][] = [
  ["more_approvals", "need more approvals"],
  ["fewer_approvals", "need fewer approvals"],
  ["late", "would be announced too late"],
  ["no_longer_late", "would be announced in time after all"],
  ["emergent", "would be emergent"],
  ["no_longer_emergent", "would not be emergent any more"],
  ["blocked", "would be held up by a window or a freeze"],
  ["no_longer_blocked", "would not be held up any more"],
  ["nobodys", "would wait for somebody whom nobody can be found for"],
];

function Answer({ answer: { summary, changes, more } }: { answer: PolicyReplayed }) {
  return (
    <div className="flex flex-col gap-4 *:min-w-0" role="status">
      <Panel
        title={`${summary.different} of ${count(summary.changes, "change")} would be asked something else`}
      >
        <p>
          {summary.approvals_would} approvals instead of {summary.approvals_were}.
        </p>
        <ul className="list-disc pl-5">
          {FIGURES.filter(([field]) => summary[field] > 0).map(([field, words]) => (
            <li key={field}>
              {summary[field]} {words}
            </li>
          ))}
        </ul>
      </Panel>
      <Panel title="Differences" flush>
        {changes.length === 0 ? (
          <Empty title="Nothing differs" />
        ) : (
          <ul className="divide-y" aria-label="Differences">
            {changes.map((one) => (
              <li key={one.number} className="flex flex-col gap-1 px-4 py-2 [overflow-wrap:anywhere]">
                <p className="flex flex-wrap items-center gap-x-2 gap-y-1">
                  <span className="font-mono text-muted">CHG-{one.number}</span>
                  <Link to="/changes/$number" params={{ number: String(one.number) }} className="link tap">
                    {one.title}
                  </Link>
                  <span className="text-13 text-muted">
                    {one.service}, {one.class}
                  </span>
                  {one.parts.map((part) => (
                    <Tag key={part}>{part}</Tag>
                  ))}
                </p>
                <p>
                  <span className="text-muted">Was</span> {inWords(one.was)}
                </p>
                <p>
                  <span className="text-muted">Would be</span> {inWords(one.would)}
                </p>
              </li>
            ))}
          </ul>
        )}
        {more > 0 ? <p className="px-4 py-2 text-muted">And {more} more.</p> : null}
      </Panel>
    </div>
  );
}

function inWords(asked: ReplayAsked): string {
  return [
    `${asked.row}: ${listed(asked.approvals) || "nobody"}`,
    `${asked.notice}${asked.announced ? "" : " (too late)"}`,
    asked.emergent ? "emergent" : "",
    ...asked.blocked,
  ]
    .filter(Boolean)
    .join(", ");
}
