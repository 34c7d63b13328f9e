/**
 * Who hears of changes: the list that every service has, and how one hears of changes to what one's own
 * services depend on.
 */
import { useQuery, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { toast } from "sonner";
import { put } from "@/api/client";
import { explain } from "@/api/problem";
import * as queries from "@/api/queries";
import type { ChangeReading, ChangeWish, NotificationList } from "@/api/types";
import { offerUndo } from "@/shell/undo";
import { Empty, Shown } from "@/ui/block";
import { TextField } from "@/ui/form";
import { Time } from "@/ui/time";
import { Membership } from "./membership";

/** How many lists are shown until one looks for more. */
const SHOWN_MAX = 12;

const WISHES: { wish: ChangeWish; name: string; hint: string }[] = [
  { wish: "digest", name: "Once a day", hint: "at eight by your clock; at once what begins within 24 hours" },
  { wish: "at_once", name: "At once", hint: "each change as it is scheduled, moved or called off" },
  { wish: "off", name: "Not at all", hint: "only what you subscribe to, agree to or do" },
];

export function ChangeLists() {
  const lists = useQuery(queries.changeLists());
  return (
    <section aria-labelledby="change-lists" className="mt-8">
      <h2 id="change-lists" className="mb-1 text-20 font-semibold">
        Changes
      </h2>
      <p className="mb-3 max-w-prose text-muted">
        Every service has a list that hears when a change of it is scheduled, moved, begun, done or called
        off. Whoever answers for what depends on the service hears of it as they choose.
      </p>
      <Wish />
      <Shown read={lists} what="lists of changes">
        {({ items }) =>
          items.length === 0 ? (
            <div className="panel">
              <Empty title="No services yet">
                <p>Each service that you configure has a list of its own.</p>
              </Empty>
            </div>
          ) : (
            <Lists lists={items} />
          )
        }
      </Shown>
    </section>
  );
}

function Wish() {
  const client = useQueryClient();
  const me = useQuery(queries.session()).data?.user.name;
  const read = useQuery({ ...queries.changeReading(me ?? ""), enabled: me !== undefined });
  if (!me || !read.data) return null;
  const { wish, next_at: next, waiting } = read.data;
  const save = async (wanted: ChangeWish) => {
    const told: ChangeReading = await put("/users/{name}/change-digest", {
      path: { name: me },
      body: { wish: wanted },
    });
    client.setQueryData(queries.changeReading(me).queryKey, told);
  };
  const choose = async (wanted: ChangeWish) => {
    try {
      await save(wanted);
      offerUndo("Saved.", "It is as it was.", () => save(wish));
    } catch (error) {
      toast.error(explain(error));
    }
  };
  return (
    <fieldset className="panel mb-4 p-4">
      <legend className="float-left mb-2 w-full font-semibold">
        Changes to what your services depend on
      </legend>
      <div className="clear-both flex flex-col gap-1">
        {WISHES.map((one) => (
          <label key={one.wish} className="tap flex min-h-11 items-center gap-3">
            <input
              type="radio"
              name="change-wish"
              className="size-5 shrink-0"
              checked={wish === one.wish}
              onChange={() => void choose(one.wish)}
            />
            <span>
              {one.name} <span className="text-13 text-muted">{one.hint}</span>
            </span>
          </label>
        ))}
      </div>
      {next ? (
        <p className="mt-2 text-13 text-muted">
          {waiting === 1 ? "1 change waits" : `${waiting} changes wait`} for <Time at={next} show="clock" />
        </p>
      ) : null}
    </fieldset>
  );
}

function Lists({ lists }: { lists: NotificationList[] }) {
  const [wanted, setWanted] = useState("");
  const isMany = lists.length > SHOWN_MAX;
  const fitting = lists.filter((list) => list.name.includes(wanted.trim().toLowerCase()));
  // One's own first, so that leaving needs no looking for.
  const sorted = [...fitting].sort((a, b) => Number(b.subscribed) - Number(a.subscribed));
  const shown = sorted.slice(0, SHOWN_MAX);
  return (
    <>
      {isMany ? (
        <TextField
          label="Find a service"
          className="mb-3 max-w-sm"
          value={wanted}
          onChange={(event) => setWanted(event.target.value)}
        />
      ) : null}
      <ul className="panel divide-y">
        {shown.map((list) => (
          <li key={list.name} className="flex flex-wrap items-center justify-between gap-2 px-4 py-2">
            <div className="min-w-0 [overflow-wrap:anywhere]">
              <h3 className="font-medium">{list.name}</h3>
              <p className="text-13 text-muted">{list.subscribers.join(", ") || "nobody yet"}</p>
            </div>
            <Membership list={list} />
          </li>
        ))}
        {shown.length === 0 ? <li className="px-4 py-3 text-muted">No service is called so.</li> : null}
      </ul>
      {sorted.length > shown.length ? (
        <p className="mt-2 text-13 text-muted">
          {sorted.length - shown.length} more; write a part of the name.
        </p>
      ) : null}
    </>
  );
}
