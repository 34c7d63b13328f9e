/**
 * The policy editor: steps in their order, and beside them whom the draft would page
 * at a chosen time if nobody answered; then publish, undo and history.
 */
import { keepPreviousData, useQuery } from "@tanstack/react-query";
import { getRouteApi } from "@tanstack/react-router";
import { post } from "@/api/client";
import * as queries from "@/api/queries";
import { Empty, Loading, Panel } from "@/ui/block";
import { Button } from "@/ui/button";
import { useDebounced } from "@/ui/debounced";
import { FaultAt } from "@/ui/fault-place";
import { SelectField, TextField } from "@/ui/form";
import { OrderStatus, useOrder } from "@/ui/order";
import { type Document, text, withField } from "./document";
import type { Edit, Kind } from "./edit";
import { Editable, Editor, Refusal } from "./editor";
import { addStep, moveStep, removeStep, secondSetOf, stepsOf, withSecondSet, withStep } from "./escalation";
import { OccasionFields, Paged } from "./occasion";
import { type Occasion, wholeLabels } from "./occasion-search";
import { StepForm } from "./step-form";
import { targetName } from "./targets-form";
import { TeamField } from "./team-field";

const route = getRouteApi("/policies/$name/edit");
const POLICY: Kind = {
  collection: "escalation-policies",
  noun: "escalation policy",
  screen: "/policies/$name",
  home: "/policies",
};

export default function PolicyEditScreen() {
  const { name } = route.useParams();
  return (
    <Editable kind={POLICY} name={name} blank={{ name, steps: [] }}>
      {(edit) => <PolicyEditor edit={edit} />}
    </Editable>
  );
}

function PolicyEditor({ edit }: { edit: Edit }) {
  const { name } = edit;
  const { document, change } = edit;
  const steps = stepsOf(document);
  const preview = useDraftPreview(name, document);
  const order = useOrder({
    count: steps.length,
    name: (at) => {
      const [first] = steps[at]?.targets ?? [];
      return first ? `the step that asks ${targetName(first)}` : `step ${at + 1}`;
    },
    onMove: (from, to) => change(moveStep(document, from, to)),
  });
  return (
    <Editor edit={edit} refused={preview.error} beside={<DraftPreview preview={preview} />} stays>
      <OrderStatus order={order} />
      <FaultAt path="steps" />
      {steps.length === 0 ? (
        <div className="panel">
          <Empty title="No step yet">
            <p>A step asks people or tells places. What no step answers goes to the catch-all.</p>
          </Empty>
        </div>
      ) : null}
      <ol className="flex flex-col gap-4">
        {steps.map((step, at) => (
          <StepForm
            // biome-ignore lint/suspicious/noArrayIndexKey: a step is its place, and its fields change.
            key={at}
            step={step}
            at={at}
            order={order}
            onChange={(part) => change(withStep(document, at, part))}
            onRemove={() => change(removeStep(document, at))}
          />
        ))}
      </ol>
      <div>
        <Button onClick={() => change(addStep(document))}>Add a step</Button>
      </div>
      <Afterwards document={document} name={name} onChange={change} />
    </Editor>
  );
}

/** What comes after the steps, and who owns them. */
function Afterwards({
  document,
  name,
  onChange,
}: {
  document: Document;
  name: string;
  onChange: (document: Document) => void;
}) {
  const policies = useQuery(queries.policies()).data?.items ?? [];
  const second = secondSetOf(document);
  const repeat = typeof document.repeat === "number" ? document.repeat : 0;
  return (
    <Panel title="When the steps are over">
      <div className="grid gap-4 sm:grid-cols-2">
        <TextField
          label="Go through them again"
          hint="times; then the catch-all is asked"
          type="number"
          min={0}
          path="repeat"
          value={repeat}
          onChange={({ target }) => onChange({ ...document, repeat: Number(target.value) || 0 })}
        />
        <TeamField
          hint="whose managers may change it"
          path="team"
          value={text(document.team)}
          onChange={(team) => onChange(withField(document, "team", team))}
        />
        <SelectField
          label="A second policy takes over"
          hint="when an incident is not over after long"
          path="second_set.escalation_policy"
          value={second?.policy ?? ""}
          onChange={({ target: { value } }) =>
            onChange(withSecondSet(document, value ? { after: second?.after ?? "2h", policy: value } : null))
          }
        >
          <option value="">none</option>
          {policies
            .filter((policy) => policy.name !== name)
            .map((policy) => (
              <option key={policy.name} value={policy.name}>
                {policy.name}
              </option>
            ))}
        </SelectField>
        {second ? (
          <TextField
            label="After"
            hint="from when this policy began: 2h, 1d"
            path="second_set.after"
            value={second.after}
            onChange={({ target }) => onChange(withSecondSet(document, { ...second, after: target.value }))}
          />
        ) : null}
      </div>
    </Panel>
  );
}

/** Asks the server what the draft would do on the occasion that the address names. */
function useDraftPreview(name: string, document: Document) {
  const { at, severity = 1, labels, service } = route.useSearch();
  const draft = useDebounced(JSON.stringify(document));
  const known = useDebounced(labels);
  return useQuery({
    queryKey: ["policies", name, "draft-preview", draft, at ?? "now", severity, known ?? "", service ?? ""],
    queryFn: ({ signal }) =>
      post("/escalation-policies/{name}/preview", {
        path: { name },
        body: {
          document: JSON.parse(draft),
          severity,
          labels: Object.fromEntries(wholeLabels(known)),
          ...(at ? { at } : {}),
          ...(service ? { service } : {}),
        },
        signal,
      }),
    placeholderData: keepPreviousData,
    retry: false,
  });
}

function DraftPreview({ preview }: { preview: ReturnType<typeof useDraftPreview> }) {
  const occasion = route.useSearch();
  const navigate = route.useNavigate();
  const choose = (change: Occasion) =>
    void navigate({ search: { ...occasion, ...change }, replace: true, resetScroll: false });
  return (
    <Panel title="Who is paged by this draft if nobody answers">
      <OccasionFields occasion={occasion} onChoose={choose} />
      {preview.error ? <Refusal error={preview.error} title="It cannot be published like this" /> : null}
      {preview.data ? <Paged preview={preview.data} at={occasion.at} /> : null}
      {preview.isPending ? <Loading what="the preview" /> : null}
    </Panel>
  );
}
