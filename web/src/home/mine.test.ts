import { expect, it } from "vitest";
import type { Incident } from "@/api/types";
import { split } from "./mine";

function incident(number: number, rest: Partial<Incident>): Incident {
  return {
    id: `inc_${number}`,
    number,
    status: "triggered",
    severity: 2,
    assignee: null,
    created_at: `2026-11-21T02:0${number}:00Z`,
    ...rest,
  } as Incident;
}

it("puts first what was paged to me and nobody has", () => {
  const open = [
    incident(1, { status: "acknowledged", assignee: "ana" }),
    incident(2, {}),
    incident(3, { severity: 1 }),
    incident(4, {}),
  ];
  const { forMe, mine, others } = split(open, "ana", new Set([2, 3]));
  expect(forMe.map(({ number }) => number)).toEqual([3, 2]);
  expect(mine.map(({ number }) => number)).toEqual([1]);
  expect(others.map(({ number }) => number)).toEqual([4]);
});

it("an incident I was paged for but another has is not mine", () => {
  const { forMe, others } = split(
    [incident(1, { status: "acknowledged", assignee: "bo" })],
    "ana",
    new Set([1]),
  );
  expect(forMe).toEqual([]);
  expect(others).toHaveLength(1);
});
