import { expect, it } from "vitest";
import type { StreamEvent } from "@/api/types";
import { affected } from "./affected";

function event(type: string, incident: number | null, subject = "inc_1"): StreamEvent {
  return { seq: 1, at: "2026-11-21T02:12:04Z", type, incident, change: null, subject };
}

it("an acknowledgement refreshes its incident and the lists", () => {
  expect(affected(event("incident.acknowledged", 42))).toEqual([
    ["incident", "42"],
    ["incidents"],
    ["families"],
    ["services"],
  ]);
});

it("a delivery refreshes its incident alone", () => {
  expect(affected(event("page.accepted", 42))).toEqual([["incident", "42"]]);
});

it("a new kind of event about an incident still refreshes it", () => {
  expect(affected(event("bridge.opened", 42))).toEqual([["incident", "42"]]);
  expect(affected(event("bridge.opened", null))).toEqual([]);
});

it("a change that is marked refreshes its incident, and what changed before all of them", () => {
  expect(affected(event("change.marked", 42))).toEqual([["incident", "42"], ["changes"], ["suspects"]]);
  expect(affected(event("change_event.recorded", null))).toEqual([["change-events"], ["suspects"]]);
});
