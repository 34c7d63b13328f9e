/** The fields of a plan that are no steps, each with what helps whoever fills it in. */
import { useQuery } from "@tanstack/react-query";
import * as queries from "@/api/queries";
import type { ChangeImpact, ChangePlan } from "@/api/types";
import { Panel } from "@/ui/block";
import { SelectField, TextAreaField, TextField } from "@/ui/form";
import { useZone } from "@/ui/time";
import { instantOf, wallClock } from "@/ui/zoned";
import { IMPACT_WORDS, words } from "./change";
import { Names } from "./names";

const BANDS = ["low", "medium", "high"] as const;
const AUTOMATIONS = ["manual", "partial", "full"] as const;
const IMPACTS = Object.keys(IMPACT_WORDS) as ChangeImpact[];

export interface FieldsProps {
  plan: ChangePlan;
  set: (part: Partial<ChangePlan>) => void;
}

export function What({ plan, set }: FieldsProps) {
  const services = useQuery(queries.services()).data?.items ?? [];
  const policy = useQuery(queries.changePolicy()).data;
  return (
    <Panel title="What">
      <div className="flex flex-col gap-4">
        <TextField
          label="Title"
          hint="one line that says what is changed"
          path="title"
          maxLength={200}
          autoComplete="off"
          value={plan.title}
          onChange={({ target }) => set({ title: target.value })}
        />
        <div className="grid gap-4 sm:grid-cols-2">
          <SelectField
            label="Service"
            hint="its tier and its team decide who must agree"
            path="service"
            value={plan.service}
            onChange={({ target }) => set({ service: target.value })}
          >
            <option value="">Choose</option>
            {services.map(({ name }) => (
              <option key={name}>{name}</option>
            ))}
          </SelectField>
          <SelectField
            label="Class"
            hint="the kind of change, as the policy names it"
            path="class"
            value={plan.class}
            onChange={({ target }) => set({ class: target.value })}
          >
            <option value="">Choose</option>
            {(policy?.classes ?? []).map((name) => (
              <option key={name}>{name}</option>
            ))}
          </SelectField>
        </div>
        <div className="grid gap-4 sm:grid-cols-2">
          <Names
            label="Other services (optional)"
            hint="changed along with it, separated by commas"
            path="also"
            value={plan.also ?? []}
            known={services.map(({ name }) => name)}
            onChange={(also) => set({ also })}
          />
          <SelectField
            label="By machine"
            hint="how much of it nobody types"
            path="automation"
            value={plan.automation ?? "manual"}
            onChange={({ target }) =>
              set({ automation: AUTOMATIONS.find((each) => each === target.value) ?? "manual" })
            }
          >
            {AUTOMATIONS.map((name) => (
              <option key={name} value={name}>
                {words(name)}
              </option>
            ))}
          </SelectField>
        </div>
      </div>
    </Panel>
  );
}

export function When({ plan, set }: FieldsProps) {
  const zone = useZone();
  const at = (value: string | null) => (value ? wallClock(Date.parse(value), zone) : "");
  const read = (wall: string) => (wall ? new Date(instantOf(wall, zone)).toISOString() : null);
  return (
    <Panel title="When">
      <div className="grid gap-4 sm:grid-cols-2">
        <TextField
          label="Begins"
          hint={`by the clocks of ${zone}; this is T+00:00`}
          path="start"
          type="datetime-local"
          value={at(plan.start)}
          onChange={({ target }) => set({ start: read(target.value) })}
        />
        <TextField
          label="Is over"
          hint="with time for the rollback"
          path="end"
          type="datetime-local"
          value={at(plan.end)}
          onChange={({ target }) => set({ end: read(target.value) })}
        />
      </div>
    </Panel>
  );
}

export function Risk({ plan, set }: FieldsProps) {
  const area = (label: string, hint: string, name: "worst_case" | "benefit" | "without") => (
    <TextAreaField
      label={label}
      hint={hint}
      path={name}
      rows={2}
      maxLength={4000}
      value={plan[name] ?? ""}
      onChange={({ target }) => set({ [name]: target.value })}
    />
  );
  return (
    <Panel title="Impact and benefit">
      <div className="flex flex-col gap-4">
        <div className="grid gap-4 sm:grid-cols-2">
          <SelectField
            label="Impact"
            hint="whom it meets at worst"
            path="impact"
            value={plan.impact ?? ""}
            onChange={({ target }) => set({ impact: IMPACTS.find((each) => each === target.value) ?? null })}
          >
            <option value="">Choose</option>
            {IMPACTS.map((name) => (
              <option key={name} value={name}>
                {IMPACT_WORDS[name]}
              </option>
            ))}
          </SelectField>
          <SelectField
            label="Confidence"
            hint="how likely it is to go well"
            path="confidence"
            value={plan.confidence ?? ""}
            onChange={({ target }) =>
              set({ confidence: BANDS.find((each) => each === target.value) ?? null })
            }
          >
            <option value="">Choose</option>
            {BANDS.map((name) => (
              <option key={name} value={name}>
                {words(name)}
              </option>
            ))}
          </SelectField>
        </div>
        {area("At worst", "the worst that can happen, and how likely that is", "worst_case")}
        {area("What is gained", "for whom, and by how much", "benefit")}
        {area("If it is not done", "what happens then, and when", "without")}
        <label className="tap flex items-center gap-2">
          <input
            type="checkbox"
            data-path="company_wide"
            checked={plan.company_wide ?? false}
            onChange={({ target }) => set({ company_wide: target.checked })}
          />
          It meets the whole company
        </label>
      </div>
    </Panel>
  );
}

export function People({ plan, set }: FieldsProps) {
  const users = useQuery(queries.users()).data?.items ?? [];
  const teams = useQuery(queries.teams()).data?.items ?? [];
  const aliases = useQuery(queries.aliases()).data?.items ?? [];
  return (
    <Panel title="People">
      <div className="flex flex-col gap-4">
        <div className="grid gap-4 sm:grid-cols-2">
          <SelectField
            label="Technician"
            hint="does the work, and never agrees to it"
            path="technician"
            value={plan.technician ?? ""}
            onChange={({ target }) => set({ technician: target.value || null })}
          >
            <option value="">I do it</option>
            {users.map(({ name, full_name: full }) => (
              <option key={name} value={name}>
                {full || name}
              </option>
            ))}
          </SelectField>
          <TextField
            label="Support after it (optional)"
            hint="the alias that answers for what comes of it; the service's own where it is empty"
            path="resolver"
            list="change-aliases"
            autoComplete="off"
            autoCapitalize="none"
            spellCheck={false}
            value={plan.resolver ?? ""}
            onChange={({ target }) => set({ resolver: target.value })}
          />
          <datalist id="change-aliases">
            {aliases.map(({ alias }) => (
              <option key={alias} value={alias} />
            ))}
          </datalist>
        </div>
        <Names
          label="Others to ask (optional)"
          hint="people and aliases, separated by commas"
          path="contacts"
          value={plan.contacts ?? []}
          known={users.map(({ name }) => name)}
          onChange={(contacts) => set({ contacts })}
        />
        <div className="grid gap-4 sm:grid-cols-2">
          <Names
            label="Customers"
            hint="teams whose services it meets, separated by commas"
            path="customers"
            value={plan.customers ?? []}
            known={teams.map(({ name }) => name)}
            onChange={(customers) => set({ customers })}
          />
          <TextField
            label="How they were told"
            path="customers_told"
            autoComplete="off"
            value={plan.customers_told ?? ""}
            onChange={({ target }) => set({ customers_told: target.value })}
          />
        </div>
        <div className="grid gap-4 sm:grid-cols-2">
          <TextField
            label="Incident (optional)"
            hint="that it is done for, by its number"
            path="incident"
            inputMode="numeric"
            autoComplete="off"
            value={plan.incident ?? ""}
            onChange={({ target }) => set({ incident: Number(target.value.replace(/\D/g, "")) || null })}
          />
          <TextField
            label="Link (optional)"
            hint="where more is to be read"
            path="link"
            type="url"
            autoComplete="off"
            value={plan.link ?? ""}
            onChange={({ target }) => set({ link: target.value })}
          />
        </div>
      </div>
    </Panel>
  );
}

export function Back({ plan, set }: FieldsProps) {
  return (
    <div className="grid items-end gap-4 sm:grid-cols-2">
      <TextField
        label="The rollback takes"
        hint="such as 15m"
        path="rollback_takes"
        autoComplete="off"
        value={plan.rollback_takes ?? ""}
        onChange={({ target }) => set({ rollback_takes: target.value || null })}
      />
      <label className="tap flex items-center gap-2 sm:pb-6">
        <input
          type="checkbox"
          data-path="rollback_tested"
          checked={plan.rollback_tested ?? false}
          onChange={({ target }) => set({ rollback_tested: target.checked })}
        />
        The rollback was tried
      </label>
    </div>
  );
}
