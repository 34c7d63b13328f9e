import { describe, expect, it } from "vitest";
import {
  addComponent,
  changeComponent,
  componentsOf,
  moveComponent,
  removeComponent,
  shownAs,
  withShownAs,
} from "./status-page";

describe("the document of a status page", () => {
  it("keeps its components in order and drops the last one's list", () => {
    let document = changeComponent(addComponent({ name: "shop", extra: 1 }), 0, "name", "Paying");
    document = changeComponent(addComponent(document), 1, "name", "Mail");
    document = changeComponent(document, 1, "services", ["mail"]);
    document = moveComponent(document, 1, 0);
    expect(componentsOf(document)).toEqual([{ name: "Mail", services: ["mail"] }, { name: "Paying" }]);
    document = changeComponent(document, 0, "services", []);
    expect(removeComponent(removeComponent(document, 0), 0)).toEqual({ name: "shop", extra: 1 });
  });

  it("shows the three worst severities until it says otherwise", () => {
    const document = { name: "shop" };
    expect([1, 2, 3, 4].map((level) => shownAs(document, level))).toEqual([
      "major_outage",
      "partial_outage",
      "degraded",
      "",
    ]);
    const changed = withShownAs(withShownAs(document, 3, ""), 4, "degraded");
    expect(changed).toEqual({
      name: "shop",
      shows: { 1: "major_outage", 2: "partial_outage", 4: "degraded" },
    });
    expect(shownAs(changed, 3)).toBe("");
  });
});
