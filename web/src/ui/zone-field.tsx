/** A time zone by its name, with those that the browser knows to choose from. */
import { type InputHTMLAttributes, useId } from "react";
import { TextField } from "./form";

const ZONES = Intl.supportedValuesOf("timeZone");

interface ZoneFieldProps extends InputHTMLAttributes<HTMLInputElement> {
  label: string;
  hint?: string;
  path?: string;
}

export function ZoneField(props: ZoneFieldProps) {
  const id = useId();
  return (
    <>
      <TextField
        list={`${id}zones`}
        autoComplete="off"
        autoCapitalize="none"
        spellCheck={false}
        placeholder="Europe/Berlin"
        {...props}
      />
      <datalist id={`${id}zones`}>
        {ZONES.map((zone) => (
          <option key={zone} value={zone} />
        ))}
      </datalist>
    </>
  );
}
