/**
 * The checklists of one incident: what must not be forgotten, list by list,
 * with who ticked what and when. What Muster sees happen ticks by itself.
 */
import { useQuery, useQueryClient } from "@tanstack/react-query";
import { toast } from "sonner";
import { post } from "@/api/client";
import { explain } from "@/api/problem";
import * as queries from "@/api/queries";
import type { ChecklistItem, Incident, IncidentChecklist } from "@/api/types";
import { offerUndo } from "@/shell/undo";
import { Empty, Shown } from "@/ui/block";
import { Time } from "@/ui/time";

export function Checklists({ incident }: { incident: Incident }) {
  const read = useQuery(queries.incidentChecklist(String(incident.number)));
  return (
    <Shown read={read} what="the checklists">
      {({ checklists }) =>
        checklists.length === 0 ? (
          <Empty title="This severity has no checklists">
            <p>The process of a severity says which lists are gone through.</p>
          </Empty>
        ) : (
          <div className="divide-y">
            {checklists.map((list) => (
              <List key={list.name} incident={incident} list={list} />
            ))}
          </div>
        )
      }
    </Shown>
  );
}

function List({ incident, list }: { incident: Incident; list: IncidentChecklist }) {
  return (
    <section aria-label={list.title} className="flex flex-col gap-1 px-4 py-3">
      <h2 className="flex flex-wrap items-baseline gap-x-3 font-semibold">
        {list.title}
        <span className="text-13 font-normal text-muted">
          {list.done} of {list.items.length}
          {list.holders.length > 0 ? ` · ${list.holders.join(", ")}` : ""}
        </span>
      </h2>
      <ul>
        {list.items.map((item) => (
          <Item key={item.id} incident={incident} list={list} item={item} />
        ))}
      </ul>
    </section>
  );
}

interface ItemProps {
  incident: Incident;
  list: IncidentChecklist;
  item: ChecklistItem;
}

function Item({ incident, list, item }: ItemProps) {
  const client = useQueryClient();
  const number = String(incident.number);
  const mark = async (done: boolean) => {
    const changed = await post("/incidents/{incident}/checklist/{list}/{item}", {
      path: { incident: incident.number, list: list.name, item: item.id },
      body: { done },
    });
    client.setQueryData(queries.incidentChecklist(number).queryKey, changed);
    void client.invalidateQueries({ queryKey: ["incident", number] });
  };
  const toggle = async (done: boolean) => {
    try {
      await mark(done);
      offerUndo(
        done ? `Ticked: ${item.text}` : `Taken back: ${item.text}`,
        done ? `Taken back: ${item.text}` : `Ticked: ${item.text}`,
        () => mark(!done),
      );
    } catch (error) {
      toast.error(explain(error));
    }
  };
  const tick = item.done;
  return (
    <li>
      <label className="tap flex min-h-10 cursor-pointer items-start gap-3 py-2">
        <input
          type="checkbox"
          className="mt-0.5 size-5 shrink-0"
          checked={tick !== null}
          onChange={(event) => void toggle(event.target.checked)}
        />
        <span className="min-w-0">
          <span>{item.text}</span>
          <span className="block text-13 text-muted">
            {tick ? (
              <>
                <Time at={tick.at} show="clock" focusable /> by {tick.by}
                {tick.count > 1 ? `, ${tick.count} times` : ""}
                {tick.note ? `: ${tick.note}` : ""}
              </>
            ) : item.by_itself ? (
              "ticks by itself"
            ) : null}
          </span>
        </span>
      </label>
    </li>
  );
}
