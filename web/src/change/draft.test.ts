import { expect, it } from "vitest";
import { BLANK_STEP, moved, namesIn, stepAfter, stepsFrom } from "./draft";

it("makes a step of each command that is pasted, like the step before it", () => {
  const last = { ...BLANK_STEP, at: "T+00:20", hosts: ["sw1"], environment: "lab", text: "Look" };
  const steps = stepsFrom("  switchctl drain\n\nswitchctl apply\n", [last]);
  expect(steps.map(({ command }) => command)).toEqual(["switchctl drain", "switchctl apply"]);
  expect(steps[0]).toMatchObject({ at: "T+00:20", hosts: ["sw1"], environment: "lab", text: "" });
  expect(stepAfter([])).toEqual(BLANK_STEP);
});

it("moves a step and reads names", () => {
  expect(moved(["a", "b", "c"], 0, 2)).toEqual(["b", "c", "a"]);
  expect(moved(["a", "b"], 1, 0)).toEqual(["b", "a"]);
  expect(namesIn("sw1, sw2,\n sw3,")).toEqual(["sw1", "sw2", "sw3"]);
});
