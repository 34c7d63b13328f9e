import { expect, it } from "vitest";
import { explain, fromProblem, unreachable } from "./problem";

it("says what the server said, and which fields are wrong", () => {
  const error = fromProblem(422, {
    title: "Invalid configuration",
    status: 422,
    detail: "Nothing was changed.",
    errors: [{ path: "services[0].team", message: "no team is called payment" }],
  });
  expect(explain(error)).toBe("Nothing was changed. — services[0].team: no team is called payment");
});

it("gives advice when the server says nothing of use", () => {
  expect(explain(fromProblem(503, "<html>"))).toContain("Try again in a moment");
  expect(explain(fromProblem(418, undefined))).toBe("The server answered 418.");
});

it("never claims an outcome that is not known", () => {
  expect(explain(unreachable())).toContain("not known whether");
});
