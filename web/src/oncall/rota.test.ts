import { expect, test } from "vitest";
import { moved, same, setAt } from "./document";
import { addLayer, layersOf, moveLayer, removeLayer, shadowsOf, withLayer, withShadows } from "./rota";

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
  expect(layersOf(settled)[1]?.every).toEqual(["2w"]);
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

test("planned changes are written with what they change, and go when none is left", () => {
  const change = { from: "2026-12-01", turns: [["bo"], ["ana", "cy"]], every: null, handoff: null };
  const planned = withLayer(document, 0, { changes: [change] });
  expect(layersOf(planned)[0]?.changes).toEqual([change]);
  expect(planned.layers).toMatchObject([
    { rotation: { changes: [{ from: "2026-12-01", participants: ["bo", ["ana", "cy"]] }] } },
    {},
  ]);
  const longer = withLayer(document, 0, { changes: [{ ...change, every: ["4d", "3d"], handoff: "10:00" }] });
  expect(layersOf(longer)[0]?.changes[0]).toMatchObject({ every: ["4d", "3d"], handoff: "10:00" });
  expect(withLayer(planned, 1, { changes: [] })).toEqual(planned);
  expect(layersOf(withLayer(planned, 0, { changes: [] }))[0]?.changes).toEqual([]);
});

test("shadows leave out what is not said", () => {
  const shadow = { user: "cy", follows: "ana", from: "", to: "2026-12-24T09:00", reverse: true };
  const trained = withShadows(document, [shadow]);
  expect(trained.shadows).toEqual([{ user: "cy", follows: "ana", to: "2026-12-24T09:00", reverse: true }]);
  expect(shadowsOf(trained)).toEqual([shadow]);
  expect(withShadows(trained, [])).toEqual(document);
});

test("the zone of a layer and whether it adds come and go", () => {
  const zoned = withLayer(document, 1, { timezone: "Asia/Tokyo", adds: true });
  expect(layersOf(zoned)[1]).toMatchObject({ timezone: "Asia/Tokyo", adds: true });
  expect(withLayer(zoned, 1, { timezone: "", adds: false })).toEqual(document);
});
