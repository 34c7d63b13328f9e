/** The parts of a table of figures: it scrolls by itself, and its rows can be saved. */
import clsx from "clsx";
import { Download } from "lucide-react";
import type { ReactNode } from "react";
import { Button } from "./button";

export function CsvButton({ onClick }: { onClick: () => void }) {
  return (
    <Button onClick={onClick}>
      <Download className="size-4" aria-hidden="true" /> CSV
    </Button>
  );
}

export function Scroller({ label, children }: { label: string; children: ReactNode }) {
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: a scrolling region must be reachable by keyboard.
    <section className="overflow-x-auto -outline-offset-2" tabIndex={0} aria-label={label}>
      <table className="w-full [overflow-wrap:normal]">{children}</table>
    </section>
  );
}

export function Head({ children, right = false }: { children: string; right?: boolean }) {
  return (
    <th
      scope="col"
      className={clsx("px-4 py-2 font-medium whitespace-nowrap", right ? "text-right" : "text-left")}
    >
      {children}
    </th>
  );
}

export function Cell({ children }: { children: ReactNode }) {
  return <td className="px-4 py-2 text-right whitespace-nowrap">{children}</td>;
}
