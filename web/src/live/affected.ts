/**
 * Which cached reads a live event makes stale. A pure table from event to query
 * keys; it errs on the side of reading again.
 */
import type { QueryKey } from "@tanstack/react-query";
import type { StreamEvent } from "@/api/types";

export function affected(event: StreamEvent): QueryKey[] {
  const [subject] = event.type.split(".");
  const own: QueryKey[] = event.incident === null ? [] : [["incident", String(event.incident)]];
  switch (subject) {
    case "incident":
      // A family shows what its other members wrote last.
      return [...own, ["incidents"], ["families"], ["services"]];
    case "page":
      return own;
    case "alert":
      return [...own, ["alerts"], ["alert", event.subject], ["incidents"], ["services"], ["message"]];
    case "message":
      return [["messages"], ["message", event.subject], ["services"]];
    case "schedule":
      return [
        ["on-call"],
        ["schedules"],
        ["shifts"],
        ["users"],
        ["policies"],
        ["aliases"],
        ["groups"],
        ["planning"],
      ];
    case "change":
      return [...own, ["changes"], ["suspects"]];
    case "change_exception":
      return [["changes"]];
    case "change_event":
      return [...own, ["change-events"], ["suspects"]];
    case "config":
      return [
        ["changes"],
        ["services"],
        ["users"],
        ["on-call"],
        ["schedules"],
        ["shifts"],
        ["policies"],
        ["aliases"],
        ["groups"],
        ["lists"],
        ["session"],
        ["configuration"],
      ];
    case "user":
      return [["lists"]];
    default:
      return own;
  }
}
