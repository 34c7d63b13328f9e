/** Sorts open incidents by what they want from one person. Pure. */
import type { Incident } from "@/api/types";

export interface Mine {
  /** Triggered and waiting for this person's answer. */
  forMe: Incident[];
  /** Theirs already, and not over. */
  mine: Incident[];
  others: Incident[];
}

export function split(open: Incident[], me: string, paged: ReadonlySet<number>): Mine {
  const sorted = [...open].sort(byUrgency);
  const isForMe = (incident: Incident) =>
    incident.status === "triggered" &&
    !incident.snoozed_until &&
    (paged.has(incident.number) || incident.assignee === me);
  return {
    forMe: sorted.filter(isForMe),
    mine: sorted.filter((incident) => !isForMe(incident) && incident.assignee === me),
    others: sorted.filter((incident) => !isForMe(incident) && incident.assignee !== me),
  };
}

/** What nobody has first, then the worst, then the newest. */
function byUrgency(a: Incident, b: Incident): number {
  const waits = (incident: Incident) => (incident.status === "triggered" && !incident.snoozed_until ? 0 : 1);
  return waits(a) - waits(b) || a.severity - b.severity || b.created_at.localeCompare(a.created_at);
}
