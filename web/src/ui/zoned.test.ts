import { expect, it } from "vitest";
import { daysFrom, instantOf, wallClock } from "./zoned";

const iso = (at: number) => new Date(at).toISOString();

it("reads what a person types as a clock of their zone", () => {
  expect(iso(instantOf("2026-01-05T09:00", "Europe/Berlin"))).toBe("2026-01-05T08:00:00.000Z");
  expect(iso(instantOf("2026-07-05T09:00", "America/New_York"))).toBe("2026-07-05T13:00:00.000Z");
  expect(wallClock(Date.parse("2026-07-05T13:00:00Z"), "America/New_York")).toBe("2026-07-05T09:00");
});

it("takes a time that the clocks skip for the time after", () => {
  expect(iso(instantOf("2026-03-29T02:30", "Europe/Berlin"))).toBe("2026-03-29T01:30:00.000Z");
  expect(iso(instantOf("2026-03-29T03:00", "Europe/Berlin"))).toBe("2026-03-29T01:00:00.000Z");
});

it("knows the days of 23 and 25 hours", () => {
  const lengths = (at: string, zone: string) => daysFrom(Date.parse(at), zone, 3).map(({ hours }) => hours);
  expect(lengths("2026-03-28T12:00:00Z", "Europe/Berlin")).toEqual([24, 23, 24]);
  expect(lengths("2026-10-24T12:00:00Z", "Europe/Berlin")).toEqual([24, 25, 24]);
  expect(lengths("2026-10-03T12:00:00Z", "Australia/Lord_Howe")).toEqual([24, 23.5, 24]);
});

it("begins with the day that it is in the zone, not in UTC", () => {
  const [day] = daysFrom(Date.parse("2026-05-01T23:30:00Z"), "Europe/Berlin", 1);
  expect(day?.date).toBe("2026-05-02");
  expect(iso(day?.from ?? 0)).toBe("2026-05-01T22:00:00.000Z");
});
