import { expect, test } from "vitest";
import { dragged, HOUR_MS, meant, placed, type Ruler } from "./ruler";

const at = (clock: string) => Date.parse(`${clock}Z`);
const DAY_MS = 24 * HOUR_MS;

/** Ten days from a Monday on, in UTC, with a handoff at nine. */
const ruler = (rest: Partial<Ruler> = {}): Ruler => ({
  from: at("2026-11-23T00:00"),
  to: at("2026-12-03T00:00"),
  zone: "UTC",
  stepHours: 6,
  edges: [at("2026-11-24T09:00")],
  ...rest,
});

test("a place means the edge of a shift where one is near, else a full step of the clocks", () => {
  const place = (clock: string) => (at(clock) - ruler().from) / (10 * DAY_MS);
  expect(meant(ruler(), place("2026-11-24T10:20"))).toBe(at("2026-11-24T09:00"));
  expect(meant(ruler(), place("2026-11-26T10:20"))).toBe(at("2026-11-26T12:00"));
  expect(meant(ruler(), 7)).toBe(at("2026-12-03T00:00"));
  const berlin = ruler({ zone: "Europe/Berlin", edges: [] });
  expect(new Date(meant(berlin, place("2026-11-26T10:20"))).toISOString()).toBe("2026-11-26T11:00:00.000Z");
});

test("what is dragged keeps its length, and an end never passes the other", () => {
  const day = { from: at("2026-11-26T00:00"), to: at("2026-11-27T00:00") };
  expect(dragged(ruler(), day, "whole", 0.21)).toEqual({
    from: at("2026-11-28T00:00"),
    to: at("2026-11-29T00:00"),
  });
  expect(dragged(ruler(), day, "to", 0.1).to).toBe(at("2026-11-28T00:00"));
  expect(dragged(ruler(), day, "to", -0.5)).toEqual({ from: day.from, to: day.from + 6 * HOUR_MS });
  expect(dragged(ruler(), day, "from", 0.5)).toEqual({ from: day.to - 6 * HOUR_MS, to: day.to });
});

test("a stretch that reaches beyond the axis is cut", () => {
  const long = { from: at("2026-11-01T00:00"), to: at("2026-11-24T00:00") };
  expect(placed(ruler(), long)).toEqual({ insetInlineStart: "0%", width: "10%" });
  const later = { from: at("2027-01-01T00:00"), to: at("2027-01-02T00:00") };
  expect(placed(ruler(), later)).toEqual({ insetInlineStart: "100%", width: "0%" });
});
