/** The query box of a list. It asks when one stops typing and keeps the address in step. */
import { Search } from "lucide-react";
import { useEffect, useRef, useState } from "react";

const TYPING_MS = 300;

interface QueryBoxProps {
  value: string;
  onChange: (value: string) => void;
  label: string;
  placeholder: string;
  focus?: boolean;
}

export function QueryBox({ value, onChange, label, placeholder, focus }: QueryBoxProps) {
  const [text, setText] = useState(value);
  const input = useRef<HTMLInputElement>(null);
  const told = useRef(value);

  useEffect(() => {
    if (value !== told.current) setText(value);
    told.current = value;
  }, [value]);

  useEffect(() => {
    if (focus) input.current?.focus();
  }, [focus]);

  useEffect(() => {
    if (text === told.current) return;
    const timer = setTimeout(() => {
      told.current = text;
      onChange(text);
    }, TYPING_MS);
    return () => clearTimeout(timer);
  }, [text, onChange]);

  return (
    <search className="relative min-w-0 flex-1 basis-72">
      <Search
        className="pointer-events-none absolute top-1/2 left-3 size-4 -translate-y-1/2 text-muted"
        aria-hidden="true"
      />
      <input
        ref={input}
        type="search"
        aria-label={label}
        placeholder={placeholder}
        value={text}
        onChange={(event) => setText(event.target.value)}
        spellCheck={false}
        autoCapitalize="none"
        autoComplete="off"
        className="field tap h-10 w-full pl-9! font-mono text-13"
      />
    </search>
  );
}
