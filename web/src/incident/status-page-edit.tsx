/** The editor of a status page: its words and components, and beside them the page as it would look. */
import { keepPreviousData, useQuery } from "@tanstack/react-query";
import { getRouteApi } from "@tanstack/react-router";
import { Trash2 } from "lucide-react";
import { post } from "@/api/client";
import * as queries from "@/api/queries";
import { type Document, list, text, withField } from "@/oncall/document";
import type { Edit, Kind } from "@/oncall/edit";
import { Editable, Editor, Refusal } from "@/oncall/editor";
import { Empty, Loading, Panel } from "@/ui/block";
import { Button } from "@/ui/button";
import { useDebounced } from "@/ui/debounced";
import { FaultAt } from "@/ui/fault-place";
import { SelectField, TextField } from "@/ui/form";
import { Grip, MoveButtons, type Order, OrderStatus, orderGrip, orderItem, useOrder } from "@/ui/order";
import { ZoneField } from "@/ui/zone-field";
import {
  addComponent,
  changeComponent,
  componentsOf,
  moveComponent,
  removeComponent,
  SHOWN_AS,
  STATE_WORDS,
  shownAs,
  withShownAs,
} from "./status-page";

const route = getRouteApi("/status-pages/$name/edit");
const STATUS_PAGE: Kind = {
  collection: "status-pages",
  noun: "status page",
  screen: "/status-pages",
  home: "/status-pages",
  harmless: "Nobody outside sees",
};

export default function StatusPageEditScreen() {
  const { name } = route.useParams();
  return (
    <Editable kind={STATUS_PAGE} name={name} blank={{ name }}>
      {(edit) => <StatusPageEditor edit={edit} />}
    </Editable>
  );
}

function StatusPageEditor({ edit }: { edit: Edit }) {
  const { document, change } = edit;
  const preview = usePreview(edit.name, document);
  const components = componentsOf(document);
  const order = useOrder({
    count: components.length,
    name: (at) => text(components[at]?.name) || `component ${at + 1}`,
    onMove: (from, to) => change(moveComponent(document, from, to)),
  });
  return (
    <Editor edit={edit} refused={preview.error} beside={<Preview preview={preview} />} stays>
      <Words document={document} name={edit.name} onChange={change} />
      <Panel title="Components">
        <OrderStatus order={order} />
        <FaultAt path="components" />
        {components.length === 0 ? (
          <Empty title="No component yet">
            <p>A component is something that those outside know by name, such as “Paying”.</p>
          </Empty>
        ) : null}
        <ol className="mb-4 flex flex-col gap-4">
          {components.map((component, at) => (
            <ComponentForm
              // biome-ignore lint/suspicious/noArrayIndexKey: a component is its place, and its fields change.
              key={at}
              at={at}
              component={component}
              order={order}
              onChange={(field, value) => change(changeComponent(document, at, field, value))}
              onRemove={() => change(removeComponent(document, at))}
            />
          ))}
        </ol>
        <Button onClick={() => change(addComponent(document))}>Add a component</Button>
      </Panel>
      <Severities document={document} onChange={change} />
    </Editor>
  );
}

function Words({
  document,
  name,
  onChange,
}: {
  document: Document;
  name: string;
  onChange: (document: Document) => void;
}) {
  const field = (label: string, key: string, hint?: string) => (
    <TextField
      label={label}
      path={key}
      value={text(document[key])}
      {...(hint ? { hint } : {})}
      onChange={({ target }) => onChange(withField(document, key, target.value))}
    />
  );
  return (
    <Panel title="What it is">
      <div className="grid gap-4 sm:grid-cols-2">
        {field("Title", "title", "default: the organisation's name")}
        {field("Address", "slug", `/status/${text(document.slug) || name}`)}
        {field("Description", "description")}
        <SelectField
          label="Who may see it"
          path="visibility"
          value={text(document.visibility) || "public"}
          onChange={({ target }) => onChange(withField(document, "visibility", target.value))}
        >
          <option value="public">everybody</option>
          <option value="private">whoever is signed in</option>
        </SelectField>
        <ZoneField
          label="Time zone"
          hint="of its days; default: the organisation's"
          path="timezone"
          value={text(document.timezone)}
          onChange={({ target }) => onChange(withField(document, "timezone", target.value))}
        />
        <label className="tap inline-flex items-center gap-2 self-start sm:col-span-2">
          <input
            type="checkbox"
            checked={document.automatic === true}
            onChange={({ target }) => onChange(withField(document, "automatic", target.checked || undefined))}
          />
          Open incidents that nobody published change the state of components, too
        </label>
      </div>
    </Panel>
  );
}

function ComponentForm({
  at,
  component,
  order,
  onChange,
  onRemove,
}: {
  at: number;
  component: Document;
  order: Order;
  onChange: (field: string, value: unknown) => void;
  onRemove: () => void;
}) {
  const services = useQuery(queries.services()).data?.items ?? [];
  const chosen = list(component.services).map(text);
  const path = `components[${at}]`;
  const title = text(component.name) || `Component ${at + 1}`;
  const free = services.filter((service) => !chosen.includes(service.name));
  return (
    <li {...orderItem(order, at)} aria-label={title} data-path={path} className="rounded-md border">
      <div {...orderGrip(order, at)} className="flex cursor-grab items-center gap-1 border-b py-1 pr-2 pl-3">
        <Grip />
        <h3 className="min-w-0 flex-1 truncate font-semibold">{title}</h3>
        <MoveButtons order={order} index={at} />
        <Button emphasis="quiet" className="px-2!" aria-label={`Remove ${title}`} onClick={onRemove}>
          <Trash2 className="size-4" aria-hidden="true" />
        </Button>
      </div>
      <div className="grid gap-4 p-3 sm:grid-cols-2">
        <FaultAt path={path} />
        <TextField
          label="Public name"
          path={`${path}.name`}
          value={text(component.name)}
          onChange={({ target }) => onChange("name", target.value)}
        />
        <TextField
          label="Heading"
          path={`${path}.group`}
          value={text(component.group)}
          onChange={({ target }) => onChange("group", target.value)}
        />
        <TextField
          label="Description"
          path={`${path}.description`}
          value={text(component.description)}
          onChange={({ target }) => onChange("description", target.value)}
        />
        <div className="flex flex-col gap-1">
          <SelectField
            label="Services behind it"
            path={`${path}.services`}
            value=""
            onChange={({ target }) => onChange("services", [...chosen, target.value])}
          >
            <option value="">add one…</option>
            {free.map((service) => (
              <option key={service.name}>{service.name}</option>
            ))}
          </SelectField>
          <ul className="flex flex-wrap gap-1">
            {chosen.map((service) => (
              <li key={service}>
                <Button
                  aria-label={`${title}: without ${service}`}
                  onClick={() =>
                    onChange(
                      "services",
                      chosen.filter((one) => one !== service),
                    )
                  }
                >
                  {service} ×
                </Button>
              </li>
            ))}
          </ul>
        </div>
      </div>
    </li>
  );
}

function Severities({ document, onChange }: { document: Document; onChange: (document: Document) => void }) {
  return (
    <Panel title="What a severity means for a component">
      <FaultAt path="shows" />
      <div className="grid gap-4 sm:grid-cols-2">
        {[1, 2, 3, 4].map((level) => (
          <SelectField
            key={level}
            label={`Severity ${level}`}
            value={shownAs(document, level)}
            onChange={({ target }) => onChange(withShownAs(document, level, target.value))}
          >
            {SHOWN_AS.map((state) => (
              <option key={state} value={state}>
                {STATE_WORDS[state].toLowerCase()}
              </option>
            ))}
            <option value="">is not shown</option>
          </SelectField>
        ))}
      </div>
    </Panel>
  );
}

function usePreview(name: string, document: Document) {
  const draft = useDebounced(JSON.stringify(document));
  return useQuery({
    queryKey: ["status-pages", name, "preview", draft],
    queryFn: ({ signal }) =>
      post("/status-pages/{name}/preview", {
        path: { name },
        body: { document: JSON.parse(draft) },
        signal,
      }),
    placeholderData: keepPreviousData,
    retry: false,
  });
}

function Preview({ preview }: { preview: ReturnType<typeof usePreview> }) {
  return (
    <Panel title="As it would look" flush>
      {preview.error ? (
        <div className="p-4">
          <Refusal error={preview.error} title="It cannot be published like this" />
        </div>
      ) : null}
      {preview.data ? (
        // Nothing in it runs, sends or leads anywhere.
        <iframe
          title="The page as it would look"
          sandbox=""
          srcDoc={preview.data.html}
          className="h-[32rem] w-full rounded-b-md"
        />
      ) : null}
      {preview.isPending ? <Loading what="the preview" /> : null}
    </Panel>
  );
}
