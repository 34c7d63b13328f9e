/** One escalation policy, and whom it would page at a chosen time if nobody answered. */
import { useQuery } from "@tanstack/react-query";
import { getRouteApi } from "@tanstack/react-router";
import * as queries from "@/api/queries";
import { Panel, ScreenHead, Shown } from "@/ui/block";
import { nowMs } from "@/ui/clock";
import { SelectField, TextField } from "@/ui/form";
import { SEVERITIES } from "@/ui/severity";
import { useZone } from "@/ui/time";
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
  const { at, severity = 1 } = route.useSearch();
  const navigate = route.useNavigate();
  const preview = useQuery(queries.policyPreview(name, at, severity));
  const choose = (next: { at?: string; severity?: number }) =>
    void navigate({ search: { at, severity, ...next }, replace: true, resetScroll: false });
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
      </div>
      <Shown read={preview} what="the preview">
        {({ pages, warnings }) => {
          const start = at ?? pages[0]?.at ?? "";
          return (
            <>
              <Warnings warnings={warnings} />
              <PlannedPages
                pages={pages}
                after={(page) => Math.round((Date.parse(page.at) - Date.parse(start)) / 1000)}
              />
            </>
          );
        }}
      </Shown>
    </Panel>
  );
}
