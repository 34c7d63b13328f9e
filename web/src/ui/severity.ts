/**
 * The severities of an organisation that configures none. Incidents carry their
 * own names; these serve where only a level is at hand.
 */
export const SEVERITIES: { level: number; name: string; meaning: string }[] = [
  { level: 1, name: "Outage", meaning: "Customers cannot use the service." },
  { level: 2, name: "Diminished", meaning: "It works, but badly or only in part." },
  { level: 3, name: "Group", meaning: "A group of colleagues cannot work as usual." },
  { level: 4, name: "Individual", meaning: "One person is hindered, or it can wait." },
];

export function severityName(level: number): string {
  return SEVERITIES.find((severity) => severity.level === level)?.name ?? `Severity ${level}`;
}
