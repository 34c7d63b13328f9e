/** How far a test alert has come, from what is known of it. Pure. */
import type { Incident, Message, Page } from "@/api/types";

export interface Step {
  name: string;
  state: "waiting" | "done" | "failed";
  detail?: string;
}

export function progress(message?: Message, incident?: Incident, pages: Page[] = []): Step[] {
  return [
    { name: "Sent and stored", state: "done" },
    digested(message),
    opened(message, incident),
    paged(incident, pages),
  ];
}

function digested(message: Message | undefined): Step {
  const name = "Digested";
  if (message?.state === "failed")
    return { name, state: "failed", detail: message.error ?? "see Needs attention" };
  if (message?.state !== "done") return { name, state: "waiting" };
  return { name, state: "done", detail: message.outcome[0]?.decision };
}

function opened(message: Message | undefined, incident: Incident | undefined): Step {
  const name = "Incident";
  if (incident) return { name, state: "done", detail: `#${incident.number} ${incident.title}` };
  const nothing = message?.state === "done" && message.outcome.every((outcome) => outcome.incident === null);
  return nothing ? { name, state: "failed", detail: "it opened none" } : { name, state: "waiting" };
}

function paged(incident: Incident | undefined, pages: Page[]): Step {
  const name = "Page";
  const accepted = pages.filter((page) => page.state === "accepted");
  if (accepted.length > 0) {
    return {
      name,
      state: "done",
      detail: `delivered to ${accepted.map((page) => page.user ?? "somebody").join(", ")}`,
    };
  }
  if (incident?.urgency === "none") return { name, state: "done", detail: "this severity pages nobody" };
  if (pages.length > 0 && pages.every((page) => page.state === "exhausted")) {
    return { name, state: "failed", detail: "no delivery was accepted; the incident shows each answer" };
  }
  const pending = pages.find((page) => page.state === "pending");
  return pending
    ? { name, state: "waiting", detail: `on its way to ${pending.user}` }
    : { name, state: "waiting" };
}
