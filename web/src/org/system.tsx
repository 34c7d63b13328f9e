/** How the server itself is: what waits, what it could not use, and the release of a restored, held one. */
import { useQuery, useQueryClient } from "@tanstack/react-query";
import { toast } from "sonner";
import { post } from "@/api/client";
import { explain } from "@/api/problem";
import * as queries from "@/api/queries";
import type { Backlog } from "@/api/types";
import { Fact, Facts, Panel, Shown } from "@/ui/block";
import { Button } from "@/ui/button";
import { Time } from "@/ui/time";
import { Warnings } from "@/ui/warnings";

export function SystemPanel() {
  const client = useQueryClient();
  const system = useQuery(queries.system());
  const release = async () => {
    try {
      await post("/system/release");
      await client.invalidateQueries({ queryKey: ["system"] });
      toast.success("Released. Due pages go out now.");
    } catch (error) {
      toast.error(explain(error));
    }
  };
  return (
    <Panel title="System">
      <Shown read={system} what="the state of the system">
        {(data) => (
          <>
            {data.held === true ? (
              <div className="mb-4 border-l-2 border-text pl-3">
                <p className="font-semibold">Held after a restore: nothing is sent.</p>
                <Button className="mt-2" onClick={() => void release()}>
                  Release
                </Button>
              </div>
            ) : null}
            <Warnings warnings={data.warnings} />
            <Facts>
              <Fact name="Version">{data.version}</Fact>
              <Fact name="Store">{data.engine}</Fact>
              <Fact name="Node">{data.node}</Fact>
              <Fact name="Configuration">revision {data.revision}</Fact>
              <Fact name="Messages waiting">
                <Waiting backlog={data.inbox} />
              </Fact>
              <Fact name="Messages set aside">{data.failed_messages}</Fact>
              <Fact name="Incidents due">
                <Waiting backlog={data.incidents_due} />
              </Fact>
              <Fact name="Deliveries due">
                <Waiting backlog={data.deliveries_due} />
              </Fact>
            </Facts>
          </>
        )}
      </Shown>
    </Panel>
  );
}

/** A backlog is fine for as long as its oldest part is young. */
function Waiting({ backlog }: { backlog: Backlog }) {
  if (backlog.count === 0) return <>none</>;
  return (
    <>
      {backlog.count}
      {backlog.since ? (
        <>
          , the oldest <Time at={backlog.since} show="age" focusable />
        </>
      ) : null}
    </>
  );
}
