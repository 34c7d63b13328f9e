import { expect, test } from "vitest";
import type { Shift } from "@/api/types";
import { barsOf, ownBars, stacked } from "./lanes";

const at = (day: number) => new Date(Date.UTC(2026, 10, day)).toISOString();

function shift(user: string, from: number, to: number | null, shadow: string | null = null) {
  return { user, from: at(from), to: to && at(to), shadow } as Shift;
}

const axis = { from: Date.parse(at(1)), to: Date.parse(at(30)), timezone: "UTC" };

const drawn = (shifts: Shift[]) => stacked(barsOf(shifts, axis)).map((row) => row.map(({ words }) => words));

test("several on one turn are one bar, and who goes along has none", () => {
  const shifts = [shift("ana", 1, 4), shift("bo", 1, 4), shift("cy", 1, 4, "ana"), shift("zoe", 4, null)];
  expect(drawn(shifts)).toEqual([["ana and bo", "zoe"]]);
});

test("what overlaps stands in rows of its own", () => {
  const shifts = [shift("ana", 1, 8), shift("bo", 3, 5), shift("zoe", 5, 9), shift("cy", 8, 10)];
  expect(drawn(shifts)).toEqual([
    ["ana", "cy"],
    ["bo", "zoe"],
  ]);
});

test("overrides of a draft stand by the clocks of the schedule, and unfinished ones nowhere", () => {
  const overrides = [
    { user: "ana", insteadOf: "bo", from: "2026-11-02T09:00", to: "2026-11-03T09:00" },
    { user: "zoe", insteadOf: "", from: "2026-11-05T09:00", to: "2026-11-04T09:00" },
    { user: "zoe", insteadOf: "", from: "", to: "2026-11-04T09:00" },
  ];
  const [bar, ...others] = ownBars(overrides, "Europe/Berlin");
  expect(others).toEqual([]);
  expect(bar).toMatchObject({ own: 0, words: "ana for bo", from: Date.parse("2026-11-02T08:00Z") });
});
