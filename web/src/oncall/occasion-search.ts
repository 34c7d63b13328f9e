/** What an escalation is looked at for, as an address holds it. */

export interface Occasion {
  at?: string | undefined;
  severity?: number | undefined;
  labels?: string | undefined;
  service?: string | undefined;
}

/** The part of an address that says what an escalation is looked at for. */
export function occasionOf(search: Record<string, unknown>): Occasion {
  return {
    at: typeof search.at === "string" && !Number.isNaN(Date.parse(search.at)) ? search.at : undefined,
    severity: typeof search.severity === "number" ? search.severity : undefined,
    labels: filledText(search.labels),
    service: filledText(search.service),
  };
}

function filledText(value: unknown): string | undefined {
  return typeof value === "string" && value !== "" ? value : undefined;
}

/** Labels of alerts as a person would type them, each set once; what cannot be typed so is left out. */
export function labelSets(alerts: { labels: Record<string, string> }[]): string[] {
  const sets = alerts.map(({ labels }) =>
    Object.entries(labels)
      .filter((pair) => pair.every((part) => part !== "" && !part.includes(",")))
      .filter(([name]) => !/[:\s]/.test(name))
      .map((pair) => pair.join(":"))
      .join(","),
  );
  return [...new Set(sets)].filter((set) => set !== "");
}

/** Only whole labels are asked about, so that one may be typed letter by letter. */
export function wholeLabels(text: string | undefined): [string, string][] {
  return (text ?? "").split(",").flatMap((part) => {
    const [, name, value = ""] = /^\s*([^:\s]+)\s*:(.*)$/.exec(part) ?? [];
    return name ? [[name, value.trim()] satisfies [string, string]] : [];
  });
}
