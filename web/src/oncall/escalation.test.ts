import { expect, test } from "vitest";
import {
  addStep,
  labelsOf,
  matchesOf,
  moveStep,
  removeStep,
  secondSetOf,
  stepsOf,
  targetOf,
  withSecondSet,
  withStep,
  writtenTarget,
} from "./escalation";

const document = {
  name: "payments",
  repeat: 1,
  steps: [
    { after: "0m", targets: [{ schedule: "primary" }] },
    { after: "5m", targets: [{ user: "bo" }], when: { severity: [1] }, acknowledge: "all" },
    { after: "15m", targets: [{ manager_of: "payments" }] },
  ],
};

test("every kind of target is read and written back as it was", () => {
  const written = [
    { user: "ana" },
    { schedule: "primary" },
    { rotation: { schedule: "primary", layer: "days" } },
    { team: "payments" },
    { team: "payments", round_robin: true },
    { manager_of: "payments" },
    { role: "incident_lead" },
    { role: "scribe", team: "payments" },
    { channel: { provider: "chat", address: "#ops" } },
    { webhook: "wall" },
    { pigeon: { loft: "north" } },
  ];
  expect(written.map((target) => writtenTarget(targetOf(target)))).toEqual(written);
});

test("a step that is moved leaves the waits where they are", () => {
  const moved = moveStep(document, 2, 0);
  expect(stepsOf(moved).map(({ after, targets }) => [after, targets[0]])).toEqual([
    ["0m", { kind: "manager_of", name: "payments" }],
    ["5m", { kind: "schedule", name: "primary" }],
    ["15m", { kind: "user", name: "bo" }],
  ]);
  expect(moveStep(document, 0, 3)).toBe(document);
});

test("conditions come and go without a trace", () => {
  const [first] = stepsOf(document);
  const when = { severity: [1, 2], hours: null, matches: 'labels.env == "prod"', alerts: null };
  const narrowed = withStep(document, 0, { when });
  expect(narrowed.steps).toMatchObject([
    { when: { severity: [1, 2], matches: 'labels.env == "prod"' } },
    {},
    {},
  ]);
  expect(first && withStep(narrowed, 0, { when: first.when })).toEqual(document);
  const hours = { days: ["sat"], from: "09:00", to: "17:00", timezone: "" };
  const alerts = { moreThan: 3, within: "10m" };
  const both = withStep(document, 1, { when: { severity: [], hours, matches: "", alerts } });
  expect(stepsOf(both)[1]?.when).toEqual({ severity: [], hours, matches: "", alerts });
});

test("steps and the second set come and go", () => {
  expect(stepsOf(addStep(document))).toHaveLength(4);
  expect(stepsOf(addStep({}))[0]?.after).toBe("0m");
  expect(stepsOf(removeStep(document, 1)).map(({ after }) => after)).toEqual(["0m", "15m"]);
  const second = { after: "2h", policy: "managers" };
  expect(secondSetOf(withSecondSet(document, second))).toEqual(second);
  expect(withSecondSet(withSecondSet(document, second), null)).toEqual(document);
  expect(stepsOf(withStep(document, 1, { everybodyAcknowledges: false }))[1]?.everybodyAcknowledges).toBe(
    false,
  );
});

test("labels are told from other rules, and written as a rule", () => {
  const labels: [string, string][] = [
    ["env", "prod"],
    ["app/name", "checkout"],
  ];
  expect(matchesOf(labels)).toBe('labels.env == "prod" && labels["app/name"] == "checkout"');
  expect(labelsOf(matchesOf(labels))).toEqual(labels);
  expect(labelsOf('labels.env != "prod"')).toBeNull();
  expect(labelsOf("")).toBeNull();
});
