/** Notes not yet sent, per incident, kept across reloads and crashes of the browser. */

const PREFIX = "muster.draft.";

export function draftOf(number: string): string {
  return localStorage.getItem(PREFIX + number) ?? "";
}

export function keepDraft(number: string, text: string): void {
  if (text) localStorage.setItem(PREFIX + number, text);
  else localStorage.removeItem(PREFIX + number);
}
