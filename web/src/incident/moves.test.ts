import { expect, it } from "vitest";
import { isImmediate, moves } from "./moves";

const base = { snoozed_until: null, merged_into: null };

it("puts acknowledge under the thumb while nobody has it", () => {
  expect(moves({ ...base, status: "triggered" })[0]).toBe("acknowledge");
});

it("never offers to acknowledge twice", () => {
  expect(moves({ ...base, status: "acknowledged" })).not.toContain("acknowledge");
  expect(moves({ ...base, status: "acknowledged" })).toContain("unacknowledge");
});

it("offers to end a snooze instead of a second one", () => {
  const offered = moves({ ...base, status: "triggered", snoozed_until: "2026-11-21T03:00:00Z" });
  expect(offered).toContain("unsnooze");
  expect(offered).not.toContain("snooze");
});

it("leaves a merged incident alone", () => {
  expect(moves({ status: "closed", snoozed_until: null, merged_into: 7 })).toEqual([]);
});

it("asks before what pages people or ends the incident", () => {
  expect(isImmediate("escalate")).toBe(false);
  expect(isImmediate("resolve")).toBe(false);
  expect(isImmediate("acknowledge")).toBe(true);
});
