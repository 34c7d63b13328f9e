/** One escalation policy, and whom it would page at a chosen time if nobody answered. */
import { useQuery } from "@tanstack/react-query";
import { getRouteApi } from "@tanstack/react-router";
import * as queries from "@/api/queries";
import { Panel, ScreenHead, Shown } from "@/ui/block";
import { nowMs } from "@/ui/clock";
import { SelectField, TextField } from "@/ui/form";
import { SEVERITIES } from "@/ui/severity";
import { Time, useZone } from "@/ui/time";
import { Warnings } from "@/ui/warnings";
import { instantOf, wallClock } from "@/ui/zoned";
import { PlannedPages } from "./planned";
import { Steps } from "./steps";

const route = getRouteApi("/policies/$name");

export default function PolicyScreen() {
  const { name } = route.useParams();
  const policy = useQuery(queries.policy(name));
  return (
    <Shown read={policy} what="the escalation policy">
      {(data) => (
        <>
          <ScreenHead title={data.name} />
          <div className="grid items-start gap-4 lg:grid-cols-2">
            <Panel title="Steps">
              <div className="flex flex-col gap-3">
                <Steps policy={data} />
              </div>
            </Panel>
            <Preview name={name} />
          </div>
        </>
      )}
    </Shown>
  );
}

function Preview({ name }: { name: string }) {
  const zone = useZone();
  const { at, severity = 1, labels } = route.useSearch();
  const navigate = route.useNavigate();
  const preview = useQuery(queries.policyPreview(name, at, severity, wholeLabels(labels)));
  const choose = (next: { at?: string; severity?: number; labels?: string }) =>
    void navigate({ search: { at, severity, labels, ...next }, replace: true, resetScroll: false });
  return (
    <Panel title="Who is paged if nobody answers">
      <div className="mb-4 grid gap-4 sm:grid-cols-2">
        <TextField
          label="If it happened"
          type="datetime-local"
          hint={at ? `In ${zone} time` : `Now, in ${zone} time`}
          value={wallClock(at ? Date.parse(at) : nowMs(), zone)}
          onChange={({ target: { value } }) =>
            choose({ at: value ? new Date(instantOf(value, zone)).toISOString() : undefined })
          }
        />
        <SelectField
          label="With severity"
          value={severity}
          onChange={({ target: { value } }) => choose({ severity: Number(value) })}
        >
          {SEVERITIES.map(({ level, name: word }) => (
            <option key={level} value={level}>
              {level} {word}
            </option>
          ))}
        </SelectField>
        <TextField
          label="With labels"
          hint="As team:payments,env:prod"
          value={labels ?? ""}
          onChange={({ target: { value } }) => choose({ labels: value || undefined })}
        />
      </div>
      <Shown read={preview} what="the preview">
        {({ pages, warnings, skipped, told, second_sets, management }) => {
          const start = at ?? pages[0]?.at ?? "";
          return (
            <>
              <Warnings warnings={warnings} />
              <PlannedPages
                pages={pages}
                after={(page) => Math.round((Date.parse(page.at) - Date.parse(start)) / 1000)}
              />
              <Besides
                lines={[
                  ...skipped.map(({ at, step, why }) => ({ at, text: `Step ${step} is left out: ${why}` })),
                  ...told.map(({ at, step, place }) => ({
                    at,
                    text: `Step ${step} tells ${"channel" in place ? place.channel.address : "a webhook"}`,
                  })),
                  ...second_sets.map(({ at, policy }) => ({ at, text: `${policy} takes over` })),
                  ...management.map(({ at, user }) => ({
                    at,
                    text: `The management chain asks ${user}`,
                  })),
                ]}
              />
            </>
          );
        }}
      </Shown>
    </Panel>
  );
}

/** Only whole labels are asked about, so that one may be typed letter by letter. */
function wholeLabels(text: string | undefined): string | undefined {
  const whole = (text ?? "").split(",").filter((part) => /^\s*[^:\s]+\s*:/.test(part));
  return whole.length > 0 ? whole.join(",") : undefined;
}

/** What happens beside the pages of the steps, in order. */
function Besides({ lines }: { lines: { at: string; text: string }[] }) {
  if (lines.length === 0) return null;
  const inOrder = lines.toSorted((a, b) => Date.parse(a.at) - Date.parse(b.at));
  return (
    <ul aria-label="Besides" className="mt-4 flex flex-col gap-1.5 border-t pt-3">
      {inOrder.map(({ at, text }) => (
        <li key={`${at} ${text}`}>
          <Time at={at} show="clock" className="text-muted" focusable /> {text}
        </li>
      ))}
    </ul>
  );
}
