/**
 * The filter chips and the query box are one thing: chips rewrite words of the
 * query, and the query lights up the chips. Pure text, the language is the API's.
 */

/** What the list shows when nobody asked for anything. */
export const DEFAULT_QUERY = "state:open";

export interface Chip {
  label: string;
  /** The word it stands for, e.g. `sev:1`. */
  word: string;
}

export const STATE_CHIPS: Chip[] = [
  { label: "Open", word: "state:open" },
  { label: "Triggered", word: "status:triggered" },
  { label: "Acknowledged", word: "status:acknowledged" },
  { label: "Resolved", word: "status:resolved" },
];

export const SEVERITY_CHIPS: Chip[] = [
  { label: "1", word: "sev:1" },
  { label: "2", word: "sev:2" },
  { label: "3", word: "sev:3" },
  { label: "4", word: "sev:4" },
];

export function words(query: string): string[] {
  return query.match(/"[^"]*"|[^\s"]+(?:"[^"]*")?/g) ?? [];
}

export function has(query: string, word: string): boolean {
  return words(query).includes(word);
}

/** Adds the word or takes it away; chips of one group exclude each other. */
export function toggle(query: string, word: string, group: Chip[]): string {
  const rest = words(query).filter((other) => !group.some((chip) => chip.word === other));
  return (has(query, word) ? rest : [word, ...rest]).join(" ");
}
