/** A plan laid out for whoever reads it: when, whom it meets, why, and its steps with their commands. */
import type { ChangePlan, ChangeStep } from "@/api/types";
import { Code, Fact, Facts, Panel, Tag } from "@/ui/block";
import { CopyButton } from "@/ui/button";
import { count } from "@/ui/format";
import { Time } from "@/ui/time";
import { IMPACT_WORDS, instantAt, listed, words } from "./change";

const NOT_SAID = "not said yet";

/** What one must know to agree. */
export function PlanFacts({ plan, submitter }: { plan: ChangePlan; submitter: string }) {
  return (
    <Facts>
      <Fact name="When">
        {plan.start ? (
          <>
            <Time at={plan.start} focusable /> {plan.end ? "to " : null}
            {plan.end ? <Time at={plan.end} show="clock" focusable /> : null}
          </>
        ) : (
          NOT_SAID
        )}
      </Fact>
      <Fact name="Where">
        {listed([plan.service, ...(plan.also ?? [])])} <Tag>{plan.class}</Tag>
        {plan.company_wide ? <Tag>company-wide</Tag> : null}
      </Fact>
      <Fact name="Who">
        {plan.technician ?? NOT_SAID}
        {submitter === plan.technician ? null : `, for ${submitter}`}
      </Fact>
      <Fact name="Impact">{plan.impact ? IMPACT_WORDS[plan.impact] : NOT_SAID}</Fact>
      <Said name="At worst" text={plan.worst_case} />
      <Fact name="Confidence">{plan.confidence ? words(plan.confidence) : NOT_SAID}</Fact>
      <Said name="Gained" text={plan.benefit} />
      <Said name="If not done" text={plan.without} />
      <Fact name="Rollback">
        {plan.rollback_takes ? `takes ${plan.rollback_takes}` : NOT_SAID}
        {plan.rollback_tested ? ", was tried" : ", was not tried"}
      </Fact>
    </Facts>
  );
}

function Said({ name, text }: { name: string; text: string | undefined }) {
  return (
    <Fact name={name}>
      <span className="whitespace-pre-line [overflow-wrap:anywhere]">{text || NOT_SAID}</span>
    </Fact>
  );
}

/** Whom to ask, and whom it meets. */
export function PlanPeople({ plan }: { plan: ChangePlan }) {
  const { contacts = [], customers = [], customers_told: told, link, incident } = plan;
  return (
    <Facts>
      <Fact name="Support after it">
        <code>{plan.resolver || NOT_SAID}</code>
      </Fact>
      {contacts.length > 0 ? <Fact name="Others to ask">{listed(contacts)}</Fact> : null}
      <Fact name="Customers">{customers.length > 0 ? listed(customers) : "none named"}</Fact>
      {told ? <Fact name="They were told">{told}</Fact> : null}
      <Fact name="By machine">{words(plan.automation ?? "manual")}</Fact>
      {incident === null ? null : (
        <Fact name="Incident">
          <a className="link" href={`/app/incidents/${incident}`}>
            #{incident}
          </a>
        </Fact>
      )}
      {link ? (
        <Fact name="More">
          <a className="link [overflow-wrap:anywhere]" href={link} target="_blank" rel="noreferrer">
            {link}
          </a>
        </Fact>
      ) : null}
    </Facts>
  );
}

/** The steps of a timeline or a rollback. */
export function Steps({ title, steps, start }: { title: string; steps: ChangeStep[]; start: string | null }) {
  const commands = steps.map(({ command }) => command).filter(Boolean);
  return (
    <Panel
      title={title}
      flush
      aside={
        commands.length > 1 ? (
          <CopyButton text={commands.join("\n")} label={`Copy all ${commands.length} commands`} />
        ) : null
      }
    >
      {steps.length === 0 ? (
        <p className="p-4 text-muted">No step is written yet.</p>
      ) : (
        <ol className="divide-y">
          {steps.map((step, place) => (
            // biome-ignore lint/suspicious/noArrayIndexKey: two steps may be the same, and their order is what they are.
            <li key={place} className="flex flex-col gap-2 px-4 py-3">
              <StepHead step={step} start={start} />
              <StepBody step={step} name={`${title}, step ${place + 1}`} />
            </li>
          ))}
        </ol>
      )}
    </Panel>
  );
}

function StepHead({ step, start }: { step: ChangeStep; start: string | null }) {
  const at = start ? instantAt(start, step.at) : null;
  return (
    <p className="flex flex-wrap items-center gap-x-3 gap-y-1">
      <span className="font-mono font-semibold">{step.at}</span>
      {at ? <Time at={at} show="clock" focusable className="text-13 text-muted" /> : null}
      <Tag>{step.phase ?? "during"}</Tag>
      {step.monitoring ? <Tag>look</Tag> : null}
    </p>
  );
}

/** What is done, exactly what is typed, and where. */
export function StepBody({ step, name }: { step: ChangeStep; name: string }) {
  const { hosts = [] } = step;
  return (
    <>
      <p className="[overflow-wrap:anywhere] whitespace-pre-line">{step.text || NOT_SAID}</p>
      {step.command ? (
        <div className="flex flex-wrap items-start gap-2">
          <div className="min-w-0 flex-1 basis-56">
            <Code text={step.command} label={`Command of ${name}`} />
          </div>
          <CopyButton text={step.command} label={`Copy the command of ${name}`} />
        </div>
      ) : null}
      {hosts.length > 0 || step.environment ? (
        <p className="text-13 text-muted [overflow-wrap:anywhere]">
          {hosts.length > 0 ? `${count(hosts.length, "host")}: ${hosts.join(", ")}` : null}
          {hosts.length > 0 && step.environment ? " · " : null}
          {step.environment}
        </p>
      ) : null}
    </>
  );
}
