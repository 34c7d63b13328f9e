/** Joining a list and leaving it, with undo; nothing where one is in the core or nobody joins. */
import { useQuery, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { toast } from "sonner";
import { put, remove } from "@/api/client";
import { explain } from "@/api/problem";
import * as queries from "@/api/queries";
import type { NotificationList } from "@/api/types";
import { offerUndo } from "@/shell/undo";
import { Button } from "@/ui/button";

export function Membership({ list }: { list: NotificationList }) {
  const client = useQueryClient();
  const session = useQuery(queries.session());
  const [busy, setBusy] = useState(false);
  const me = session.data?.user.name;
  const change = async (wanted: boolean) => {
    const options = { path: { name: me ?? "", list: list.name } };
    if (wanted) await put("/users/{name}/subscriptions/{list}", options);
    else await remove("/users/{name}/subscriptions/{list}", options);
    // Both kinds of list stand under this key.
    await client.invalidateQueries({ queryKey: ["lists"] });
  };
  const toggle = async () => {
    const wanted = !list.subscribed;
    setBusy(true);
    try {
      await change(wanted);
      const [now, before] = [wanted ? "You are on" : "You left", wanted ? "You left" : "You are on"];
      offerUndo(`${now} ${list.name}.`, `${before} ${list.name}.`, () => change(!wanted));
    } catch (error) {
      toast.error(explain(error));
    } finally {
      setBusy(false);
    }
  };
  if (!me || list.mandatory || list.restricted) return null;
  return (
    <div>
      <Button onClick={() => void toggle()} disabled={busy}>
        {list.subscribed ? "Leave" : "Subscribe"}
        <span className="sr-only">
          {list.subscribed ? " " : " to "}
          {list.name}
        </span>
      </Button>
    </div>
  );
}
