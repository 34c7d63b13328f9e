/** What an escalation is looked at for, as an address holds it. */

export interface Occasion {
  at?: string | undefined;
  severity?: number | undefined;
  labels?: string | undefined;
}

/** The part of an address that says what an escalation is looked at for. */
export function occasionOf(search: Record<string, unknown>): Occasion {
  return {
    at: typeof search.at === "string" && !Number.isNaN(Date.parse(search.at)) ? search.at : undefined,
    severity: typeof search.severity === "number" ? search.severity : undefined,
    labels: typeof search.labels === "string" && search.labels !== "" ? search.labels : undefined,
  };
}

/** Only whole labels are asked about, so that one may be typed letter by letter. */
export function wholeLabels(text: string | undefined): [string, string][] {
  return (text ?? "").split(",").flatMap((part) => {
    const [, name, value = ""] = /^\s*([^:\s]+)\s*:(.*)$/.exec(part) ?? [];
    return name ? [[name, value.trim()] satisfies [string, string]] : [];
  });
}
