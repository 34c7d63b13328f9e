/** The blocks screens are made of: headings, panels, empty states, errors, key facts. */
import clsx from "clsx";
import { type ReactNode, useEffect, useId } from "react";
import { explain } from "@/api/problem";
import { Button } from "./button";

/** The heading of a screen; names the document too. */
export function ScreenHead({
  title,
  children,
  documentTitle = title,
}: {
  title: string;
  children?: ReactNode;
  documentTitle?: string;
}) {
  useDocumentTitle(documentTitle);
  return (
    <div className="mb-4 flex flex-wrap items-center justify-between gap-x-4 gap-y-2">
      <h1 className="text-24 font-semibold">{title}</h1>
      <div className="flex flex-wrap items-center gap-2">{children}</div>
    </div>
  );
}

export function useDocumentTitle(title: string): void {
  useEffect(() => {
    document.title = `${title} · Muster`;
  }, [title]);
}

export function Panel({
  title,
  children,
  aside,
  className,
  flush = false,
}: {
  title: string;
  children: ReactNode;
  aside?: ReactNode;
  className?: string;
  /** Without padding, for lists and tables that reach the edges. */
  flush?: boolean;
}) {
  const id = useId();
  return (
    <section aria-labelledby={id} className={clsx("panel min-w-0", className)}>
      <div className="flex min-h-10 flex-wrap items-center justify-between gap-2 border-b px-4 py-2">
        <h2 id={id} className="text-14 font-semibold">
          {title}
        </h2>
        {aside}
      </div>
      <div className={flush ? undefined : "p-4"}>{children}</div>
    </section>
  );
}

/** What to do when there is nothing: a sentence and the next step. */
export function Empty({ title, children }: { title: string; children?: ReactNode }) {
  return (
    <div className="flex flex-col items-start gap-2 px-4 py-8">
      <p className="text-16 font-semibold">{title}</p>
      {children ? (
        <div className="flex w-full max-w-prose min-w-0 flex-col items-start gap-3 text-muted">
          {children}
        </div>
      ) : null}
    </div>
  );
}

export function Failure({ error, retry }: { error: unknown; retry?: () => void }) {
  return (
    <div role="alert" className="m-4 flex flex-col items-start gap-3 border-l-2 border-text pl-4">
      <p>
        <strong className="font-semibold">That did not work.</strong> {explain(error)}
      </p>
      {retry ? <Button onClick={retry}>Try again</Button> : null}
    </div>
  );
}

export function Loading({ what }: { what: string }) {
  return (
    <p role="status" className="px-4 py-8 text-muted">
      Loading {what}…
    </p>
  );
}

interface Read<T> {
  data: T | undefined;
  error: unknown;
  refetch: () => unknown;
}

/** Shows a read in each of its three conditions; old data outlives a failed refresh. */
export function Shown<T>({
  read,
  what,
  children,
}: {
  read: Read<T>;
  what: string;
  children: (data: T) => ReactNode;
}) {
  if (read.data !== undefined) return <>{children(read.data)}</>;
  if (read.error) return <Failure error={read.error} retry={() => void read.refetch()} />;
  return <Loading what={what} />;
}

/** Names and their values, in two columns. */
export function Facts({ children }: { children: ReactNode }) {
  return (
    <dl className="grid grid-cols-[fit-content(40%)_minmax(0,1fr)] gap-x-4 gap-y-2 sm:gap-x-6">{children}</dl>
  );
}

export function Fact({ name, children }: { name: string; children: ReactNode }) {
  return (
    <div className="contents">
      <dt className="text-muted">{name}</dt>
      <dd className="min-w-0">{children}</dd>
    </div>
  );
}

export function Code({ text, label }: { text: string; label: string }) {
  return (
    <section
      // biome-ignore lint/a11y/noNoninteractiveTabindex: a scrolling region must be reachable by keyboard.
      tabIndex={0}
      aria-label={label}
      className="max-w-full overflow-x-auto rounded-sm border bg-bg p-3 text-12 leading-5 [overflow-wrap:normal]"
    >
      <pre>
        <code>{text}</code>
      </pre>
    </section>
  );
}

export function Tag({ children }: { children: ReactNode }) {
  return (
    <span className="inline-flex items-center rounded-sm border border-edge px-1.5 text-12 whitespace-nowrap text-muted">
      {children}
    </span>
  );
}
