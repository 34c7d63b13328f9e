/** Buttons and what looks like one. Emphasis comes from contrast, never from hue. */
import clsx from "clsx";
import { type ButtonHTMLAttributes, type Ref, useState } from "react";
import { toast } from "sonner";

export type Emphasis = "primary" | "plain" | "quiet";

export function buttonClass(emphasis: Emphasis = "plain", extra?: string): string {
  return clsx(
    "tap inline-flex shrink-0 items-center justify-center gap-2 rounded-sm px-3 text-14 font-medium whitespace-nowrap select-none disabled:cursor-not-allowed disabled:opacity-50",
    emphasis === "primary" && "bg-text text-bg hover:opacity-90",
    emphasis === "plain" && "border border-edge bg-surface text-text hover:bg-raised",
    emphasis === "quiet" && "text-text hover:bg-raised",
    extra,
  );
}

interface ButtonProps extends ButtonHTMLAttributes<HTMLButtonElement> {
  emphasis?: Emphasis;
  ref?: Ref<HTMLButtonElement>;
}

export function Button({ emphasis, className, type = "button", ...rest }: ButtonProps) {
  return <button type={type} className={buttonClass(emphasis, className)} {...rest} />;
}

export function CopyButton({ text, label = "Copy" }: { text: string; label?: string }) {
  const [copied, setCopied] = useState(false);
  const copy = async () => {
    try {
      await navigator.clipboard.writeText(text);
      setCopied(true);
      setTimeout(() => setCopied(false), 2_000);
    } catch {
      toast.error("The browser refused to copy. Select the text and copy it by hand.");
    }
  };
  return (
    <Button onClick={copy} aria-label={copied ? "Copied" : label}>
      {copied ? "Copied" : "Copy"}
    </Button>
  );
}
