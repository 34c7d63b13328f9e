/** Several names in one field, separated by commas, with those that are known to choose from. */
import { useId, useState } from "react";
import { TextField } from "@/ui/form";
import { namesIn } from "./draft";

interface NamesProps {
  label: string;
  hint?: string;
  path: string;
  value: string[];
  known?: string[];
  onChange: (names: string[]) => void;
}

export function Names({
  label,
  hint = "separated by commas",
  path,
  value,
  known = [],
  onChange,
}: NamesProps) {
  const id = useId();
  const [typed, setTyped] = useState(value.join(", "));
  // What is typed stays as it is, unless the names were changed from elsewhere.
  const shown = namesIn(typed).join() === value.join() ? typed : value.join(", ");
  return (
    <>
      <TextField
        label={label}
        hint={hint}
        path={path}
        value={shown}
        list={known.length > 0 ? id : undefined}
        autoComplete="off"
        autoCapitalize="none"
        spellCheck={false}
        onChange={({ target }) => {
          setTyped(target.value);
          onChange(namesIn(target.value));
        }}
      />
      {known.length > 0 ? (
        <datalist id={id}>
          {known.map((name) => (
            <option key={name} value={[...value.slice(0, -1), name].join(", ")} />
          ))}
        </datalist>
      ) : null}
    </>
  );
}
