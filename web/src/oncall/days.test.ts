import { expect, it } from "vitest";
import type { Shift } from "@/api/types";
import { dayByDay } from "./days";

const shift = (user: string, from: string | null, to: string | null, more: Partial<Shift> = {}): Shift => ({
  user,
  layer: "weekly",
  from,
  to,
  role: null,
  mentor: null,
  shadow: null,
  longer_by_minutes: 0,
  ...more,
});
const told = (shifts: Shift[], at: string, count: number) =>
  dayByDay(shifts, Date.parse(at), "Europe/Berlin", count).map(({ parts }) =>
    parts.map(({ user, from, to }) => `${user} ${(to - from) / 3_600_000}`),
  );

it("cuts a week at midnight and at the handoff", () => {
  const shifts = [
    shift("ana", "2026-03-23T08:00:00Z", "2026-03-30T07:00:00Z"),
    shift("bo", "2026-03-30T07:00:00Z", null),
  ];
  expect(told(shifts, "2026-03-29T10:00:00Z", 3)).toEqual([["ana 23"], ["ana 9", "bo 15"], ["bo 24"]]);
});

it("says where nobody is", () => {
  expect(told([], "2026-01-05T10:00:00Z", 1)).toEqual([["null 24"]]);
  const office = [shift("ana", "2026-01-05T08:00:00Z", "2026-01-05T16:00:00Z")];
  expect(told(office, "2026-01-05T10:00:00Z", 1)).toEqual([["null 9", "ana 8", "null 7"]]);
});

it("shows two people at once without a gap between them", () => {
  const both = [shift("ana", null, null), shift("bo", "2026-01-05T08:00:00Z", "2026-01-05T16:00:00Z")];
  expect(told(both, "2026-01-05T10:00:00Z", 1)).toEqual([["ana 24", "bo 8"]]);
});

it("does not take whoever goes along for somebody on call", () => {
  const along = [shift("dee", "2026-01-05T08:00:00Z", "2026-01-05T16:00:00Z", { shadow: "ana" })];
  expect(told(along, "2026-01-05T10:00:00Z", 1)).toEqual([["null 24", "dee 8"]]);
});
