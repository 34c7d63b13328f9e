import { expect, test } from "vitest";
import { labelSets, occasionOf, wholeLabels } from "./occasion-search";

test("an occasion holds what its address says, and nothing that makes no sense", () => {
  const address = { at: "soon", severity: "2", labels: "", service: "checkout" };
  expect(occasionOf(address)).toEqual({ service: "checkout" });
  expect(wholeLabels("env:prod, team:pay, half")).toEqual([
    ["env", "prod"],
    ["team", "pay"],
  ]);
});

test("labels of alerts are offered as a person would type them, each set once", () => {
  const alerts: { labels: Record<string, string> }[] = [
    { labels: { env: "prod", zone: "eu" } },
    { labels: {} },
    { labels: { env: "prod", zone: "eu" } },
    { labels: { env: "test", "a b": "no", list: "x,y" } },
  ];
  expect(labelSets(alerts)).toEqual(["env:prod,zone:eu", "env:test"]);
});
