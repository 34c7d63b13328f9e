import { expect, test } from "vitest";
import type { TimelineEntry } from "@/api/types";
import { newestFirst, passes, stepsOf } from "./written";

const NOTE: TimelineEntry = {
  id: "ent_1",
  seq: 1,
  at: "2026-11-21T03:00:00Z",
  recorded_at: "2026-11-21T03:00:00Z",
  late: false,
  approximate: false,
  external: false,
  pinned: false,
  kind: "note",
  actor: { kind: "user", name: "ana" },
  text: "looking",
  corrected: null,
  corrections: [],
  hypothesis: null,
  action: null,
  warnings: [],
  data: {},
};

test("an entry whose time was corrected stands where it happened", () => {
  const corrected = { text: "x", at: "2026-11-21T02:59:00Z", approximate: false, external: false };
  const late = { ...NOTE, id: "ent_2", seq: 2, at: "2026-11-21T03:09:00Z", corrected };
  const same = { ...NOTE, id: "ent_3", seq: 3 };
  expect(newestFirst([NOTE, late, same]).map(({ id }) => id)).toEqual(["ent_3", "ent_1", "ent_2"]);
});

test("steps follow where a hypothesis or a change stands", () => {
  const names = (entry: TimelineEntry) => stepsOf(entry).map(({ step }) => step);
  const inquiry = (state: "open" | "explored" | "abandoned") => ({
    ...NOTE,
    hypothesis: { state, assignee: null, found: null },
  });
  expect(names(NOTE)).toEqual([]);
  expect(names(inquiry("open"))).toEqual(["explore", "confirm", "abandon"]);
  expect(names(inquiry("abandoned"))).toEqual(["reopen"]);
  const action = {
    state: "under_way" as const,
    by: NOTE.actor,
    why: null,
    expected: null,
    actual: null,
    undo: null,
    irreversible: true,
    major: true,
    begun_at: null,
    ended_at: null,
  };
  expect(names({ ...NOTE, action })).toEqual(["finish"]);
  expect(names({ ...NOTE, action: { ...action, irreversible: false } })).toEqual(["finish", "undo"]);
});

test("filters keep what they name", () => {
  const paged: TimelineEntry = { ...NOTE, kind: "paged", pinned: true };
  expect([passes("written", NOTE), passes("written", paged)]).toEqual([true, false]);
  expect([passes("pinned", NOTE), passes("pinned", paged)]).toEqual([false, true]);
});
