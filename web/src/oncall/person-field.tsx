/** Chooses whom to ask: a person, or an alias that always leads to whoever is on call. */
import { useQuery } from "@tanstack/react-query";
import * as queries from "@/api/queries";
import { SelectField } from "@/ui/form";

export function PersonField({
  label,
  name,
  usersOnly = false,
}: {
  label: string;
  name: string;
  usersOnly?: boolean;
}) {
  const users = useQuery(queries.users());
  const aliases = useQuery({ ...queries.aliases(), enabled: !usersOnly });
  return (
    <SelectField label={label} name={name} required defaultValue="">
      <option value="" disabled>
        Choose…
      </option>
      {usersOnly ? null : (
        <optgroup label="Whoever is on call">
          {(aliases.data?.items ?? []).map(({ alias, users: people }) => (
            <option key={alias} value={alias}>
              {alias} ({people.join(", ") || "nobody now"})
            </option>
          ))}
        </optgroup>
      )}
      <optgroup label="People">
        {(users.data?.items ?? []).map((user) => (
          <option key={user.name} value={user.name}>
            {user.full_name} ({user.name}){user.on_call.length > 0 ? ", on call now" : ""}
          </option>
        ))}
      </optgroup>
    </SelectField>
  );
}
