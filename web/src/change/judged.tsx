/** What the policy and the linter say of a plan: who must agree and why, what it lacks, how good it is. */
import type { ChangeApproval, ChangeAssessment, ChangeFinding, ChangeScore } from "@/api/types";
import { Tag } from "@/ui/block";
import { FaultList, placeInWords } from "@/ui/fault-place";
import { Time } from "@/ui/time";
import { listed, words } from "./change";
import { asTitle } from "./decide";

const STATE_WORDS: Record<string, string> = { given: "agreed", asked: "asked now", later: "asked later" };

export function Requirements({ approvals }: { approvals: ChangeApproval[] }) {
  if (approvals.length === 0) return <p className="text-muted">Nobody needs to agree.</p>;
  return (
    <ol className="flex flex-col gap-3">
      {approvals.map((one) => (
        <li key={`${one.stage} ${one.approver} ${one.team}`} className="[overflow-wrap:anywhere]">
          <p className="flex flex-wrap items-center gap-x-2 gap-y-1">
            <span className="font-medium">{asTitle(one)}</span>
            <Tag>{STATE_WORDS[one.state] ?? one.state}</Tag>
            {one.quorum > 1 ? (
              <span className="text-13 text-muted">
                {one.agreed} of {one.quorum}
              </span>
            ) : null}
          </p>
          <p>{one.people.length > 0 ? listed(one.people) : "falls to nobody: ask an administrator"}</p>
          <p className="text-13 text-muted">{one.because}</p>
        </li>
      ))}
    </ol>
  );
}

export function Why({ assessment }: { assessment: ChangeAssessment }) {
  const { notice_until: until } = assessment;
  return (
    <div className="flex flex-col gap-3">
      <p>
        <span className="font-medium">{words(assessment.risk)} risk</span>, tier {assessment.tier}, by row{" "}
        <code>{assessment.row}</code> of the policy.
      </p>
      <p>
        Notice: {assessment.notice}
        {assessment.exception ? `, by the exception ${assessment.exception}` : null}
        {until ? (
          <>
            , so announced until <Time at={until} focusable />
          </>
        ) : null}
        .
      </p>
      <Lines lines={assessment.because} />
      {assessment.risk_because.length > 0 ? (
        <div>
          <h3 className="font-semibold">Why that risk</h3>
          <Lines lines={assessment.risk_because} />
        </div>
      ) : null}
    </div>
  );
}

function Lines({ lines }: { lines: string[] }) {
  return (
    <ul className="list-disc pl-5">
      {lines.map((line) => (
        <li key={line} className="[overflow-wrap:anywhere]">
          {line}
        </li>
      ))}
    </ul>
  );
}

/** Where each field of the editor is that the linter names otherwise. */
export function pathOf(field: string): string {
  const path = field.replace(/^plan\./, "");
  return path === "is_rollback_tested" ? "rollback_tested" : path;
}

/** What must be mended before it can be submitted, then what would make it better. */
export function Findings({
  findings,
  leading = false,
}: {
  findings: ChangeFinding[];
  /** Whether the fields are on the screen, so that each finding leads to its own. */
  leading?: boolean;
}) {
  const part = (title: string, of: ChangeFinding[]) => {
    const faults = of.map(({ field, text }) => ({ path: pathOf(field), message: text }));
    if (of.length === 0) return null;
    return (
      <section>
        <h3 className="font-semibold">{title}</h3>
        {leading ? (
          <FaultList faults={faults} />
        ) : (
          <Lines lines={faults.map(({ path, message }) => `${words(placeInWords(path))}: ${message}`)} />
        )}
      </section>
    );
  };
  return (
    <div className="flex flex-col gap-3">
      {part(
        "Before it can be submitted",
        findings.filter(({ blocking }) => blocking),
      )}
      {part(
        "Would make it better",
        findings.filter(({ blocking }) => !blocking),
      )}
    </div>
  );
}

const POINTS_MAX = 2;

export function Quality({ quality }: { quality: ChangeScore[] }) {
  const sum = quality.reduce((all, { points }) => all + points, 0);
  return (
    <>
      <p className="font-medium">
        {sum} of {quality.length * POINTS_MAX} points
      </p>
      <ul className="grid grid-cols-2 gap-x-6 pt-1">
        {quality.map(({ field, points }) => (
          <li key={field} className="flex justify-between gap-2">
            <span>{words(field)}</span>
            <span className="font-mono">{points > 0 ? `+${points}` : points}</span>
          </li>
        ))}
      </ul>
    </>
  );
}
