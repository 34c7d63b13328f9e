/** Declares an incident. A title is enough; everything else can follow. */
import { useQuery, useQueryClient } from "@tanstack/react-query";
import { Link, useNavigate } from "@tanstack/react-router";
import { useState } from "react";
import { post } from "@/api/client";
import * as queries from "@/api/queries";
import { useDebounced } from "@/ui/debounced";
import { FormDialog } from "@/ui/dialog";
import { filled, needed, SelectField, TextField } from "@/ui/form";
import { SeverityGlyph } from "@/ui/glyph";
import { SEVERITIES } from "@/ui/severity";
import { type DeclarationDraft, declarationDraft, keepDeclarationDraft, NOTHING_DECLARED } from "./draft";
import { changesOf, FieldsOfDeclaration, valuesOf } from "./fields";
import { RestrictFields, restrictionOf } from "./restriction";
import { TagsField, tagsOf } from "./tags";

export default function Declare({
  open,
  onOpenChange,
}: {
  open: boolean;
  onOpenChange: (open: boolean) => void;
}) {
  const navigate = useNavigate();
  const client = useQueryClient();
  const services = useQuery(queries.services());
  const [draft, setDraft] = useState(declarationDraft);
  const { title, service } = draft;
  const type = (change: Partial<DeclarationDraft>) => {
    const next = { ...draft, ...change };
    setDraft(next);
    keepDeclarationDraft(next);
  };
  const report = useDebounced(open ? `${service}\n${title.trim()}` : "\n");
  const submit = async (form: FormData) => {
    const severity = filled(form, "severity");
    const incident = await post("/incidents", {
      body: {
        title: needed(form, "title"),
        service: filled(form, "service"),
        severity: severity ? Number(severity) : undefined,
        tags: tagsOf(filled(form, "tags") ?? ""),
        fields: changesOf(valuesOf(form), {}),
        restricted: restrictionOf(form),
      },
    });
    type(NOTHING_DECLARED);
    void client.invalidateQueries({ queryKey: ["incidents"] });
    void navigate({ to: "/incidents/$number", params: { number: String(incident.number) } });
  };
  return (
    <FormDialog
      open={open}
      onOpenChange={onOpenChange}
      title="Declare an incident"
      description="When in doubt, declare. With nothing but a title it counts as the worst severity and pages."
      submit="Declare"
      onSubmit={submit}
    >
      <TextField
        label="Title"
        name="title"
        required
        maxLength={250}
        autoComplete="off"
        placeholder="What people notice"
        value={title}
        onChange={(event) => type({ title: event.target.value })}
      />
      <div className="grid gap-4 sm:grid-cols-2">
        <SelectField
          label="Severity (optional)"
          name="severity"
          value={draft.severity}
          onChange={(event) => type({ severity: event.target.value })}
        >
          <option value="">Worst, until known better</option>
          {SEVERITIES.map(({ level, name }) => (
            <option key={level} value={level}>
              {level} {name}
            </option>
          ))}
        </SelectField>
        <SelectField
          label="Service (optional)"
          name="service"
          value={service}
          onChange={(event) => type({ service: event.target.value })}
        >
          <option value="">Not known yet</option>
          {(services.data?.items ?? []).map(({ name }) => (
            <option key={name}>{name}</option>
          ))}
        </SelectField>
      </div>
      <TagsField />
      <FieldsOfDeclaration />
      <RestrictFields />
      <LikelyDuplicates report={report} onOpen={() => onOpenChange(false)} />
    </FormDialog>
  );
}

/** What may be known already of what is being typed: `SERVICE\nTITLE`. It never stands in the way. */
function LikelyDuplicates({ report, onOpen }: { report: string; onOpen: () => void }) {
  const [service = "", title = ""] = report.split("\n");
  const likely = useQuery(queries.likelyDuplicates(title, service));
  const found = likely.data?.items ?? [];
  return (
    <div role="status">
      {found.length > 0 ? (
        <>
          <p className="font-medium">Is it one of these? Then open it instead.</p>
          <ul className="mt-1 flex flex-col">
            {found.map(({ incident, because }) => (
              <li key={incident.id}>
                <Link
                  to="/incidents/$number"
                  params={{ number: String(incident.number) }}
                  onClick={onOpen}
                  className="tap flex items-center gap-2 rounded py-1 hover:underline"
                >
                  <SeverityGlyph level={incident.severity} />
                  <span className="min-w-0">
                    <span className="block truncate">
                      <span className="font-mono">#{incident.number}</span> {incident.title}
                    </span>
                    <span className="block text-13 text-muted">{because.join("; ")}</span>
                  </span>
                </Link>
              </li>
            ))}
          </ul>
        </>
      ) : null}
    </div>
  );
}
