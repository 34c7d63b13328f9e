/** A dialog with a heading, a form and one clear way to go on. */
import { Dialog as Radix } from "radix-ui";
import { type FormEvent, type ReactNode, useState } from "react";
import { explain } from "@/api/problem";
import { Button } from "./button";

interface DialogProps {
  open: boolean;
  onOpenChange: (open: boolean) => void;
  title: string;
  description?: string;
  children: ReactNode;
}

export function Dialog({ open, onOpenChange, title, description, children }: DialogProps) {
  return (
    <Radix.Root open={open} onOpenChange={onOpenChange}>
      <Radix.Portal>
        <Radix.Overlay className="fixed inset-0 z-40 bg-[#000000aa]" />
        <Radix.Content
          className="fixed inset-x-0 bottom-0 z-50 max-h-[92dvh] overflow-y-auto rounded-t-md border border-edge bg-surface p-5 sm:inset-x-auto sm:top-[12vh] sm:bottom-auto sm:left-1/2 sm:max-h-[80vh] sm:w-full sm:max-w-lg sm:-translate-x-1/2 sm:rounded-md"
          {...(description ? {} : { "aria-describedby": undefined })}
        >
          <Radix.Title className="text-20 font-semibold">{title}</Radix.Title>
          {description ? (
            <Radix.Description className="mt-1 text-muted">{description}</Radix.Description>
          ) : null}
          <div className="mt-4">{children}</div>
        </Radix.Content>
      </Radix.Portal>
    </Radix.Root>
  );
}

interface FormDialogProps extends DialogProps {
  submit: string;
  /** Throws to keep the dialog open with the reason. */
  onSubmit: (form: FormData) => Promise<unknown>;
}

/** A dialog that is one form: Escape leaves it, Enter sends it, a refusal stays readable. */
export function FormDialog({ submit, onSubmit, children, ...dialog }: FormDialogProps) {
  const [busy, setBusy] = useState(false);
  const [error, setError] = useState<unknown>(null);
  const send = async (event: FormEvent<HTMLFormElement>) => {
    event.preventDefault();
    const form = new FormData(event.currentTarget);
    setBusy(true);
    setError(null);
    try {
      await onSubmit(form);
      dialog.onOpenChange(false);
    } catch (problem) {
      setError(problem);
    } finally {
      setBusy(false);
    }
  };
  return (
    <Dialog {...dialog}>
      <form onSubmit={send} className="flex flex-col gap-4">
        {children}
        {error ? (
          <p role="alert" className="border-l-2 border-text pl-3">
            {explain(error)}
          </p>
        ) : null}
        <div className="flex flex-wrap justify-end gap-2">
          <Button onClick={() => dialog.onOpenChange(false)}>Cancel</Button>
          <Button type="submit" emphasis="primary" disabled={busy}>
            {busy ? "Sending…" : submit}
          </Button>
        </div>
      </form>
    </Dialog>
  );
}
