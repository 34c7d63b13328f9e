import { expect, test } from "vitest";
import { PLACES } from "./places";

test("no two places answer to the same key", () => {
  const keys = PLACES.map((place) => place.key);
  expect(new Set(keys).size).toBe(keys.length);
});
