/** A change event as lists show it. */
import type { ChangeEvent } from "@/api/types";
import { Time } from "@/ui/time";
import { words } from "./change";

/** One event in a list: what, of which service, how far, and when. */
export function EventLine({ event, withService = true }: { event: ChangeEvent; withService?: boolean }) {
  return (
    <>
      <p className="[overflow-wrap:anywhere]">
        {event.url ? (
          <a href={event.url} className="link" target="_blank" rel="noreferrer">
            {event.summary}
          </a>
        ) : (
          <span className="font-medium">{event.summary}</span>
        )}
      </p>
      <p className="flex flex-wrap gap-x-2 text-13 text-muted">
        <span>{words(event.kind)}</span>
        {withService ? <span>{event.service ?? "a service that is no more"}</span> : null}
        <span className={event.state === "succeeded" ? undefined : "font-medium text-text"}>
          {words(event.state).toLowerCase()}
        </span>
        {event.environment ? <span>{event.environment}</span> : null}
        {event.version ? <span className="font-mono">{event.version.slice(0, 12)}</span> : null}
        {event.author ? <span>{event.author}</span> : null}
        <Time at={event.started_at} focusable />
        {event.diff_url ? (
          <a href={event.diff_url} className="link" target="_blank" rel="noreferrer">
            what was changed
          </a>
        ) : null}
      </p>
    </>
  );
}
