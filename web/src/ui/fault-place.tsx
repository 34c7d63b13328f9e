/**
 * What is wrong with a document, said at the field it is wrong with. The editor of a
 * document provides the faults; fields that know their path show their own.
 */
import { createContext, use } from "react";
import type { Fault } from "@/api/types";

const FaultsContext = createContext<Fault[]>([]);

export const FaultsProvider = FaultsContext.Provider;

/** What is wrong at exactly this path, or, for a group of fields, anywhere within it. */
export function useFaultAt(path: string | undefined, within = false): string | undefined {
  const faults = use(FaultsContext);
  if (path === undefined) return undefined;
  const isHere = (at: string) => at === path || (within && /^[.[(]/.test(at.slice(path.length)));
  const messages = faults
    .filter((fault) => fault.path?.startsWith(path) && isHere(fault.path))
    .map(({ message }) => message);
  return messages.length > 0 ? [...new Set(messages)].join("; ") : undefined;
}

/** The faults of a group of fields that has no field of its own to say them at. */
export function FaultAt({ path, within = false }: { path: string; within?: boolean }) {
  const fault = useFaultAt(path, within);
  if (!fault) return null;
  return <p className="border-l-2 border-text pl-2 text-13 font-medium">{fault}</p>;
}

/** Every fault with its place in words; each leads to its field. */
export function FaultList({ faults }: { faults: Fault[] }) {
  return (
    <ol className="flex flex-col gap-1.5">
      {faults.map(({ path, message }) => (
        <li key={`${path} ${message}`}>
          {path ? (
            <button type="button" className="link tap text-left" onClick={() => goTo(path)}>
              {placeInWords(path)}
            </button>
          ) : null}
          {path ? ": " : ""}
          {message}
        </li>
      ))}
    </ol>
  );
}

const SINGULAR: Record<string, string> = {
  participants: "turn",
  changes: "planned change",
  restrict: "hours",
};

/** `steps[1].targets[0]` as `step 2, target 1`. */
export function placeInWords(path: string): string {
  const part = (text: string) => {
    const indexed = /^(\w+)\[(\d+)\]$/.exec(text);
    if (!indexed) return text.replaceAll("_", " ");
    const [, noun = "", at] = indexed;
    return `${SINGULAR[noun] ?? noun.replace(/s$/, "")} ${Number(at) + 1}`;
  };
  return path
    .split(".")
    .filter((each) => each !== "rotation")
    .map(part)
    .join(", ");
}

/** Focuses the field of a path, or of the nearest place around it that has one. */
function goTo(path: string): void {
  const fields = [...document.querySelectorAll<HTMLElement>("[data-path]")];
  for (let at = path; at !== ""; at = at.replace(/(\.[^.[]*|\[\d+\])$/, "") || "") {
    const found = fields.find((field) => field.dataset.path === at);
    if (found) {
      const control = found.matches("input, select, textarea, button")
        ? found
        : found.querySelector<HTMLElement>("input, select, textarea, button");
      control?.focus();
      control?.scrollIntoView({ block: "center" });
      return;
    }
    if (!/[.[]/.test(at)) return;
  }
}
