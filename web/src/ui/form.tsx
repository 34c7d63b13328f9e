/** Labelled inputs. Every one of them has a visible name. */
import clsx from "clsx";
import {
  type InputHTMLAttributes,
  type ReactNode,
  type SelectHTMLAttributes,
  type TextareaHTMLAttributes,
  useId,
} from "react";
import { useFaultAt } from "./fault-place";

interface FieldProps {
  label: string;
  hint?: string;
  /** Where the field is in the document that it edits; what is wrong there is said under it. */
  path?: string;
}

/** What is said under a field, and how the field refers to it. */
function useNotes({ hint, path }: { hint?: string | undefined; path?: string | undefined }) {
  const id = useId();
  const fault = useFaultAt(path);
  const described = [fault && `${id}-fault`, hint && `${id}-hint`].filter(Boolean).join(" ") || undefined;
  const attributes = {
    id,
    "aria-describedby": described,
    "aria-invalid": fault ? true : undefined,
    "data-path": path,
  };
  const notes = (
    <>
      {fault ? (
        <p id={`${id}-fault`} className="border-l-2 border-text pl-2 text-13 font-medium">
          {fault}
        </p>
      ) : null}
      {hint ? (
        <p id={`${id}-hint`} className="text-13 text-muted">
          {hint}
        </p>
      ) : null}
    </>
  );
  return { id, attributes, notes };
}

export function TextField({
  label,
  hint,
  path,
  className,
  ...rest
}: FieldProps & InputHTMLAttributes<HTMLInputElement>) {
  const { id, attributes, notes } = useNotes({ hint, path });
  return (
    <div className={clsx("flex flex-col gap-1", className)}>
      <label htmlFor={id} className="font-medium">
        {label}
      </label>
      <input className="field tap h-10 w-full" {...attributes} {...rest} />
      {notes}
    </div>
  );
}

export function SelectField({
  label,
  hint,
  path,
  className,
  children,
  ...rest
}: FieldProps & SelectHTMLAttributes<HTMLSelectElement> & { children: ReactNode }) {
  const { id, attributes, notes } = useNotes({ hint, path });
  return (
    <div className={clsx("flex flex-col gap-1", className)}>
      <label htmlFor={id} className="font-medium">
        {label}
      </label>
      <select className="field tap h-10 w-full" {...attributes} {...rest}>
        {children}
      </select>
      {notes}
    </div>
  );
}

/** A place for words of several lines. */
export function TextAreaField({
  label,
  hint,
  path,
  className,
  ...rest
}: FieldProps & TextareaHTMLAttributes<HTMLTextAreaElement>) {
  const { id, attributes, notes } = useNotes({ hint, path });
  return (
    <div className={clsx("flex flex-col gap-1", className)}>
      <label htmlFor={id} className="font-medium">
        {label}
      </label>
      <textarea className="field resize-y py-2!" {...attributes} {...rest} />
      {notes}
    </div>
  );
}

/** A place for text of many lines that is code: a payload, a configuration. */
export function CodeField({
  label,
  hint,
  path,
  className,
  ...rest
}: FieldProps & TextareaHTMLAttributes<HTMLTextAreaElement>) {
  const { id, attributes, notes } = useNotes({ hint, path });
  return (
    <div className={clsx("flex flex-col gap-1", className)}>
      <label htmlFor={id} className="font-medium">
        {label}
      </label>
      <textarea
        className="field resize-y py-2! font-mono text-13"
        spellCheck={false}
        autoCapitalize="none"
        autoComplete="off"
        {...attributes}
        {...rest}
      />
      {notes}
    </div>
  );
}

/** The trimmed text of a field that the browser does not let anybody leave empty. */
export function needed(form: FormData, name: string): string {
  return filled(form, name) ?? "";
}

/** The trimmed text of a field, or undefined if it was left empty. */
export function filled(form: FormData, name: string): string | undefined {
  const value = form.get(name);
  const text = typeof value === "string" ? value.trim() : "";
  return text || undefined;
}
