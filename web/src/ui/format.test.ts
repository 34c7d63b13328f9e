import { describe, expect, it } from "vitest";
import { clockTime, count, countdown, duration, initials, relative, span, utc } from "./format";

const NOW = Date.parse("2026-11-21T02:16:04Z");

describe("times", () => {
  it("says the local hour with the zone people use", () => {
    expect(clockTime("2026-11-21T02:12:04Z", "Europe/Berlin", NOW)).toBe("03:12 CET");
    expect(clockTime("2026-11-21T02:12:04Z", "Etc/UTC", NOW)).toBe("02:12 UTC");
  });

  it("names the American zones too", () => {
    expect(clockTime("2026-11-20T20:12:04Z", "America/New_York", NOW)).toBe("15:12 EST");
  });

  it("adds the day when it is another day in the reader's zone", () => {
    expect(clockTime("2026-11-20T22:59:00Z", "Europe/Berlin", NOW)).toBe("20 Nov 23:59 CET");
    expect(clockTime("2026-11-20T23:01:00Z", "Europe/Berlin", NOW)).toBe("00:01 CET");
  });

  it("tells the age in two units at most", () => {
    expect(relative("2026-11-21T02:12:04Z", NOW)).toBe("4 m ago");
    expect(relative("2026-11-21T04:21:04Z", NOW)).toBe("in 2 h 05 m");
    expect(relative("2026-11-19T01:16:04Z", NOW)).toBe("2 d ago");
    expect(relative("2026-11-21T02:16:04Z", NOW)).toBe("now");
  });

  it("shows UTC to the second", () => {
    expect(utc("2026-11-21T02:12:04.123456Z")).toBe("2026-11-21 02:12:04 UTC");
  });
});

describe("lengths", () => {
  it("counts down with minutes and seconds", () => {
    expect(countdown(250)).toBe("04:10");
    expect(countdown(3723)).toBe("1:02:03");
    expect(countdown(-5)).toBe("00:00");
  });

  it("writes durations as people say them", () => {
    expect(duration(45)).toBe("45 s");
    expect(duration(7200)).toBe("2 h");
    expect(span(118)).toBe("1 m 58 s");
    expect(duration(273_600)).toBe("3 d 04 h");
  });

  it("counts in words", () => {
    expect(count(1, "alert")).toBe("1 alert");
    expect(count(100_000, "alert")).toBe("100,000 alerts");
  });
});

it("makes initials of names and handles", () => {
  expect(initials("Ana Ortiz")).toBe("AO");
  expect(initials("bo")).toBe("BO");
});
