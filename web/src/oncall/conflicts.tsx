/** What two people changed alike: both texts side by side, and a choice for each. */
import { useState } from "react";
import type { EditConflict } from "@/api/types";
import { Code, Panel } from "@/ui/block";
import { Button } from "@/ui/button";
import { placeInWords } from "@/ui/fault-place";
import { type Document, setAt } from "./document";

interface ConflictsProps {
  conflicts: EditConflict[];
  document: Document;
  /** What is edited: a schedule, an escalation policy. */
  noun: string;
  onSettle: (document: Document) => void;
  onLater: () => void;
}

export function Conflicts({ conflicts, document, noun, onSettle, onLater }: ConflictsProps) {
  const [theirs, setTheirs] = useState<ReadonlySet<string>>(new Set());
  const choose = (path: string, isTheirs: boolean) => {
    const next = new Set(theirs);
    if (isTheirs) next.add(path);
    else next.delete(path);
    setTheirs(next);
  };
  const settled = () =>
    conflicts.reduce(
      (made, { path, theirs: other }) => (theirs.has(path) ? setAt(made, path, other) : made),
      document,
    );
  return (
    <Panel title="Somebody else changed the same; nothing is lost" className="mb-4">
      <div className="flex flex-col gap-4">
        {conflicts.map(({ path, mine, theirs: other }) => (
          <fieldset key={path} className="min-w-0">
            <legend className="font-medium">{path ? placeInWords(path) : `the whole ${noun}`}</legend>
            <div className="mt-1 grid gap-3 sm:grid-cols-2">
              {[
                { label: "Yours", value: mine, isTheirs: false },
                { label: "Theirs, in force", value: other, isTheirs: true },
              ].map(({ label, value, isTheirs }) => (
                <div key={label} className="min-w-0">
                  <label className="tap inline-flex items-center gap-2">
                    <input
                      type="radio"
                      name={`conflict ${path}`}
                      checked={theirs.has(path) === isTheirs}
                      onChange={() => choose(path, isTheirs)}
                    />
                    {label}
                  </label>
                  <Code
                    label={`${label}: ${path}`}
                    text={value === null ? "removed" : JSON.stringify(value, null, 2)}
                  />
                </div>
              ))}
            </div>
          </fieldset>
        ))}
        <div className="flex flex-wrap gap-2">
          <Button emphasis="primary" onClick={() => onSettle(settled())}>
            Keep what I chose
          </Button>
          <Button onClick={onLater}>Decide later</Button>
        </div>
      </div>
    </Panel>
  );
}
