/** Something that was found, with the place that says what was looked for. */
import { Link } from "@tanstack/react-router";
import clsx from "clsx";
import { Bell, type LucideIcon, Replace, ScrollText, Siren } from "lucide-react";
import type { Hit, Matched } from "@/api/types";
import { words } from "@/change/change";
import { Severity, State } from "@/ui/glyph";
import { Time } from "@/ui/time";

const ICONS: Record<Hit["kind"], [LucideIcon, string]> = {
  incident: [Siren, "Incident"],
  alert: [Bell, "Alert"],
  entry: [ScrollText, "Timeline"],
  change: [Replace, "Change"],
};

export function HitRow({ hit, current }: { hit: Hit; current: boolean }) {
  const [Icon, word] = ICONS[hit.kind];
  const state = hit.kind === "alert" ? hit.alert_status : hit.status;
  const first = hit.matched[0];
  const inTitle = first && ["title", "text"].includes(first.field) ? first : undefined;
  const elsewhere = hit.matched.filter((each) => each !== inTitle && said(each) !== hit.title);
  return (
    <div
      className={clsx(
        "relative flex min-h-14 items-start gap-3 border-l-4 px-3 py-2 hover:bg-raised",
        current ? "border-l-text bg-raised" : "border-l-transparent",
      )}
    >
      <span className="flex w-6 shrink-0 justify-center pt-1" title={word}>
        <Icon className="size-4 text-muted" aria-hidden="true" />
        <span className="sr-only">{word}</span>
      </span>
      <div className="min-w-0 flex-1">
        <HitLink hit={hit}>{inTitle ? <Marked matched={inTitle} /> : firstLine(hit.title)}</HitLink>
        {elsewhere.map((each) => (
          <p key={each.field} className="line-clamp-2 text-13">
            <span className="text-muted">{each.field.replaceAll("_", " ")}: </span>
            <Marked matched={each} />
          </p>
        ))}
        <div className="flex flex-wrap items-center gap-x-2 text-13 text-muted">
          {hit.change !== null ? <span className="font-mono">CHG-{hit.change}</span> : null}
          {hit.incident !== null ? <span className="font-mono">#{hit.incident}</span> : null}
          {hit.entry_kind ? <span>{hit.entry_kind.replaceAll("_", " ")}</span> : null}
          {hit.by ? <span>by {hit.by}</span> : null}
          {hit.service ? <span>{hit.service}</span> : null}
          <Time at={hit.at} show="age" />
        </div>
      </div>
      <div className="flex shrink-0 flex-col items-end gap-1 text-13">
        {hit.severity !== null ? <Severity level={hit.severity} wordHidden /> : null}
        {hit.change_state ? <span className="hidden sm:block">{words(hit.change_state)}</span> : null}
        {state && hit.kind !== "entry" ? (
          <span className="hidden sm:block">
            <State state={state} />
          </span>
        ) : null}
      </div>
    </div>
  );
}

function HitLink({ hit, children }: { hit: Hit; children: React.ReactNode }) {
  const look = { className: "line-clamp-2 after:absolute after:inset-0", "data-row-link": true };
  if (hit.kind === "alert") {
    return (
      <Link to="/alerts/$id" params={{ id: hit.id }} {...look}>
        {children}
      </Link>
    );
  }
  if (hit.kind === "change") {
    return (
      <Link to="/changes/$number" params={{ number: String(hit.change) }} {...look}>
        {children}
      </Link>
    );
  }
  return (
    <Link
      to="/incidents/$number"
      params={{ number: String(hit.incident) }}
      search={hit.kind === "entry" ? { entry: hit.id } : {}}
      {...look}
    >
      {children}
    </Link>
  );
}

function Marked({ matched }: { matched: Matched }) {
  let place = 0;
  return matched.pieces.map(({ text, hit }) => {
    const key = place;
    place += text.length;
    return hit ? (
      <mark key={key} className="bg-transparent font-semibold text-text underline decoration-2">
        {text}
      </mark>
    ) : (
      <span key={key}>{text}</span>
    );
  });
}

function said(matched: Matched): string {
  return matched.pieces.map(({ text }) => text).join("");
}

function firstLine(text: string): string {
  return text.split("\n", 1)[0] ?? "";
}
