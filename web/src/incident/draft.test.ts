// @vitest-environment jsdom
import { beforeEach, expect, test } from "vitest";
import { draftOf, EMPTY, keepDraft, typedSince } from "./draft";

beforeEach(() => localStorage.clear());

test("a draft comes back whole, and an empty one leaves nothing behind", () => {
  const draft = { ...EMPTY, kind: "action" as const, text: "fail over", fields: { why: "errors" } };
  keepDraft("7", draft);
  expect(draftOf("7")).toEqual(draft);
  expect(draftOf("8")).toEqual(EMPTY);
  keepDraft("7", EMPTY);
  expect(localStorage.length).toBe(0);
});

test("a note that was kept as plain text before is still there", () => {
  for (const text of ["half a thought", "42", '{"kind":"burnt"}']) {
    localStorage.setItem("muster.draft.7", text);
    expect(draftOf("7")).toEqual({ ...EMPTY, text });
  }
});

test("what is typed while an entry is on its way is not lost with it", () => {
  const sent = { ...EMPTY, text: "the disk is full", fields: { why: "errors" } };
  expect(typedSince(sent, sent)).toEqual(EMPTY);
  expect(typedSince(sent, { ...sent, text: "the disk is full\nof logs" }).text).toBe("of logs");
  const other = { ...sent, kind: "decision" as const, text: "we fail over" };
  expect(typedSince(sent, other)).toEqual({ ...EMPTY, kind: "decision", text: "we fail over" });
});
