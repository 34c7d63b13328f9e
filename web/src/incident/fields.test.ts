import { expect, test } from "vitest";
import { changesOf, queryOf, valuesOf } from "./fields";

test("only what is not so already is set, and what was emptied is taken away", () => {
  const form = new FormData();
  form.set("field.cause", "deploy");
  form.set("field.customer", " ");
  form.set("field.owner", "");
  form.set("field.users_hit", "7");
  form.set("reason", "seen in the diff");
  const before = { customer: "Acme", users_hit: "7" };
  expect(changesOf(valuesOf(form), before)).toEqual({ cause: "deploy", customer: "" });
});

test("a value is put in quotes where a search would part it", () => {
  expect(queryOf("cause", "deploy")).toBe("field.cause:deploy");
  expect(queryOf("cause", 'a "quick" fix')).toBe('field.cause:"a \\"quick\\" fix"');
});
