import { expect, test } from "vitest";
import type { Shift } from "@/api/types";
import { stacked } from "./lanes";

const at = (day: number) => new Date(Date.UTC(2026, 10, day)).toISOString();

function shift(user: string, from: number, to: number | null, shadow: string | null = null) {
  return { user, from: at(from), to: to && at(to), shadow } as Shift;
}

const drawn = (shifts: Shift[]) =>
  stacked(shifts, Date.parse(at(1)), Date.parse(at(30))).map((row) =>
    row.map(({ users }) => users.join(" and ")),
  );

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
