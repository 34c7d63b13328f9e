import { expect, it } from "vitest";
import type { SearchKey } from "@/api/types";
import { complaint, suggest } from "./language";

const KEYS: SearchKey[] = [
  {
    key: "state",
    kinds: ["incident"],
    says: "open, or resolved",
    example: "state:open",
    values: ["open", "resolved"],
  },
  {
    key: "status",
    kinds: ["incident"],
    says: "where it stands",
    example: "status:triggered",
    values: ["triggered"],
  },
  {
    key: "service",
    kinds: ["incident"],
    says: "what",
    example: "service:checkout",
    values: ["checkout", "web shop"],
  },
];

const texts = (text: string, cursor = text.length) =>
  suggest(text, cursor, KEYS).offered.map((each) => each.text);

it("offers keys for the word under the cursor", () => {
  expect(texts("disk st")).toEqual(["state:", "status:"]);
  expect(texts("-se")).toEqual(["-service:"]);
  expect(texts("disk ")).toEqual([]);
  expect(suggest("st disk", 2, KEYS)).toMatchObject({ from: 0, to: 2 });
});

it("offers the values of a key, after commas too", () => {
  expect(texts("state:")).toEqual(["state:open ", "state:resolved "]);
  expect(texts("service:checkout,w")).toEqual(['service:checkout,"web shop" ']);
  expect(texts("state:open")).toEqual([]);
  expect(texts("nothing:x")).toEqual([]);
});

it("finds the word that a complaint is about", () => {
  const said = complaint("ü state:open svc:x disk", "position 14: `svc` is nothing");
  expect(said).toEqual({ before: "ü state:open ", word: "svc:x", after: " disk", says: "`svc` is nothing" });
  expect(complaint("disk", "The server is busy")).toBeNull();
  expect(complaint("disk", "position 9: more")?.word).toBe("");
});
