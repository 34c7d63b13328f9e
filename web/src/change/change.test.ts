import { expect, it } from "vitest";
import type { ChangePlan, ChangeRecord } from "@/api/types";
import { actionsOf, cloned, instantAt, listed, minutesOf, nextInWords } from "./change";

const change = (over: Partial<ChangeRecord>) =>
  ({
    state: "draft",
    plan: { technician: "ana", incident: null },
    approvals: [],
    decisions: [],
    submitter: "ana",
    yours: true,
    ...over,
  }) as unknown as ChangeRecord;

it("reads the time of a step, and none where there is none", () => {
  expect(minutesOf("T+01:10")).toBe(70);
  expect(minutesOf("T-00:30")).toBe(-30);
  expect(minutesOf("soon")).toBeNull();
  expect(minutesOf("T+00:75")).toBeNull();
  expect(instantAt("2026-11-21T23:30:00Z", "T+01:10")).toBe("2026-11-22T00:40:00.000Z");
});

it("says whose turn it is", () => {
  const asked = { people: ["kim", "bo"], state: "asked" };
  const approvals = [asked, { ...asked, people: ["vera"], state: "later" }];
  expect(nextInWords(change({ state: "submitted", approvals } as never))).toBe(
    "Waits for kim and bo to agree.",
  );
  expect(listed(["a", "b", "c"])).toBe("a, b and c");
});

it("offers what the state allows, and nothing to strangers", () => {
  expect(actionsOf(change({ state: "in_progress" }))).toEqual(["finish", "abort"]);
  expect(actionsOf(change({ state: "rolling_back" }))).toEqual(["finish"]);
  expect(actionsOf(change({ state: "rejected" }))).toEqual(["submit", "cancel"]);
  expect(actionsOf(change({ state: "scheduled", yours: false }))).toEqual([]);
  expect(actionsOf(change({ state: "closed" }))).toEqual([]);
});

it("clones a plan without its dates", () => {
  const plan = {
    title: "Switches",
    start: "2026-11-21T03:00:00Z",
    end: "2026-11-21T05:00:00Z",
  } as ChangePlan;
  expect(cloned(plan)).toEqual({ title: "Switches", start: null, end: null });
});
