/** The box of the search: what could stand at the cursor is offered while one types. */
import clsx from "clsx";
import { Search } from "lucide-react";
import { type KeyboardEvent, useEffect, useId, useRef, useState } from "react";
import { flushSync } from "react-dom";
import type { SearchKey } from "@/api/types";
import { type Suggestion, suggest } from "./language";

interface BoxProps {
  text: string;
  onText: (text: string) => void;
  keys: SearchKey[];
  /** The id of what says why the text is not understood, if it is not. */
  wrong?: string;
}

export function SearchBox({ text, onText, keys, wrong }: BoxProps) {
  const id = useId();
  const input = useRef<HTMLInputElement>(null);
  const [cursor, setCursor] = useState(text.length);
  const [open, setOpen] = useState(false);
  const [at, setAt] = useState(-1);
  const { from, to, offered } = suggest(text, cursor, keys);
  const shown = open && offered.length > 0;

  useEffect(() => input.current?.focus(), []);

  const take = (suggestion: Suggestion) => {
    const rest = text.slice(to);
    const next = text.slice(0, from) + suggestion.text + rest.replace(/^\s+/, "");
    const place = from + suggestion.text.length;
    // At once: whatever is typed next belongs behind it.
    flushSync(() => {
      onText(next);
      setCursor(place);
      setAt(-1);
    });
    input.current?.focus();
    input.current?.setSelectionRange(place, place);
  };
  const onKey = (event: KeyboardEvent) => {
    const chosen = offered[at];
    if (event.key === "Escape" && shown) setOpen(false);
    else if (event.key === "ArrowDown" && offered.length > 0) {
      setOpen(true);
      setAt((at + 1) % offered.length);
    } else if (event.key === "ArrowUp" && shown) setAt(at <= 0 ? offered.length - 1 : at - 1);
    else if (event.key === "Enter" && shown && chosen) take(chosen);
    else return;
    event.preventDefault();
  };
  return (
    <search className="relative">
      <Search
        className="pointer-events-none absolute top-5 left-3 size-4 -translate-y-1/2 text-muted"
        aria-hidden="true"
      />
      <input
        ref={input}
        type="search"
        role="combobox"
        aria-label="Search incidents, alerts, timelines and changes"
        aria-expanded={shown}
        aria-controls={id}
        aria-autocomplete="list"
        aria-activedescendant={shown && at >= 0 ? `${id}-${at}` : undefined}
        aria-invalid={wrong !== undefined}
        aria-describedby={wrong}
        placeholder="state:open sev:<=2 label:env=prod words"
        value={text}
        onChange={(event) => {
          onText(event.target.value);
          setCursor(event.target.selectionStart ?? event.target.value.length);
          setOpen(true);
          setAt(-1);
        }}
        onSelect={(event) => setCursor(event.currentTarget.selectionStart ?? text.length)}
        onKeyDown={onKey}
        onBlur={() => setOpen(false)}
        spellCheck={false}
        autoCapitalize="none"
        autoComplete="off"
        className="field tap h-10 w-full pl-9! font-mono text-13"
      />
      <div
        id={id}
        role="listbox"
        aria-label="What could stand here"
        className={clsx(
          "absolute inset-x-0 top-full z-20 mt-1 max-h-72 overflow-y-auto rounded-md border border-edge bg-surface p-1",
          !shown && "hidden",
        )}
      >
        {offered.map((each, index) => (
          <div
            key={each.text}
            id={`${id}-${index}`}
            role="option"
            tabIndex={-1}
            aria-selected={index === at}
            // Before the box loses the focus and closes this.
            onPointerDown={(event) => {
              event.preventDefault();
              take(each);
            }}
            className={clsx(
              "tap flex min-h-10 flex-wrap items-center gap-x-3 rounded-sm px-2 py-1",
              index === at ? "bg-raised" : "hover:bg-raised",
            )}
          >
            <span className="font-mono text-13">{each.text.trim()}</span>
            <span className="min-w-0 text-13 text-muted">{each.says}</span>
          </div>
        ))}
      </div>
    </search>
  );
}
