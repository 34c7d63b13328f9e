/** The alerts behind an incident. */
import { useInfiniteQuery } from "@tanstack/react-query";
import { AlertRow } from "@/alerting/row";
import * as queries from "@/api/queries";
import { Empty, Shown } from "@/ui/block";
import { More } from "@/ui/more";

export function IncidentAlerts({ number }: { number: string }) {
  const alerts = useInfiniteQuery(queries.incidentAlerts(number));
  return (
    <Shown read={alerts} what="the alerts">
      {({ pages }) => {
        const rows = pages.flatMap((page) => page.items);
        return rows.length === 0 ? (
          <Empty title="No alert is behind this">
            <p>A person declared it. Alerts that belong to it join it by themselves.</p>
          </Empty>
        ) : (
          <>
            <ul className="divide-y">
              {rows.map((alert) => (
                <li key={alert.id} className="row-lazy">
                  <AlertRow alert={alert} compact />
                </li>
              ))}
            </ul>
            <More list={alerts} />
          </>
        );
      }}
    </Shown>
  );
}
