/** One raw message: its error if it has one, its body, what came of it, and the way to run it again. */
import { useQueryClient } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { useState } from "react";
import { toast } from "sonner";
import { post } from "@/api/client";
import { explain } from "@/api/problem";
import type { Message } from "@/api/types";
import { Code, Tag } from "@/ui/block";
import { Button, buttonClass, CopyButton } from "@/ui/button";
import { bytes } from "@/ui/format";
import { Time } from "@/ui/time";

export function MessageEntry({ message, opened = false }: { message: Message; opened?: boolean }) {
  const text = readable(message);
  return (
    <li className="flex flex-col gap-2 p-4">
      <div className="flex flex-wrap items-center gap-x-3 gap-y-1">
        <span className="font-semibold">{message.integration ?? "unknown integration"}</span>
        <Tag>{message.state === "failed" ? "could not be digested" : message.state}</Tag>
        <span className="text-13 text-muted">
          <Time at={message.received_at} focusable /> · {bytes(message.size)}
          {message.attempts > 1 ? ` · ${message.attempts} attempts` : ""}
        </span>
      </div>
      {message.error ? <p className="border-l-2 border-text pl-3">{message.error}</p> : null}
      <Outcome message={message} />
      <details open={opened}>
        <summary className="tap w-fit py-1.5 text-13 text-link underline underline-offset-3">
          Raw message
        </summary>
        <div className="mt-1 flex flex-col gap-2">
          <Code text={text} label={`Raw message of ${message.integration ?? "an unknown integration"}`} />
          <div>
            <CopyButton text={text} label="Copy the raw message" />
          </div>
        </div>
      </details>
      <Replay message={message} />
    </li>
  );
}

function Outcome({ message }: { message: Message }) {
  if (message.outcome.length === 0) return null;
  return (
    <ul className="flex flex-col gap-1 text-13">
      {message.outcome.map((outcome) => (
        <li key={`${outcome.dedup_key} ${outcome.action}`} className="text-muted">
          {outcome.decision}{" "}
          {outcome.incident !== null ? (
            <Link to="/incidents/$number" params={{ number: String(outcome.incident) }} className="link">
              #{outcome.incident}
            </Link>
          ) : null}
        </li>
      ))}
    </ul>
  );
}

function Replay({ message }: { message: Message }) {
  const client = useQueryClient();
  const [busy, setBusy] = useState(false);
  const failed = message.state === "failed";
  const replay = async () => {
    setBusy(true);
    try {
      await post("/messages/{id}/replay", { path: { id: message.id }, body: { force: !failed } });
      toast.success("Running it again. What comes of it shows here.");
      await client.invalidateQueries({ queryKey: ["messages"] });
      await client.invalidateQueries({ queryKey: ["alert"] });
    } catch (error) {
      toast.error(explain(error));
    } finally {
      setBusy(false);
    }
  };
  return (
    <div className="flex flex-wrap items-center gap-3">
      <Button onClick={() => void replay()} disabled={busy || message.state === "pending"}>
        {failed ? "Replay" : "Replay anyway"}
      </Button>
      {message.integration ? (
        <Link
          to="/workbench"
          search={{ message: message.id }}
          className={buttonClass("plain", "no-underline")}
        >
          Try on the workbench
        </Link>
      ) : null}
      {failed ? null : (
        <span className="text-13 text-muted">
          A replay counts as received again and may page; the workbench changes nothing.
        </span>
      )}
    </div>
  );
}

/** JSON is laid out; anything else is shown as it came. */
export function readable(message: Message): string {
  const text = message.body ?? message.body_base64 ?? "";
  try {
    return JSON.stringify(JSON.parse(text), null, 2);
  } catch {
    return text;
  }
}
