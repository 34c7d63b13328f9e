/**
 * Sends the moves: one request each, the answer put into every cached copy of
 * the incident. Only an acknowledgement is shown before the server confirms it,
 * and says so until then.
 */
import { type InfiniteData, type QueryClient, useQueryClient } from "@tanstack/react-query";
import { useMemo } from "react";
import { toast } from "sonner";
import { type Options, post } from "@/api/client";
import { explain } from "@/api/problem";
import * as queries from "@/api/queries";
import type { BulkResult, Incident, List } from "@/api/types";
import { offerUndo } from "@/shell/undo";
import { count } from "@/ui/format";
import { MOVE_WORD, type Move } from "./moves";

/** What a move is sent with. */
export type MoveBody<M extends Move> =
  Options<"post", `/incidents/{incident}/${M}`> extends { body?: infer B } ? B : undefined;

export interface Commands {
  /** Throws what the server refused, so that a dialog can show it. */
  send: (incident: Incident, move: Move, body?: MoveBody<Move>) => Promise<Incident>;
  /** As `send`, but tells the outcome in a toast. */
  run: (incident: Incident, move: Move, body?: MoveBody<Move>) => Promise<void>;
  bulk: (incidents: Incident[], action: "acknowledge" | "resolve") => Promise<void>;
  /** Shows an incident as a command of its own has changed it. */
  changed: (incident: Incident) => void;
  /** Throws what the server refused. */
  helper: (
    incident: Incident,
    user: string,
    verb: HelperVerb,
    body?: { task: string | null },
  ) => Promise<Incident>;
}

/** What is done to somebody who volunteered. */
export type HelperVerb = "direct" | "release" | "recall";

export function useCommands(): Commands {
  const client = useQueryClient();
  return useMemo(() => commands(client), [client]);
}

function commands(client: QueryClient): Commands {
  const send: Commands["send"] = async (incident, move, body = {}) => {
    const changed = await post(`/incidents/{incident}/${move}`, {
      path: { incident: incident.number },
      body,
    });
    store(client, changed);
    refresh(client, changed.number);
    return changed;
  };

  const run: Commands["run"] = async (incident, move, body) => {
    const undoOptimism = move === "acknowledge" ? showAcknowledged(client, [incident]) : null;
    const pending = toast.loading(`${MOVE_WORD[move]} #${incident.number}: sent, not confirmed`);
    try {
      const changed = await send(incident, move, body);
      toast.dismiss(pending);
      announce(changed, move, send);
    } catch (error) {
      undoOptimism?.();
      toast.error(explain(error), { id: pending });
    }
  };

  const bulk: Commands["bulk"] = async (incidents, action) => {
    if (incidents.length === 0) return;
    const undoOptimism = action === "acknowledge" ? showAcknowledged(client, incidents) : null;
    const pending = toast.loading(`${count(incidents.length, "incident")}: sent, not confirmed`);
    try {
      const numbers = incidents.map((incident) => incident.number);
      const { items } = await post("/incidents/bulk", { body: { action, incidents: numbers } });
      toast.dismiss(pending);
      announceBulk(incidents, action, items, send);
    } catch (error) {
      undoOptimism?.();
      toast.error(explain(error), { id: pending });
    }
    void client.invalidateQueries({ queryKey: ["incidents"] });
    for (const { number } of incidents) refresh(client, number);
  };

  const helper: Commands["helper"] = async (incident, user, verb, body = { task: null }) => {
    const path = { incident: incident.number, user };
    const changed =
      verb === "direct"
        ? await post("/incidents/{incident}/helpers/{user}/direct", { path, body })
        : await post(`/incidents/{incident}/helpers/{user}/${verb}`, { path });
    store(client, changed);
    refresh(client, changed.number);
    return changed;
  };

  const changed: Commands["changed"] = (incident) => {
    store(client, incident);
    refresh(client, incident.number);
  };

  return { send, run, bulk, helper, changed };
}

function announce(incident: Incident, move: Move, send: Commands["send"]): void {
  const name = `#${incident.number}`;
  if (move === "acknowledge" && incident.status === "triggered") {
    // Whoever was paged for a role alone says that they come, and nothing about the trouble.
    toast.success(`You are there. Somebody else is still asked to take ${name}.`);
  } else if (move === "acknowledge") {
    offerUndo(`You have ${name}. Nobody else is paged for it.`, `${name} is triggered again.`, () =>
      send(incident, "unacknowledge"),
    );
  } else if (move === "snooze") {
    offerUndo(`${name} is snoozed.`, `${name} is awake again.`, () => send(incident, "unsnooze"));
  } else {
    toast.success(`${MOVE_WORD[move]}: ${name} done.`);
  }
}

function announceBulk(
  incidents: Incident[],
  action: "acknowledge" | "resolve",
  items: BulkResult["items"],
  send: Commands["send"],
): void {
  const refused = items.filter((item) => !item.ok);
  const done = incidents.length - refused.length;
  const word = action === "acknowledge" ? "acknowledged" : "resolved";
  for (const item of refused.slice(0, 3)) {
    toast.error(`#${item.incident}: ${item.detail ?? "the server refused it."}`);
  }
  if (done === 0) return;
  const said = `${count(done, "incident")} ${word}.`;
  if (action !== "acknowledge") {
    toast.success(said);
    return;
  }
  const no = new Set(refused.map((item) => String(item.incident)));
  const yes = incidents.filter(({ number, id }) => !no.has(String(number)) && !no.has(id));
  offerUndo(said, `${count(done, "incident")} triggered again.`, () =>
    Promise.all(yes.map((incident) => send(incident, "unacknowledge"))),
  );
}

/** Shows the acknowledgement at once; the returned function takes it back. */
function showAcknowledged(client: QueryClient, incidents: Incident[]): () => void {
  const me = client.getQueryData(queries.session().queryKey)?.user.name ?? null;
  for (const incident of incidents) {
    if (incident.status !== "triggered") continue;
    store(client, { ...incident, status: "acknowledged", assignee: me });
  }
  return () => {
    for (const incident of incidents) store(client, incident);
  };
}

/** Puts an incident into every cached list and screen that shows it. */
function store(client: QueryClient, incident: Incident): void {
  const swap = (list: List<Incident>): List<Incident> => ({
    ...list,
    items: list.items.map((item) => (item.id === incident.id ? { ...item, ...incident } : item)),
  });
  client.setQueriesData<InfiniteData<List<Incident>> | List<Incident>>({ queryKey: ["incidents"] }, (old) => {
    if (!old) return old;
    return "pages" in old ? { ...old, pages: old.pages.map(swap) } : swap(old);
  });
  client.setQueryData(queries.incident(String(incident.number)).queryKey, (old) =>
    old ? { ...old, ...incident } : old,
  );
}

function refresh(client: QueryClient, number: number): void {
  void client.invalidateQueries({ queryKey: ["incident", String(number)] });
}
