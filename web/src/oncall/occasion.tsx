/** What an escalation is looked at for, and who would be paged then if nobody answered. */
import { useInfiniteQuery, useQuery } from "@tanstack/react-query";
import { useId } from "react";
import * as queries from "@/api/queries";
import type { EscalationPreview } from "@/api/types";
import { nowMs } from "@/ui/clock";
import { SelectField, TextField } from "@/ui/form";
import { SEVERITIES } from "@/ui/severity";
import { Time, useZone } from "@/ui/time";
import { Warnings } from "@/ui/warnings";
import { instantOf, wallClock } from "@/ui/zoned";
import { labelSets, type Occasion } from "./occasion-search";
import { PlannedPages } from "./planned";

export function OccasionFields({
  occasion: { at, severity = 1, labels, service },
  onChoose,
}: {
  occasion: Occasion;
  onChoose: (change: Occasion) => void;
}) {
  const zone = useZone();
  const id = useId();
  const services = useQuery(queries.services()).data?.items ?? [];
  const alerts = useInfiniteQuery({
    ...queries.alerts(`service:${service}`),
    enabled: service !== undefined,
  });
  const known = service ? labelSets(alerts.data?.pages.flatMap(({ items }) => items) ?? []) : [];
  return (
    <div className="mb-4 grid gap-4 sm:grid-cols-2">
      <TextField
        label="If it happened"
        type="datetime-local"
        hint={at ? `In ${zone} time` : `Now, in ${zone} time`}
        value={wallClock(at ? Date.parse(at) : nowMs(), zone)}
        onChange={({ target: { value } }) =>
          onChoose({ at: value ? new Date(instantOf(value, zone)).toISOString() : undefined })
        }
      />
      <SelectField
        label="With severity"
        value={severity}
        onChange={({ target: { value } }) => onChoose({ severity: Number(value) })}
      >
        {SEVERITIES.map(({ level, name: word }) => (
          <option key={level} value={level}>
            {level} {word}
          </option>
        ))}
      </SelectField>
      <SelectField
        label="About the service"
        value={service ?? ""}
        onChange={({ target: { value } }) => onChoose({ service: value || undefined })}
      >
        <option value="">none in particular</option>
        {services.map(({ name }) => (
          <option key={name}>{name}</option>
        ))}
      </SelectField>
      <TextField
        label="With labels"
        hint={known.length > 0 ? `Its last alerts had some: ${known[0]}` : "As team:payments,env:prod"}
        list={`${id}labels`}
        value={labels ?? ""}
        onChange={({ target: { value } }) => onChoose({ labels: value || undefined })}
      />
      <datalist id={`${id}labels`}>
        {known.map((set) => (
          <option key={set} value={set} />
        ))}
      </datalist>
    </div>
  );
}

/** Who is paged, and what happens besides. */
export function Paged({ preview, at }: { preview: EscalationPreview; at: string | undefined }) {
  const { pages, warnings, skipped, told, second_sets, management } = preview;
  const zone = useZone();
  const start = at ?? pages[0]?.at ?? "";
  return (
    <>
      <Warnings warnings={warnings.map((warning) => withClocks(warning, zone))} />
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
          ...management.map(({ at, user }) => ({ at, text: `The management chain asks ${user}` })),
        ]}
      />
    </>
  );
}

/** A sentence of the server with its instants by the reader's clock. */
function withClocks(sentence: string, zone: string): string {
  return sentence.replace(/\d{4}-\d\d-\d\dT[\d:.]+Z/g, (at) =>
    wallClock(Date.parse(at), zone).replace("T", " "),
  );
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
