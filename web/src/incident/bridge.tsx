/** Where people meet about an incident, and when somebody expects it to be over: two facts of its head. */
import { useState } from "react";
import { toast } from "sonner";
import { post, put, remove } from "@/api/client";
import { explain } from "@/api/problem";
import type { Incident } from "@/api/types";
import { Button } from "@/ui/button";
import { FormDialog } from "@/ui/dialog";
import { filled, SelectField, TextField } from "@/ui/form";
import { Time } from "@/ui/time";
import { useCommands } from "./commands";
import { isOpen } from "./moves";

const MINUTE_MS = 60_000;
const AHEAD_MINUTES = [15, 30, 45, 60, 90, 120, 180, 240, 480, 1440];

export function BridgeFact({ incident }: { incident: Incident }) {
  const { changed } = useCommands();
  const [asking, setAsking] = useState(false);
  const path = { incident: incident.number };
  const { bridge } = incident;
  const open = isOpen(incident);
  if (!bridge && !open) return null;
  const close = async () => {
    try {
      changed(await remove("/incidents/{incident}/bridge", { path }));
      setAsking(false);
    } catch (error) {
      toast.error(explain(error));
    }
  };
  return (
    <div>
      <dt>Join at</dt>
      <dd className="flex flex-wrap items-baseline gap-x-2 font-semibold">
        {bridge ? (
          <a href={bridge.link} className="link break-all" target="_blank" rel="noreferrer noopener">
            {bridge.link}
          </a>
        ) : (
          <span className="font-normal">nowhere yet</span>
        )}
        {open ? (
          <button
            type="button"
            className="link"
            aria-label={bridge ? "Change the bridge" : "Open a bridge"}
            onClick={() => setAsking(true)}
          >
            {bridge ? "change" : "open"}
          </button>
        ) : null}
      </dd>
      <FormDialog
        open={asking}
        onOpenChange={setAsking}
        title="Where do people meet?"
        description="A conference or chat: an http, https, tel or sip link. Whoever is paged from now on is told."
        submit={bridge ? "Move the bridge" : "Open the bridge"}
        onSubmit={async (form) => {
          const link = filled(form, "link");
          changed(await put("/incidents/{incident}/bridge", { path, body: link ? { link } : {} }));
        }}
      >
        <TextField
          label="Link"
          name="link"
          maxLength={500}
          defaultValue={bridge?.link ?? ""}
          placeholder="https://meet.example.net/room"
          hint="Left empty, the one that the severity's process names."
        />
        {bridge ? (
          <div>
            <Button onClick={() => void close()}>Close the bridge</Button>
          </div>
        ) : null}
      </FormDialog>
    </div>
  );
}

/** Its room in a chat, and what is wrong with it. */
export function RoomFact({ incident }: { incident: Incident }) {
  const { changed } = useCommands();
  const { room } = incident;
  if (!room) return null;
  const tryAgain = async () => {
    try {
      changed(await post("/incidents/{incident}/room/try-again", { path: { incident: incident.number } }));
    } catch (error) {
      toast.error(explain(error));
    }
  };
  const name = room.name ? `#${room.name}` : room.provider;
  return (
    <div>
      <dt>Room</dt>
      <dd className="flex flex-wrap items-baseline gap-x-2">
        {room.link ? (
          <a href={room.link} className="link break-all" target="_blank" rel="noreferrer noopener">
            {name}
          </a>
        ) : (
          <span>{name}</span>
        )}
        {room.is_private ? <span className="text-muted">private</span> : null}
        {room.state === "open" ? null : <span className="text-muted">{room.state}</span>}
        {room.trouble ? <span className="break-words">{room.trouble}</span> : null}
        {room.trouble && isOpen(incident) ? (
          <button
            type="button"
            className="link"
            aria-label="try again: the room"
            onClick={() => void tryAgain()}
          >
            try again
          </button>
        ) : null}
      </dd>
    </div>
  );
}

export function EstimateFact({ incident }: { incident: Incident }) {
  const { changed } = useCommands();
  const [asking, setAsking] = useState(false);
  const path = { incident: incident.number };
  const { estimate } = incident;
  if (!isOpen(incident)) return null;
  return (
    <div>
      <dt>May be over</dt>
      <dd className="flex flex-wrap items-baseline gap-x-2">
        {estimate ? (
          <span>
            <Time at={estimate.over_at} focusable />{" "}
            <span className="text-muted">an estimate by {estimate.by}</span>
          </span>
        ) : (
          "nobody says"
        )}
        <button
          type="button"
          className="link"
          aria-label="Estimate when it may be over"
          onClick={() => setAsking(true)}
        >
          {estimate ? "change" : "estimate"}
        </button>
      </dd>
      <FormDialog
        open={asking}
        onOpenChange={setAsking}
        title="When may it be over?"
        description="An estimate for those who wait. It is no target: nothing is measured against it."
        submit="Say so"
        onSubmit={async (form) => {
          const minutes = Number(filled(form, "minutes"));
          if (!minutes) {
            changed(await remove("/incidents/{incident}/estimate", { path }));
            return;
          }
          const over_at = new Date(Date.now() + minutes * MINUTE_MS).toISOString();
          changed(await put("/incidents/{incident}/estimate", { path, body: { over_at } }));
        }}
      >
        <SelectField label="In about" name="minutes" defaultValue="60">
          {AHEAD_MINUTES.map((minutes) => (
            <option key={minutes} value={minutes}>
              {minutes < 60 ? `${minutes} minutes` : minutes === 60 ? "1 hour" : `${minutes / 60} hours`}
            </option>
          ))}
          {estimate ? <option value="">Nobody can tell any more</option> : null}
        </SelectField>
      </FormDialog>
    </div>
  );
}
