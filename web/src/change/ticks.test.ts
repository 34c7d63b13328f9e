import { expect, it } from "vitest";
import type { ChangeTick } from "@/api/types";
import { currentOf, drift, tickAt } from "./ticks";

const tick = (run: ChangeTick["run"], step: number): ChangeTick => ({
  run,
  step,
  by: "ana",
  at: "2026-11-21T03:00:00Z",
  planned_at: null,
});

it("goes on at the first step that is not ticked", () => {
  const ticks = [tick("timeline", 1), tick("rollback", 2)];
  expect(currentOf("timeline", 3, ticks)).toBe(1);
  expect(currentOf("rollback", 2, ticks)).toBe(0);
  expect(currentOf("timeline", 1, ticks)).toBe(1);
  expect(tickAt(ticks, "rollback", 1)?.by).toBe("ana");
  expect(tickAt(ticks, "rollback", 0)).toBeUndefined();
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
