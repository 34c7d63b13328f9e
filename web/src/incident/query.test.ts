import { expect, it } from "vitest";
import { has, SEVERITY_CHIPS, STATE_CHIPS, toggle, words } from "./query";

it("keeps quoted text together", () => {
  expect(words('state:open "disk full" label:"a b"')).toEqual(["state:open", '"disk full"', 'label:"a b"']);
});

it("a chip replaces its neighbour and leaves the rest", () => {
  expect(toggle("state:open service:checkout", "status:triggered", STATE_CHIPS)).toBe(
    "status:triggered service:checkout",
  );
});

it("a second press takes the chip away", () => {
  expect(toggle("state:open sev:1", "sev:1", SEVERITY_CHIPS)).toBe("state:open");
  expect(has("state:open sev:1", "sev:1")).toBe(true);
});
