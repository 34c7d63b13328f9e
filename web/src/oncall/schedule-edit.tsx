/**
 * The schedule editor: a draft that pages nobody, with the weeks ahead as they would
 * be; then publish, undo and history. What two people changed alike is shown with
 * both texts.
 */
import { keepPreviousData, useQuery } from "@tanstack/react-query";
import { getRouteApi } from "@tanstack/react-router";
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
import { addLayer, layersOf, moveLayer, ROLES, removeLayer, shadowsOf, withLayer, withShadows } from "./rota";
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
      above={<Ahead preview={preview} />}
      beside={
        <>
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

function useDraftPreview(name: string, document: Document) {
  const draft = useDebounced(JSON.stringify(document));
  return useQuery({
    queryKey: ["schedules", name, "preview", draft],
    queryFn: ({ signal }) =>
      post("/schedules/{name}/preview", {
        path: { name },
        body: { document: JSON.parse(draft) },
        signal,
      }),
    placeholderData: keepPreviousData,
    retry: false,
  });
}

function Ahead({ preview }: { preview: ReturnType<typeof useDraftPreview> }) {
  const { data, error, isPending } = preview;
  return (
    <Panel title={`The next four weeks${data ? `, in ${data.timezone} time` : ""}`} className="mb-4" flush>
      {error ? (
        <div className="p-4">
          <Refusal error={error} title="It cannot be published like this" />
        </div>
      ) : null}
      {data ? (
        <>
          <Lanes preview={data} />
          <Consequences preview={data} />
        </>
      ) : null}
      {isPending ? <Loading what="the weeks ahead" /> : null}
    </Panel>
  );
}
