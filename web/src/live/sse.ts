/**
 * Reads a server-sent event stream: text in, whole events out. Owns the grammar
 * of `text/event-stream`; knows nothing of the network or of what events mean.
 */

export interface StreamEvent {
  id: string | null;
  event: string;
  data: string;
}

export interface Parser {
  /** Takes the next piece of text, cut anywhere, and returns the events it completes. */
  push(text: string): StreamEvent[];
}

export function parser(): Parser {
  let rest = "";
  let pending = blank();

  return {
    push(text) {
      const events: StreamEvent[] = [];
      const lines = (rest + text).split(/\r\n|\n|\r(?!$)/);
      rest = lines.pop() ?? "";
      for (const line of lines) {
        if (line === "") {
          if (pending.data.length > 0) events.push(finish(pending));
          pending = blank();
        } else {
          read(pending, line);
        }
      }
      return events;
    },
  };
}

interface Pending {
  id: string | null;
  event: string;
  data: string[];
}

function blank(): Pending {
  return { id: null, event: "message", data: [] };
}

function finish(pending: Pending): StreamEvent {
  return { id: pending.id, event: pending.event, data: pending.data.join("\n") };
}

function read(pending: Pending, line: string): void {
  const colon = line.indexOf(":");
  if (colon === 0) return;
  const field = colon < 0 ? line : line.slice(0, colon);
  const value = colon < 0 ? "" : line.slice(colon + 1).replace(/^ /, "");
  if (field === "data") pending.data.push(value);
  else if (field === "id") pending.id = value;
  else if (field === "event") pending.event = value;
}
