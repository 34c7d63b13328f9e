import { expect, it } from "vitest";
import type { Incident, Message, Page } from "@/api/types";
import { progress } from "./test-progress";

const done = {
  state: "done",
  outcome: [{ dedup_key: "k", action: "trigger", decision: "opened #7", alert: "alt_1", incident: 7 }],
} as Message;
const incident = { number: 7, title: "Test alert", urgency: "high" } as Incident;
const states = (steps: ReturnType<typeof progress>) => steps.map((step) => step.state);

it("waits for everything right after it was sent", () => {
  expect(states(progress())).toEqual(["done", "waiting", "waiting", "waiting"]);
});

it("is done when a page was accepted", () => {
  const pages = [{ user: "ana", state: "accepted" }] as Page[];
  const steps = progress(done, incident, pages);
  expect(states(steps)).toEqual(["done", "done", "done", "done"]);
  expect(steps[3]?.detail).toBe("delivered to ana");
});

it("says where it stuck when the message could not be digested", () => {
  const steps = progress({
    state: "failed",
    error: "summary is missing",
    outcome: [] as Message["outcome"],
  } as Message);
  expect(steps[1]).toEqual({ name: "Digested", state: "failed", detail: "summary is missing" });
});

it("does not wait for a page that will never be sent", () => {
  expect(states(progress(done, { ...incident, urgency: "none" }, []))).toEqual([
    "done",
    "done",
    "done",
    "done",
  ]);
});
