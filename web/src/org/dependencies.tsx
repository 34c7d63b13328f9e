/** What a service depends on and what depends on it, with how each is now. */
import { useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import * as queries from "@/api/queries";
import type { Dependency } from "@/api/types";
import { Shown } from "@/ui/block";
import { count } from "@/ui/format";
import { OkGlyph, Severity } from "@/ui/glyph";

interface DependenciesProps {
  service: string;
  /** What the two sides are headed by, below the heading around them. */
  heading: "h2" | "h3";
}

export function Dependencies({ service, heading }: DependenciesProps) {
  const dependencies = useQuery(queries.dependencies(service));
  return (
    <Shown read={dependencies} what="what stands around it">
      {({ items }) => {
        const side = (wanted: Dependency["side"]) => items.filter((item) => item.side === wanted);
        return (
          <div className="grid gap-4 sm:grid-cols-2">
            <Side
              heading={heading}
              title="Upstream: it depends on"
              none="Nothing that the configuration knows of."
              items={side("upstream")}
            />
            <Side
              heading={heading}
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

interface SideProps {
  heading: "h2" | "h3";
  title: string;
  none: string;
  items: Dependency[];
}

function Side({ heading: Heading, title, none, items }: SideProps) {
  return (
    <section className="min-w-0">
      <Heading className="font-semibold">{title}</Heading>
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
