/** Calendars that my leave is read from: entering, reading now, and taking out. */
import { useQuery, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { toast } from "sonner";
import { post, remove } from "@/api/client";
import { explain } from "@/api/problem";
import * as queries from "@/api/queries";
import type { LeaveFeed } from "@/api/types";
import { Empty, Panel, Shown } from "@/ui/block";
import { Button } from "@/ui/button";
import { FormDialog } from "@/ui/dialog";
import { filled, needed, TextField } from "@/ui/form";
import { Time } from "@/ui/time";

export function LeaveFeeds({ me }: { me: string }) {
  const client = useQueryClient();
  const feeds = useQuery(queries.leaveFeeds(me));
  const [adding, setAdding] = useState(false);
  const refresh = () => client.invalidateQueries({ queryKey: ["planning"] });
  const act = async (work: () => Promise<unknown>, said: string) => {
    try {
      await work();
      toast.success(said);
    } catch (error) {
      toast.error(explain(error));
    }
    await refresh();
  };
  const submit = async (form: FormData) => {
    await post("/users/{name}/leave-feeds", {
      path: { name: me },
      body: {
        url: needed(form, "url"),
        name: filled(form, "name") ?? "",
        matches: (filled(form, "matches") ?? "").split(",").map((word) => word.trim()),
      },
    });
    toast.success("Your calendar is read now and every hour.");
    await refresh();
  };
  return (
    <Panel title="Leave from my calendar" flush aside={<Button onClick={() => setAdding(true)}>Add</Button>}>
      <Shown read={feeds} what="your calendars">
        {({ items }) =>
          items.length === 0 ? (
            <Empty title="No calendar yet">
              <p>Give the secret address of your calendar, and what it calls leave is entered by itself.</p>
            </Empty>
          ) : (
            <ul className="divide-y">
              {items.map((feed) => (
                <Row key={feed.id} feed={feed} me={me} act={act} />
              ))}
            </ul>
          )
        }
      </Shown>
      {adding ? (
        <FormDialog
          open
          onOpenChange={() => setAdding(false)}
          title="Leave from my calendar"
          description="It is read every hour. Its address is kept sealed and never shown again."
          submit="Read it"
          onSubmit={submit}
        >
          <TextField
            label="Address"
            name="url"
            type="text"
            inputMode="url"
            required
            hint="https:// or webcal://"
          />
          <TextField label="Name (optional)" name="name" maxLength={100} />
          <TextField
            label="Words that make an event leave (optional)"
            name="matches"
            hint="Such as: away, vacation. Without any, every event of whole days is leave."
          />
        </FormDialog>
      ) : null}
    </Panel>
  );
}

function Row({
  feed,
  me,
  act,
}: {
  feed: LeaveFeed;
  me: string;
  act: (work: () => Promise<unknown>, said: string) => Promise<void>;
}) {
  const path = { name: me, id: feed.id };
  const read = () => post("/users/{name}/leave-feeds/{id}/read", { path });
  const takeOut = () => remove("/users/{name}/leave-feeds/{id}", { path });
  return (
    <li className="flex flex-wrap items-center gap-2 px-4 py-2">
      <div className="min-w-0 flex-1">
        <p className="break-words">{feed.name}</p>
        <p className="text-13 text-muted">
          {feed.matches.length > 0 ? `events with ${feed.matches.join(", ")}` : "events of whole days"} ·{" "}
          {feed.read_at ? (
            <>
              read <Time at={feed.read_at} show="age" focusable />
            </>
          ) : (
            "not read yet"
          )}
        </p>
        {feed.error ? <p className="text-13 font-semibold">It cannot be read: {feed.error}.</p> : null}
        {feed.skipped.map((words) => (
          <p key={words} className="text-13 text-muted break-words">
            Left out: {words}
          </p>
        ))}
      </div>
      <Button onClick={() => void act(read, "It is read soon.")}>
        Read now<span className="sr-only"> {feed.name}</span>
      </Button>
      <Button onClick={() => void act(takeOut, "It is read no more.")}>
        Take out<span className="sr-only"> {feed.name}</span>
      </Button>
    </li>
  );
}
