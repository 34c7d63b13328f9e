/** What stands around the service of an incident, and what else was open while it lasted. */
import { useQuery, useQueryClient } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { toast } from "sonner";
import { post } from "@/api/client";
import { explain } from "@/api/problem";
import * as queries from "@/api/queries";
import type { ConcurrentIncident, Incident } from "@/api/types";
import { Dependencies } from "@/org/dependencies";
import { Shown, Tag } from "@/ui/block";
import { Button } from "@/ui/button";
import { Severity } from "@/ui/glyph";
import { Time } from "@/ui/time";

const NEARNESS: Record<ConcurrentIncident["nearness"], string> = {
  same: "same service",
  upstream: "upstream",
  downstream: "downstream",
  elsewhere: "elsewhere",
};

export function Nearby({ incident }: { incident: Incident }) {
  const number = String(incident.number);
  const concurrent = useQuery(queries.concurrentIncidents(number));
  return (
    <div className="flex flex-col gap-4 p-4">
      {incident.service ? <Dependencies service={incident.service} heading="h2" /> : null}
      <section aria-label="At the same time" className="border-t pt-4">
        <h2 className="font-semibold">At the same time</h2>
        <Shown read={concurrent} what="other incidents">
          {({ items }) =>
            items.length === 0 ? (
              <p className="text-muted">Nothing else {incident.resolved_at ? "was" : "is"} open.</p>
            ) : (
              <ul className="divide-y">
                {items.map((other) => (
                  <Other key={other.number} number={number} other={other} />
                ))}
              </ul>
            )
          }
        </Shown>
      </section>
    </div>
  );
}

function Other({ number, other }: { number: string; other: ConcurrentIncident }) {
  const client = useQueryClient();
  const relations = useQuery(queries.incidentRelations(number)).data?.items ?? [];
  const isLinked = relations.some((relation) => relation.number === other.number);
  const link = async () => {
    try {
      const path = { incident: number };
      await post("/incidents/{incident}/relations", { path, body: { to: other.number, sort: "related" } });
      toast.success(`Linked to #${other.number}. Both timelines say so.`);
      await client.invalidateQueries({ queryKey: ["incident", number] });
    } catch (error) {
      toast.error(explain(error));
    }
  };
  return (
    <li className="flex flex-wrap items-center gap-x-3 gap-y-1 py-2">
      <Severity level={other.severity} />
      <span className="min-w-0 flex-1 basis-48">
        <Link
          to="/incidents/$number"
          params={{ number: String(other.number) }}
          className="link [overflow-wrap:anywhere]"
        >
          #{other.number} {other.title}
        </Link>
        <span className="block text-13 text-muted">
          {other.service}, {other.status}
          {other.detected_at ? (
            <>
              {", "}
              <Time at={other.detected_at} show="clock" focusable />
            </>
          ) : null}
        </span>
      </span>
      <Tag>{NEARNESS[other.nearness]}</Tag>
      {isLinked ? (
        <span className="text-13 text-muted">linked</span>
      ) : (
        <Button emphasis="quiet" onClick={() => void link()} aria-label={`Link #${other.number}`}>
          Link
        </Button>
      )}
    </li>
  );
}
