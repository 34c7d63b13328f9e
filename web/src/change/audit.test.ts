import { describe, expect, it } from "vitest";
import type { AuditedChange } from "@/api/types";
import { average, counts, onlyOf, periodOf, share } from "./audit";

const change: AuditedChange = {
  number: 1,
  title: "New disks",
  week: "2026-11-30",
  team: "payments",
  points: 12,
  quality: [],
  notice: "not_asked",
  customers_told: "no",
  customers_agreed: "yes",
  schedule: "yes",
  slip_seconds: 0,
  took_seconds: 60,
  emergent: false,
  origin: "planned",
  outcome: "success",
  exception: null,
  overrides: 0,
  excuse: { incident: 3, doubts: [], because: [] },
  caused: [],
  caused_outage_seconds: 0,
};

describe("the audit", () => {
  it("leads from a figure to the changes that it counts", () => {
    expect(counts(change, undefined)).toBe(true);
    expect(counts(change, "told")).toBe(true);
    expect(counts(change, "notice")).toBe(false);
    expect(counts(change, "doubted")).toBe(false);
    const doubted = { ...change, excuse: { incident: 3, doubts: ["over" as const], because: ["over"] } };
    expect(counts(doubted, "doubted")).toBe(true);
    expect(counts({ ...change, caused: [7] }, "caused")).toBe(true);
  });

  it("says a share only where something was asked", () => {
    expect(share({ asked: 0, kept: 0 })).toBe("–");
    expect(share({ asked: 4, kept: 3 })).toBe("3 of 4");
    expect(average(-3, 2)).toBe("-1.5");
    expect(average(0, 0)).toBe("–");
  });

  it("asks for whole hours and knows its figures", () => {
    const now = Date.parse("2026-11-21T03:12:00Z");
    expect(periodOf(8, now)).toEqual({ from: "2026-09-26T04:00:00.000Z", to: "2026-11-21T04:00:00.000Z" });
    expect(onlyOf("emergent")).toBe("emergent");
    expect(onlyOf("toString")).toBeUndefined();
  });
});
