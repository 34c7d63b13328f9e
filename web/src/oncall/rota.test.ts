import { expect, test } from "vitest";
import { addLayer, layersOf, moved, moveLayer, removeLayer, same, setAt, withLayer } from "./rota";

const document = {
  name: "primary",
  team: "payments",
  role: "primary",
  layers: [
    {
      name: "days",
      adds: true,
      rotation: {
        every: "1d",
        handoff: "09:00",
        start: "2026-11-02",
        participants: ["ana", ["bo", "cy"]],
        changes: [],
      },
    },
    { name: "nights", rotation: { every: "1w", start: "2026-11-02", participants: [] } },
  ],
};

test("layers are read with groups and without hours", () => {
  const [days] = layersOf(document);
  expect(days?.turns).toEqual([["ana"], ["bo", "cy"]]);
  expect(days?.hours).toEqual([]);
  expect(layersOf({})).toEqual([]);
});

test("a change of one field keeps every field that the editor does not know", () => {
  const changed = withLayer(document, 0, { turns: [["bo", "cy"], ["ana"]] });
  expect(changed).toEqual({
    ...document,
    layers: [
      {
        ...document.layers[0],
        rotation: { ...document.layers[0]?.rotation, participants: [["bo", "cy"], "ana"] },
      },
      document.layers[1],
    ],
  });
});

test("hours come and go", () => {
  const hours = [{ days: [], from: "09:00", to: "17:00" }];
  const restricted = withLayer(document, 1, { hours });
  expect(layersOf(restricted)[1]?.hours).toEqual(hours);
  expect(withLayer(restricted, 1, { hours: [] })).toEqual(document);
});

test("layers and people are moved, and never lost", () => {
  expect(layersOf(moveLayer(document, 0, 1)).map(({ name }) => name)).toEqual(["nights", "days"]);
  expect(moveLayer(document, 0, 2)).toEqual(document);
  expect(moved(["a", "b", "c"], 2, 0)).toEqual(["c", "a", "b"]);
  expect(moved(["a"], 0, -1)).toEqual(["a"]);
});

test("a new layer has a name that is free", () => {
  const twice = addLayer(addLayer(document, "2026-11-23"), "2026-11-23");
  const names = layersOf(twice).map(({ name }) => name);
  expect(new Set(names).size).toBe(4);
  expect(removeLayer(twice, 3).layers).toHaveLength(3);
});

test("one section is settled by its path", () => {
  const settled = setAt(document, "layers(nights).rotation.every", "2w");
  expect(layersOf(settled)[1]?.every).toBe("2w");
  expect(layersOf(settled)[0]).toEqual(layersOf(document)[0]);
  expect(setAt(document, "role", null)).not.toHaveProperty("role");
  expect(layersOf(setAt(document, "layers(days)", null)).map(({ name }) => name)).toEqual(["nights"]);
  const ordered = setAt(document, "layers (order)", ["nights", "days"]);
  expect(layersOf(ordered).map(({ name }) => name)).toEqual(["nights", "days"]);
});

test("the order of fields is no difference, and that of people is one", () => {
  expect(same({ a: 1, b: [{ c: null }] }, { b: [{ c: null }], a: 1 })).toBe(true);
  expect(same({ a: ["ana", "bo"] }, { a: ["bo", "ana"] })).toBe(false);
  expect(same({ a: 1 }, { a: 1, b: 2 })).toBe(false);
  expect(same(null, {})).toBe(false);
});
