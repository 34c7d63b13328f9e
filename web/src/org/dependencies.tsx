/** What a service depends on and what depends on it, with how each is now. */
import { useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import * as queries from "@/api/queries";
import type { Dependency } from "@/api/types";
import { Shown } from "@/ui/block";
import { count } from "@/ui/format";
import { OkGlyph, Severity } from "@/ui/glyph";

export function Dependencies({ service }: { service: string }) {
  const dependencies = useQuery(queries.dependencies(service));
  return (
    <Shown read={dependencies} what="what stands around it">
      {({ items }) => {
        const side = (wanted: Dependency["side"]) => items.filter((item) => item.side === wanted);
        return (
          <div className="grid gap-4 sm:grid-cols-2">
            <Side
              title="Upstream: it depends on"
              none="Nothing that the configuration knows of."
              items={side("upstream")}
            />
            <Side
              title="Downstream: depends on it"
              none="Nothing that the configuration knows of."
              items={side("downstream")}
            />
          </div>
        );
      }}
    </Shown>
  );
}

function Side({ title, none, items }: { title: string; none: string; items: Dependency[] }) {
  return (
    <section className="min-w-0">
      <h3 className="font-semibold">{title}</h3>
      {items.length === 0 ? <p className="text-muted">{none}</p> : null}
      <ul>
        {items.map((item) => (
          <li
            key={item.service}
            className="flex flex-wrap items-center gap-x-3 py-1"
            style={{ paddingInlineStart: `${(item.steps - 1) * 0.75}rem` }}
          >
            <span className="min-w-0">
              <Link to="/services/$name" params={{ name: item.service }} className="link">
                {item.service}
              </Link>
              {item.steps > 1 ? <span className="text-13 text-muted"> by {item.via}</span> : null}
            </span>
            <Now item={item} />
          </li>
        ))}
      </ul>
    </section>
  );
}

function Now({ item }: { item: Dependency }) {
  if (item.worst_severity === null) {
    return (
      <span className="inline-flex items-center gap-1.5 text-13 text-muted">
        <OkGlyph /> nothing open
      </span>
    );
  }
  return (
    <span className="inline-flex flex-wrap items-center gap-x-2 text-13">
      <Severity level={item.worst_severity} />
      <Link to="/incidents" search={{ q: `state:open service:${item.service}` }} className="link">
        {count(item.open_incidents, "incident")}
      </Link>
    </span>
  );
}
