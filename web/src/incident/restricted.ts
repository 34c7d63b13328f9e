/** Reads names out of a line. */

/** The names in a line, separated by commas or spaces, each once. */
export function names(line: string | undefined): string[] {
  const all = (line ?? "").split(/[\s,]+/).filter((name) => name !== "");
  return [...new Set(all)];
}
