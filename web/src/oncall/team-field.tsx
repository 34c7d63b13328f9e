/** Whose a schedule or a policy is. */
import { useQuery } from "@tanstack/react-query";
import * as queries from "@/api/queries";
import { SelectField } from "@/ui/form";

interface TeamFieldProps {
  hint: string;
  path: string;
  value: string;
  onChange: (team: string) => void;
}

export function TeamField({ hint, path, value, onChange }: TeamFieldProps) {
  const names = (useQuery(queries.teams()).data?.items ?? []).map((team) => team.name);
  const all = value === "" || names.includes(value) ? names : [...names, value];
  return (
    <SelectField
      label="Team"
      hint={hint}
      path={path}
      value={value}
      onChange={({ target }) => onChange(target.value)}
    >
      <option value="">none</option>
      {all.map((name) => (
        <option key={name} value={name}>
          {name}
        </option>
      ))}
    </SelectField>
  );
}
