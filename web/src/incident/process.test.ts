import { expect, test } from "vitest";
import type { SeverityProcess } from "@/api/types";
import { blank, levelsOf, namesOf, rolesOf, withLevel, withProcess, withRole, written } from "./process";

const KNOWN = {
  level: 1,
  name: "Outage",
  definition: "",
  urgency: "high",
  roles: [{ role: "scribe", required: true, engage: true }],
  gates: ["validated"],
} as unknown as SeverityProcess;

test("what a level does not say is what holds", () => {
  const document = blank([KNOWN]);
  expect(document).toEqual({ name: "severities", "1": { level: 1, name: "Outage", urgency: "high" } });
  expect(levelsOf({ name: "severities" }, [KNOWN])).toEqual([1]);
  expect(rolesOf({}, KNOWN)).toEqual(KNOWN.roles);
  expect(namesOf({ process: { gates: [] } }, "gates", KNOWN.gates)).toEqual([]);
  expect(namesOf({}, "gates", KNOWN.gates)).toEqual(["validated"]);
});

test("a change of one thing leaves the others alone and goes away again", () => {
  const document = blank([KNOWN]);
  const changed = withProcess(document, 1, "gates", []);
  expect(changed["1"]).toEqual({ level: 1, name: "Outage", urgency: "high", process: { gates: [] } });
  expect(withProcess(changed, 1, "gates", undefined)).toEqual(document);
  expect(withLevel(document, 1, "rotate_after", "15m")["1"]).toMatchObject({ rotate_after: "15m" });
});

test("roles are added, changed and taken out in their order", () => {
  const one = withRole(KNOWN.roles, "tester", { required: true });
  expect(one.map(({ role }) => role)).toEqual(["scribe", "tester"]);
  expect(written(withRole(one, "scribe", { engage: false }))).toEqual([
    { role: "scribe", required: true },
    { role: "tester", required: true },
  ]);
  expect(withRole(one, "scribe", null)).toHaveLength(1);
});
