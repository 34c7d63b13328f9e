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
import { changesOf, FieldsOfDeclaration, valuesOf } from "./fields";
import { SightFields, sightOf } from "./restriction";
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
  const [title, setTitle] = useState("");
  const [service, setService] = useState("");
  const [restricted, setRestricted] = useState(false);
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
        restricted: restricted ? { reason: needed(form, "reason"), ...sightOf(form) } : undefined,
      },
    });
    setTitle("");
    setService("");
    setRestricted(false);
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
        onChange={(event) => setTitle(event.target.value)}
      />
      <div className="grid gap-4 sm:grid-cols-2">
        <SelectField label="Severity (optional)" name="severity" defaultValue="">
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
          onChange={(event) => setService(event.target.value)}
        >
          <option value="">Not known yet</option>
          {(services.data?.items ?? []).map(({ name }) => (
            <option key={name}>{name}</option>
          ))}
        </SelectField>
      </div>
      <TagsField />
      <FieldsOfDeclaration />
      <label className="tap flex items-center gap-2">
        <input
          type="checkbox"
          checked={restricted}
          onChange={(event) => setRestricted(event.target.checked)}
        />
        Restricted: only those I name and those who are engaged see it
      </label>
      {restricted ? (
        <>
          <TextField
            label="Why is it restricted?"
            name="reason"
            required
            maxLength={500}
            autoComplete="off"
          />
          <SightFields />
        </>
      ) : null}
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
