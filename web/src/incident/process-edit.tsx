/**
 * The process editor: what incidents of each severity ask for. Draft, publish, undo and
 * history are those of every document; a field that is left empty is what holds by default.
 */
import { useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import * as queries from "@/api/queries";
import type { Named, Processes, SeverityProcess } from "@/api/types";
import { type Document, text } from "@/oncall/document";
import type { Edit, Kind } from "@/oncall/edit";
import { Editable, Editor } from "@/oncall/editor";
import { Panel, Shown } from "@/ui/block";
import { Button } from "@/ui/button";
import { FaultAt } from "@/ui/fault-place";
import { SelectField, TextField } from "@/ui/form";
import {
  blank,
  levelOf,
  levelsOf,
  namesOf,
  rolesOf,
  withLevel,
  withProcess,
  withRole,
  written,
} from "./process";

const SEVERITIES: Kind = {
  collection: "severities",
  noun: "set of severities",
  screen: "/configuration",
  home: "/configuration",
  harmless: "No incident follows",
};

const URGENCIES = [
  ["high", "by night too: the methods for high urgency"],
  ["low", "quietly: the methods for low urgency"],
  ["none", "nobody is paged"],
] as const;

export default function ProcessEditScreen() {
  const processes = useQuery(queries.processes());
  return (
    <Shown read={processes} what="the process of each severity">
      {(known) => (
        <Editable kind={SEVERITIES} name="severities" blank={blank(known.severities)}>
          {(edit) => <ProcessEditor edit={edit} known={known} />}
        </Editable>
      )}
    </Shown>
  );
}

function ProcessEditor({ edit, known }: { edit: Edit; known: Processes }) {
  const beside = (
    <Panel title="What it is for">
      <p className="text-13 text-muted">
        An incident asks for what stands here from the moment at which it has the severity; one that is open
        already keeps what somebody holds. A field left empty is what holds by default, which stands in it in
        grey. The templates of its room, bridge and updates are tried under{" "}
        <Link to="/templates" className="link">
          Wording
        </Link>
        .
      </p>
    </Panel>
  );
  return (
    <Editor edit={edit} refused={null} beside={beside}>
      {levelsOf(edit.document, known.severities).map((level) => (
        <Level key={level} level={level} edit={edit} known={known} />
      ))}
    </Editor>
  );
}

interface LevelProps {
  level: number;
  edit: Edit;
  known: Processes;
}

function Level({ level, edit, known }: LevelProps) {
  const own = levelOf(edit.document, level);
  const holds = known.severities.find((severity) => severity.level === level);
  const set = (field: string, value: unknown) => edit.change(withLevel(edit.document, level, field, value));
  const name = text(own.name) || `Severity ${level}`;
  return (
    <Panel title={`Severity ${level}: ${name}`}>
      <div className="flex flex-col gap-5">
        <FaultAt path={String(level)} />
        <div className="grid gap-4 sm:grid-cols-2">
          <TextField
            label="Name"
            path={`${level}.name`}
            value={text(own.name)}
            onChange={({ target }) => set("name", target.value)}
          />
          <SelectField
            label="How loudly people are asked"
            path={`${level}.urgency`}
            value={text(own.urgency)}
            onChange={({ target }) => set("urgency", target.value)}
          >
            {URGENCIES.map(([urgency, words]) => (
              <option key={urgency} value={urgency}>
                {urgency}: {words}
              </option>
            ))}
          </SelectField>
          <TextField
            label="When it applies"
            className="sm:col-span-2"
            path={`${level}.definition`}
            value={text(own.definition)}
            onChange={({ target }) => set("definition", target.value || undefined)}
          />
        </div>
        <Roles level={level} edit={edit} known={known} />
        <div className="grid gap-5 sm:grid-cols-3">
          <Names {...{ level, edit, holds }} field="checklists" title="Checklists" all={known.checklists} />
          <Names
            {...{ level, edit, holds }}
            field="audiences"
            title="Who hears updates"
            all={known.audiences}
          />
          <Names
            {...{ level, edit, holds }}
            field="gates"
            title="Before it is over"
            all={known.gates.map((gate) => ({ name: gate, title: GATES[gate] ?? gate }))}
          />
        </div>
        <Lengths level={level} edit={edit} holds={holds} />
      </div>
    </Panel>
  );
}

const GATES: Record<string, string> = {
  validated: "The testers have validated it",
  signed_off: "The lead has signed it off",
};

function Roles({ level, edit, known }: LevelProps) {
  const holds = known.severities.find((severity) => severity.level === level);
  const roles = rolesOf(levelOf(edit.document, level), holds);
  const set = (next: typeof roles) => edit.change(withProcess(edit.document, level, "roles", written(next)));
  const isOwn = Array.isArray((levelOf(edit.document, level).process as Document | undefined)?.roles);
  return (
    <fieldset data-path={`${level}.process.roles`} className="min-w-0">
      <legend className="font-medium">Roles</legend>
      <FaultAt path={`${level}.process.roles`} />
      <div className="overflow-x-auto">
        <table className="w-full text-left">
          <thead className="text-13 text-muted">
            <tr>
              <th scope="col" className="py-1 pr-3 font-normal">
                Role
              </th>
              <th scope="col" className="px-1 py-1 font-normal whitespace-nowrap sm:px-2">
                Wanted
              </th>
              <th scope="col" className="px-1 py-1 font-normal whitespace-nowrap sm:px-2">
                Needed
              </th>
              <th scope="col" className="px-1 py-1 font-normal whitespace-nowrap sm:px-2">
                Paged
              </th>
            </tr>
          </thead>
          <tbody className="divide-y">
            {known.roles.map(({ name, title }) => {
              const wanted = roles.find(({ role }) => role === name);
              const box = (label: string, on: boolean, change: (on: boolean) => void, off = false) => (
                <td className="px-1 sm:px-2">
                  <label className="tap inline-flex min-h-10 min-w-10 items-center">
                    <span className="sr-only">
                      {title}, severity {level}: {label}
                    </span>
                    <input
                      type="checkbox"
                      checked={on}
                      disabled={off}
                      onChange={({ target }) => change(target.checked)}
                    />
                  </label>
                </td>
              );
              return (
                <tr key={name}>
                  <th scope="row" className="py-1 pr-3 font-normal">
                    {title}
                  </th>
                  {box("wanted", wanted !== undefined, (on) => set(withRole(roles, name, on ? {} : null)))}
                  {box(
                    "needed",
                    wanted?.required ?? false,
                    (required) => set(withRole(roles, name, { required })),
                    !wanted,
                  )}
                  {box(
                    "paged at once",
                    wanted?.engage ?? false,
                    (engage) => set(withRole(roles, name, { engage })),
                    !wanted,
                  )}
                </tr>
              );
            })}
          </tbody>
        </table>
      </div>
      {isOwn ? (
        <Button
          emphasis="quiet"
          onClick={() => edit.change(withProcess(edit.document, level, "roles", undefined))}
          aria-label={`Back to the default roles of severity ${level}`}
        >
          Back to the default
        </Button>
      ) : null}
    </fieldset>
  );
}

interface NamesProps {
  level: number;
  edit: Edit;
  holds: SeverityProcess | undefined;
  field: "checklists" | "audiences" | "gates";
  title: string;
  all: Named[];
}

function Names({ level, edit, holds, field, title, all }: NamesProps) {
  const chosen = namesOf(levelOf(edit.document, level), field, holds?.[field]);
  const toggle = (name: string, on: boolean) => {
    const next = on ? [...chosen, name] : chosen.filter((each) => each !== name);
    edit.change(withProcess(edit.document, level, field, next));
  };
  const path = `${level}.process.${field}`;
  return (
    <fieldset data-path={path} className="min-w-0">
      <legend className="font-medium">{title}</legend>
      <FaultAt path={path} />
      {all.map((one) => (
        <label key={one.name} className="tap flex min-h-10 items-center gap-2">
          <input
            type="checkbox"
            checked={chosen.includes(one.name)}
            onChange={({ target }) => toggle(one.name, target.checked)}
          />
          <span>
            {one.title}
            <span className="sr-only">, severity {level}</span>
          </span>
        </label>
      ))}
    </fieldset>
  );
}

const LENGTHS = [
  ["engage_within", "Whoever is paged checks in within", false],
  ["rotate_after", "Somebody else gets it when nothing moves for", false],
  ["acknowledgement_expires_after", "An acknowledgement holds for", false],
  ["ask_next_after", "Somebody else is asked for a role after", true],
  ["nudge_scribe_after", "Somebody is asked for news after", true],
  ["hand_over_after", "Whoever declared hands over the lead after", true],
] as const;

/** The clocks: a length such as `15m`, or `none`. */
function Lengths({ level, edit, holds }: Pick<NamesProps, "level" | "edit" | "holds">) {
  const own = levelOf(edit.document, level);
  const process = (own.process ?? {}) as Document;
  return (
    <div className="grid gap-4 sm:grid-cols-2">
      {LENGTHS.map(([field, label, isOfProcess]) => (
        <TextField
          key={field}
          label={label}
          hint={field === "acknowledgement_expires_after" ? "15m, 1h" : "15m, 1h, or none"}
          placeholder={holds?.[field] ?? "none"}
          path={isOfProcess ? `${level}.process.${field}` : `${level}.${field}`}
          value={text(isOfProcess ? process[field] : own[field])}
          onChange={({ target: { value } }) =>
            edit.change(
              isOfProcess
                ? withProcess(edit.document, level, field, value || undefined)
                : withLevel(edit.document, level, field, value || undefined),
            )
          }
        />
      ))}
    </div>
  );
}
