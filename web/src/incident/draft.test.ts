// @vitest-environment jsdom
import { beforeEach, expect, test } from "vitest";
import { draftOf, EMPTY, keepDraft } from "./draft";

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
