/**
 * The schedule editor: a draft that pages nobody, with the weeks ahead as they would
 * be; then publish, undo and history. What two people changed alike is shown with
 * both texts.
 */
import { keepPreviousData, useQuery } from "@tanstack/react-query";
import { getRouteApi } from "@tanstack/react-router";
import { useState } from "react";
import { post } from "@/api/client";
import * as queries from "@/api/queries";
import { Empty, Loading, Panel } from "@/ui/block";
import { Button } from "@/ui/button";
import { useDebounced } from "@/ui/debounced";
import { TextField } from "@/ui/form";
import { OrderStatus, useOrder } from "@/ui/order";
import { ZoneField } from "@/ui/zone-field";
import { type Document, text, withField } from "./document";
import type { Edit, Kind } from "./edit";
import { Editable, Editor, Refusal } from "./editor";
import { Consequences, Lanes } from "./lanes";
import { LayerForm } from "./layer-form";
import { type OverridePlan, OverridesForm, useOverridePlan } from "./overrides-form";
import {
  addLayer,
  layersOf,
  moveLayer,
  overridesOf,
  ROLES,
  removeLayer,
  shadowsOf,
  withLayer,
  withShadows,
} from "./rota";
import { ShadowsForm } from "./shadows-form";
import { TeamField } from "./team-field";

const route = getRouteApi("/schedules/$name/edit");
const SCHEDULE: Kind = {
  collection: "schedules",
  noun: "schedule",
  screen: "/schedules/$name",
  home: "/on-call",
};

export default function ScheduleEditScreen() {
  const { name } = route.useParams();
  return (
    <Editable kind={SCHEDULE} name={name} blank={{ name, layers: [] }}>
      {(edit) => <ScheduleEditor edit={edit} />}
    </Editable>
  );
}

function ScheduleEditor({ edit }: { edit: Edit }) {
  const { name } = edit;
  const people = useQuery(queries.users()).data?.items.map((user) => user.name) ?? [];
  const { document, change } = edit;
  const layers = layersOf(document);
  const preview = useDraftPreview(name, document);
  const plan = useOverridePlan(edit, preview.shown?.timezone ?? "UTC");
  // The layer that counts most stands first on the screen, and last in the document.
  const placeOf = (index: number) => layers.length - 1 - index;
  const order = useOrder({
    count: layers.length,
    name: (index) => `layer ${layers[placeOf(index)]?.name ?? ""}`,
    onMove: (from, to) => change(moveLayer(document, placeOf(from), placeOf(to))),
  });
  return (
    <Editor
      edit={edit}
      refused={preview.error}
      above={<Ahead preview={preview} plan={plan} />}
      beside={
        <>
          <OverridesForm plan={plan} people={people} />
          <About document={document} onChange={change} />
          <ShadowsForm
            shadows={shadowsOf(document)}
            people={people}
            onChange={(shadows) => change(withShadows(document, shadows))}
          />
        </>
      }
    >
      <OrderStatus order={order} />
      {layers.length === 0 ? (
        <div className="panel">
          <Empty title="No layer yet">
            <p>A layer is one rotation. Add one, then the people who take turns in it.</p>
          </Empty>
        </div>
      ) : null}
      <ol className="flex flex-col gap-4" data-path="layers">
        {layers
          .map((layer, at) => (
            <LayerForm
              // biome-ignore lint/suspicious/noArrayIndexKey: a layer's name is one of the fields that change.
              key={at}
              layer={layer}
              people={people}
              at={at}
              order={order}
              index={placeOf(at)}
              onChange={(part) => change(withLayer(document, at, part))}
              onRemove={() => change(removeLayer(document, at))}
            />
          ))
          .reverse()}
      </ol>
      <div>
        <Button onClick={() => change(addLayer(document, new Date().toISOString().slice(0, 10)))}>
          Add a layer
        </Button>
      </div>
    </Editor>
  );
}

function About({ document, onChange }: { document: Document; onChange: (document: Document) => void }) {
  return (
    <Panel title="Schedule">
      <div className="flex flex-col gap-4">
        <TeamField
          hint="who plans it"
          path="team"
          value={text(document.team)}
          onChange={(team) => onChange(withField(document, "team", team))}
        />
        <ZoneField
          label="Time zone"
          hint="the organisation's where empty"
          path="timezone"
          value={text(document.timezone)}
          onChange={({ target }) => onChange(withField(document, "timezone", target.value))}
        />
        <TextField
          label="On call as"
          hint="a role that policies ask, such as primary; none where empty"
          list="schedule-roles"
          autoCapitalize="none"
          path="role"
          value={text(document.role)}
          onChange={({ target }) => onChange(withField(document, "role", target.value))}
        />
        <datalist id="schedule-roles">
          {ROLES.map((role) => (
            <option key={role} value={role} />
          ))}
        </datalist>
        <label className="tap inline-flex items-center gap-2">
          <input
            type="checkbox"
            checked={document.handoff === true}
            onChange={({ target }) => onChange(withField(document, "handoff", target.checked || undefined))}
          />
          Draft a handoff when its people change
        </label>
        <p className="text-13 text-muted">
          A layer further up takes precedence over those below it. Overrides take precedence over all.
        </p>
      </div>
    </Panel>
  );
}

/** What the draft would be. What was shown last stays while the draft is not right. */
function useDraftPreview(name: string, document: Document) {
  const draft = useDebounced(JSON.stringify(document));
  const { data, error, isPending } = useQuery({
    queryKey: ["schedules", name, "preview", draft],
    queryFn: async ({ signal }) => {
      const of: Document = JSON.parse(draft);
      const body = { document: of };
      return { ...(await post("/schedules/{name}/preview", { path: { name }, body, signal })), of };
    },
    placeholderData: keepPreviousData,
    retry: false,
  });
  const [last, setLast] = useState(data);
  if (data && data !== last) setLast(data);
  return { shown: data ?? last, error, isPending };
}

function Ahead({ preview, plan }: { preview: ReturnType<typeof useDraftPreview>; plan: OverridePlan }) {
  const { shown, error, isPending } = preview;
  const [days, setDays] = useState(28);
  return (
    <Panel
      title={`The next four weeks${shown ? `, in ${shown.timezone} time` : ""}`}
      className="mb-4"
      flush
      aside={
        <label className="flex items-center gap-2 text-13">
          Drawn
          <select className="field tap" value={days} onChange={({ target }) => setDays(Number(target.value))}>
            <option value={7}>one week</option>
            <option value={14}>two weeks</option>
            <option value={28}>four weeks</option>
          </select>
        </label>
      }
    >
      {error ? (
        <div className="p-4">
          <Refusal error={error} title="It cannot be published like this" />
        </div>
      ) : null}
      {shown ? (
        <>
          <Lanes
            preview={shown}
            days={days}
            planning={{ overrides: plan.overrides, previewed: overridesOf(shown.of), moves: plan.moves }}
          />
          {error ? null : <Consequences preview={shown} />}
        </>
      ) : null}
      {isPending ? <Loading what="the weeks ahead" /> : null}
    </Panel>
  );
}
