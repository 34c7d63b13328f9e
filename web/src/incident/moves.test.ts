import { expect, it } from "vitest";
import { isImmediate, moves } from "./moves";

const base = { snoozed_until: null, merged_into: null, restricted: null };

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
  expect(moves({ status: "closed", snoozed_until: null, merged_into: 7, restricted: null })).toEqual([]);
});

it("asks before what pages people or ends the incident", () => {
  expect(isImmediate("escalate")).toBe(false);
  expect(isImmediate("resolve")).toBe(false);
  expect(isImmediate("acknowledge")).toBe(true);
});

it("whoever is asked to come says first that they are here", () => {
  const known = { ...base, status: "acknowledged" } as const;
  expect(moves(known)[0]).toBe("resolve");
  expect(moves(known, true)[0]).toBe("check-in");
  expect(new Set(moves(known, true))).toEqual(new Set(moves(known)));
  expect(moves({ ...known, status: "triggered" }, true)[0]).toBe("acknowledge");
});

it("restricts what everybody sees, and that once", () => {
  expect(moves({ ...base, status: "closed" })).toContain("restrict");
  const restricted = { reason: "why", since: "2026-11-21T03:00:00Z", users: [], groups: [] };
  expect(moves({ ...base, status: "closed", restricted })).not.toContain("restrict");
});
