/**
 * What helps at this moment: the questions of whoever leads and the rules of
 * troubleshooting, by the state of the incident and how long it has lasted.
 * Each person puts away what they have dealt with.
 */
import { useQuery, useQueryClient } from "@tanstack/react-query";
import { toast } from "sonner";
import { post } from "@/api/client";
import { explain } from "@/api/problem";
import * as queries from "@/api/queries";
import type { Incident, OfferedPrompt } from "@/api/types";
import { Empty, Shown } from "@/ui/block";
import { Button } from "@/ui/button";

export function Prompts({ incident }: { incident: Incident }) {
  const read = useQuery(queries.incidentPrompts(String(incident.number)));
  return (
    <Shown read={read} what="the prompts">
      {({ prompts }) =>
        prompts.length === 0 ? (
          <Empty title="Nothing to ask at this moment" />
        ) : (
          <div className="divide-y">
            <Sort
              title="To ask"
              incident={incident}
              prompts={prompts.filter(({ sort }) => sort === "question")}
            />
            <Sort
              title="To keep in mind"
              incident={incident}
              prompts={prompts.filter(({ sort }) => sort === "rule")}
            />
          </div>
        )
      }
    </Shown>
  );
}

interface SortProps {
  title: string;
  incident: Incident;
  prompts: OfferedPrompt[];
}

function Sort({ title, incident, prompts }: SortProps) {
  const client = useQueryClient();
  const number = String(incident.number);
  const dismiss = async (prompt: string) => {
    try {
      const rest = await post("/incidents/{incident}/prompts/{prompt}/dismiss", {
        path: { incident: incident.number, prompt },
      });
      client.setQueryData(queries.incidentPrompts(number).queryKey, rest);
    } catch (error) {
      toast.error(explain(error));
    }
  };
  if (prompts.length === 0) return null;
  return (
    <section aria-label={title} className="px-4 py-3">
      <h2 className="font-semibold">{title}</h2>
      <ul className="mt-1 flex flex-col gap-1">
        {prompts.map((prompt) => (
          <li key={prompt.id} className="flex items-start justify-between gap-3">
            <span className="py-2">{prompt.text}</span>
            <Button
              emphasis="quiet"
              onClick={() => void dismiss(prompt.id)}
              aria-label={`Done: ${prompt.text}`}
            >
              Done
            </Button>
          </li>
        ))}
      </ul>
    </section>
  );
}
