import { expect, it } from "vitest";
import { currentOf, drift, tickOf } from "./ticks";

it("goes on at the first step that is not ticked", () => {
  const ticks = { [tickOf("timeline", 0)]: "2026-11-21T03:00:00Z", [tickOf("rollback", 1)]: "x" };
  expect(currentOf("timeline", 3, ticks)).toBe(1);
  expect(currentOf("rollback", 2, ticks)).toBe(0);
  expect(currentOf("timeline", 1, ticks)).toBe(1);
});

it("says how late a step is", () => {
  const planned = "2026-11-21T03:00:00Z";
  const after = (minutes: number) => drift(planned, Date.parse(planned) + minutes * 60_000);
  expect([after(0), after(3), after(-5), after(75)]).toEqual([
    "on time",
    "3 m late",
    "5 m early",
    "1 h 15 m late",
  ]);
});
