import { expect, it } from "vitest";
import type { ChangeCalendar, ChangeItem } from "@/api/types";
import { clocks, dayByDay, shown, turned } from "./days";

const BERLIN = "Europe/Berlin";
const NOW = Date.parse("2026-03-31T10:00:00Z");

const calendar = (more: Partial<ChangeCalendar>): ChangeCalendar => ({
  from: "2026-03-23T00:00:00Z",
  to: "2026-04-06T00:00:00Z",
  changes: [],
  freezes: [],
  windows: [],
  incidents: [],
  gaps: [],
  ...more,
});
const freeze = (from: string, until: string) => ({
  name: "launch",
  from,
  until,
  services: [],
  tiers: [],
  reason: "the shop opens in Spain",
});

it("shows whole weeks from a Monday on", () => {
  const month = shown("month", Date.parse("2026-03-15T10:00:00Z"), BERLIN);
  expect([month[0]?.date, month.at(-1)?.date, month.length]).toEqual(["2026-02-23", "2026-04-05", 42]);
  const february = shown("month", Date.parse("2027-02-10T10:00:00Z"), BERLIN);
  expect([february[0]?.date, february.length]).toEqual(["2027-02-01", 28]);
  // Sunday evening in Berlin is still the week that began on Monday.
  const week = shown("week", Date.parse("2026-03-29T20:00:00Z"), BERLIN);
  expect(week.map((day) => day.date)).toEqual([
    "2026-03-23",
    "2026-03-24",
    "2026-03-25",
    "2026-03-26",
    "2026-03-27",
    "2026-03-28",
    "2026-03-29",
  ]);
  expect(week.at(-1)?.hours, "the clocks go forward").toBe(23);
});

it("turns by a week, and by a month whatever its length", () => {
  expect(turned("week", "2026-03-30", 1)).toBe("2026-04-06");
  expect(turned("month", "2026-01-31", 1)).toBe("2026-02-01");
  expect(turned("month", "2026-01-15", -1)).toBe("2025-12-01");
});

it("puts what lasts for days on each of them, and what ends at midnight not on the next", () => {
  const days = shown("week", Date.parse("2026-03-25T10:00:00Z"), BERLIN);
  const cut = dayByDay(
    calendar({ freezes: [freeze("2026-03-24T11:00:00Z", "2026-03-25T23:00:00Z")] }),
    days,
    null,
    NOW,
  );
  expect(cut.map((day) => day.marks.length)).toEqual([0, 1, 1, 0, 0, 0, 0]);
  const told = cut.flatMap((day) => day.marks.map((mark) => clocks(mark, day, BERLIN)));
  expect(told).toEqual(["12:00 to 24:00", "all day"]);
});

it("lets what is open go on up to now and not beyond, and puts freezes first", () => {
  const days = shown("week", Date.parse("2026-03-25T10:00:00Z"), BERLIN);
  const incident = {
    number: 7,
    title: "Nobody can pay",
    severity: 1,
    status: "triggered" as const,
    service: "checkout",
    from: "2026-03-28T10:00:00Z",
    to: null,
  };
  const freezes = [freeze("2026-03-29T10:00:00Z", "2026-03-30T10:00:00Z")];
  const cut = dayByDay(calendar({ incidents: [incident], freezes }), days, null, NOW);
  expect(cut.map((day) => day.marks.map((mark) => mark.kind))).toEqual([
    [],
    [],
    [],
    [],
    [],
    ["incident"],
    ["freeze", "incident"],
  ]);
  const begun = dayByDay(calendar({ incidents: [incident] }), days, null, Date.parse(incident.from));
  expect(begun.map((day) => day.marks.length)).toEqual([0, 0, 0, 0, 0, 1, 0]);
});

it("says which change of the service is at the same time, and that something is in the way", () => {
  const days = shown("week", Date.parse("2026-03-25T10:00:00Z"), BERLIN);
  const change = (
    number: number,
    start: string,
    end: string,
    state: ChangeItem["state"],
    service = "checkout",
  ) => ({
    number,
    title: `Change ${number}`,
    state,
    service,
    class: "deploy",
    risk: null,
    emergent: false,
    origin: "planned" as const,
    submitter: "ana",
    technician: "ana",
    start: `2026-03-24T${start}:00Z`,
    end: `2026-03-24T${end}:00Z`,
    outcome: null,
    asked: [],
  });
  const changes = [
    change(1, "10:00", "12:00", "scheduled"),
    change(2, "11:00", "13:00", "approved"),
    change(3, "12:00", "12:30", "cancelled"),
    change(4, "10:00", "12:00", "scheduled", "search"),
    change(5, "14:00", "15:00", "approved"),
    change(6, "13:00", "14:00", "scheduled"),
  ];
  const marks = dayByDay(calendar({ changes }), days, null, NOW).flatMap((day) => day.marks);
  const told = new Map(marks.map(({ number, clash }) => [number, clash]));
  expect(told.get(1)).toBe("At the same time as CHG-2");
  expect(told.get(2)).toBe("At the same time as CHG-1");
  expect(told.get(3)).toBe("");
  expect(told.get(4), "another service").toBe("");
  expect(told.get(5)).toBe("Something is in its way");
  expect(told.get(6), "it touches both and overlaps neither").toBe("");
});
