import { expect, it } from "vitest";
import { names } from "./restricted";

it("reads names however they are separated, each once", () => {
  expect(names("ana, bo,,kim  ana")).toEqual(["ana", "bo", "kim"]);
  expect(names(undefined)).toEqual([]);
  expect(names("  ")).toEqual([]);
});
