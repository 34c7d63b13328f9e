/**
 * What a query box knows of the language without asking: which word the cursor is in, what could
 * stand there, and which word a complaint of the server is about. The language itself is the API's.
 */
import type { SearchKey } from "@/api/types";

/** The most things that are offered at once. */
const OFFERED_MAX = 8;

export interface Suggestion {
  /** What takes the place of the word. */
  text: string;
  /** What it means. */
  says: string;
}

export interface Suggestions {
  /** The word that is replaced, in places of the text. */
  from: number;
  to: number;
  offered: Suggestion[];
}

/** What could stand where the cursor is. */
export function suggest(text: string, cursor: number, keys: SearchKey[]): Suggestions {
  const [from, to] = wordAt(text, cursor);
  const word = text.slice(from, cursor);
  const minus = word.startsWith("-") ? "-" : "";
  const bare = word.slice(minus.length);
  const colon = bare.indexOf(":");
  if (colon < 0) {
    const begins = bare === "" ? [] : keys.filter(({ key }) => key.startsWith(bare.toLowerCase()));
    const offered = begins.map(({ key, says, example }) => ({
      text: `${minus}${key}:`,
      says: `${says}, such as ${example}`,
    }));
    return { from, to, offered: offered.slice(0, OFFERED_MAX) };
  }
  const key = keys.find((each) => each.key === bare.slice(0, colon).toLowerCase());
  const before = bare.slice(colon + 1).replace(/[^,<>=]*$/, "");
  const begun = bare.slice(colon + 1 + before.length).toLowerCase();
  const values = (key?.values ?? []).filter(
    (value) => value.toLowerCase().startsWith(begun) && value.toLowerCase() !== begun,
  );
  const offered = values.map((value) => ({
    text: `${minus}${bare.slice(0, colon + 1)}${before}${/\s/.test(value) ? `"${value}"` : value} `,
    says: key?.says ?? "",
  }));
  return { from, to, offered: offered.slice(0, OFFERED_MAX) };
}

/** The beginning and the end of the word around a place; quotes hold a word together. */
function wordAt(text: string, at: number): [number, number] {
  let from = 0;
  let quoted = false;
  for (let place = 0; place < text.length; place += 1) {
    if (text[place] === '"') quoted = !quoted;
    if (quoted || !/\s/.test(text[place] ?? "")) continue;
    if (place >= at) return [from, place];
    from = place + 1;
  }
  return [from, text.length];
}

/** A query in three parts: before, at and after the word that a complaint is about. */
export interface Complaint {
  before: string;
  word: string;
  after: string;
  says: string;
}

/** What a complaint is about, where it names a place of the query. */
export function complaint(query: string, message: string): Complaint | null {
  const found = /position (\d+): (.*)$/s.exec(message);
  if (!found) return null;
  const chars = [...query];
  const at = Math.min(Number(found[1]) - 1, chars.length);
  const before = chars.slice(0, at).join("");
  const [, end] = wordAt(query, before.length);
  return {
    before,
    word: query.slice(before.length, Math.max(end, before.length)),
    after: query.slice(Math.max(end, before.length)),
    says: found[2] ?? "",
  };
}
