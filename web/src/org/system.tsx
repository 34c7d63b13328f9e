/** How the server itself is: everything it says of itself, and the release of a restored, held one. */
import { useQuery, useQueryClient } from "@tanstack/react-query";
import { toast } from "sonner";
import { post } from "@/api/client";
import { explain } from "@/api/problem";
import * as queries from "@/api/queries";
import { Fact, Facts, Panel, Shown } from "@/ui/block";
import { Button } from "@/ui/button";
import { duration } from "@/ui/format";
import { Time } from "@/ui/time";

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
            <Facts>
              {facts(data).map(([name, value]) => (
                <Fact key={name} name={label(name)}>
                  <Value name={name} value={value} />
                </Fact>
              ))}
            </Facts>
          </>
        )}
      </Shown>
    </Panel>
  );
}

/** One line per leaf: `inbox: { backlog: 3 }` becomes `inbox backlog`. */
export function facts(data: Record<string, unknown>, prefix = ""): [string, unknown][] {
  return Object.entries(data).flatMap(([name, value]): [string, unknown][] => {
    const path = prefix ? `${prefix} ${name}` : name;
    const nested = typeof value === "object" && value !== null && !Array.isArray(value);
    return nested ? facts(value as Record<string, unknown>, path) : [[path, value]];
  });
}

function label(name: string): string {
  const words = name.replace(/_(seconds|at)\b/g, "").replaceAll("_", " ");
  return words.charAt(0).toUpperCase() + words.slice(1);
}

function Value({ name, value }: { name: string; value: unknown }) {
  if (value === null || value === undefined) return <span className="text-muted">none</span>;
  if (typeof value === "boolean") return <>{value ? "yes" : "no"}</>;
  if (typeof value === "number")
    return <>{name.endsWith("_seconds") ? duration(value) : value.toLocaleString("en-GB")}</>;
  if (typeof value === "string")
    return /^\d{4}-\d\d-\d\dT/.test(value) ? <Time at={value} focusable /> : value;
  return <code className="text-13">{JSON.stringify(value)}</code>;
}
