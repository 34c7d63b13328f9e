/** What follows a schedule in a chat: whether it does, who is not reached there, and what the chat said. */
import { useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { post } from "@/api/client";
import { explain } from "@/api/problem";
import * as queries from "@/api/queries";
import type { Schedule } from "@/api/types";
import { OkGlyph } from "@/ui/glyph";
import { Time } from "@/ui/time";

type Chat = NonNullable<Schedule["chat"]>;

export function InStep({ schedule, chat }: { schedule: string; chat: Chat }) {
  const parts = [
    chat.group ? `the group ${chat.group}` : null,
    chat.channel ? `the topic of ${chat.channel}` : null,
  ].filter(Boolean);
  return (
    <>
      <p className="break-words">
        {parts.join(" and ")} {parts.length > 1 ? "follow" : "follows"}{" "}
        <span className="text-13 text-muted">
          {chat.in_step ? (
            <>
              <OkGlyph /> in step
            </>
          ) : chat.trouble.length === 0 ? (
            "in a moment"
          ) : (
            "not in step"
          )}
        </span>
      </p>
      {chat.missing.length > 0 ? (
        <p className="text-13 break-words">
          On call without a verified address there: {chat.missing.join(", ")}
        </p>
      ) : null}
      {chat.trouble.map(({ why, retry_at }) => (
        <p key={why} className="text-13 break-words">
          {why}; asked again at <Time at={retry_at} focusable />
        </p>
      ))}
      {chat.trouble.length > 0 ? <TryAgain schedule={schedule} /> : null}
    </>
  );
}

function TryAgain({ schedule }: { schedule: string }) {
  const client = useQueryClient();
  const [said, setSaid] = useState("");
  const tryAgain = async () => {
    try {
      await post("/schedules/{name}/chat/try-again", { path: { name: schedule } });
      setSaid("It is asked again.");
      await client.invalidateQueries({ queryKey: queries.schedules().queryKey });
    } catch (error) {
      setSaid(explain(error));
    }
  };
  return (
    <p className="flex flex-wrap gap-x-2 text-13">
      <button
        type="button"
        className="link"
        aria-label={`try again: the chat of ${schedule}`}
        onClick={() => void tryAgain()}
      >
        try again
      </button>
      <span role="status">{said}</span>
    </p>
  );
}
