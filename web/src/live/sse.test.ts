import { expect, it } from "vitest";
import { parser } from "./sse";

it("reads an event that arrives in pieces", () => {
  const stream = parser();
  expect(stream.push("id: 7\nevent: cha")).toEqual([]);
  expect(stream.push('nge\ndata: {"seq":7}\n')).toEqual([]);
  expect(stream.push("\n")).toEqual([{ id: "7", event: "change", data: '{"seq":7}' }]);
});

it("ignores heartbeats and keeps order", () => {
  const events = parser().push(": beat\n\ndata: a\n\n: beat\n\ndata: b\ndata: c\n\n");
  expect(events.map((event) => event.data)).toEqual(["a", "b\nc"]);
});

it("takes carriage returns, cut in the middle too", () => {
  const stream = parser();
  expect(stream.push("data: x\r")).toEqual([]);
  expect(stream.push("\n\r\n")).toEqual([{ id: null, event: "message", data: "x" }]);
});
