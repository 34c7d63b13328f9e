import { expect, it } from "vitest";
import type { TrialSignal } from "@/api/types";
import { afterSeconds, pairs } from "./trial";

function signal(rest: Partial<TrialSignal> = {}, at = "2026-01-05T03:00:00Z"): TrialSignal {
  const page = (seconds: number, user: string) => ({
    at: new Date(Date.parse(at) + seconds * 1000).toISOString(),
    policy: "payments",
    step: 1,
    round: 1,
    user,
    method: "phone",
  });
  return {
    action: "trigger",
    dedup_key: "disk",
    summary: "The disk is full",
    service: "checkout",
    routed_by: "the integration belongs to checkout",
    severity: 2,
    severity_by: "the default",
    decision: "it is a new alert",
    grouping: "it opens an incident",
    held: null,
    held_until: null,
    not_paged: null,
    pages: [page(0, "ana"), page(300, "bo")],
    warnings: [],
    texts: { webhook: { at }, email: { subject: "", text: "" }, sms: "", voice: "", chat: {} },
    ...rest,
  };
}

it("counts from the signal, not from the first page", () => {
  const late = signal({
    texts: {
      webhook: { at: "2026-01-05T02:59:00Z" },
      email: { subject: "", text: "" },
      sms: "",
      voice: "",
      chat: {},
    },
  });
  expect(late.pages.map((page) => afterSeconds(late, page))).toEqual([60, 360]);
});

it("finds no change between two looks a second apart", () => {
  const [pair] = pairs([signal()], [signal({}, "2026-01-05T03:00:01Z")]);
  expect(pair?.changed).toEqual([]);
});

it("names what a proposal changes", () => {
  const [pair] = pairs([signal()], [signal({ severity: 1, severity_by: "entry 1", pages: [] })]);
  expect(pair?.changed).toEqual(["severity", "pages"]);
});

it("shows signals that only one of the two has", () => {
  const found = pairs([signal()], [signal({ dedup_key: "other" })]);
  expect(found.map(({ now, proposed }) => [now?.dedup_key, proposed?.dedup_key])).toEqual([
    ["disk", undefined],
    [undefined, "other"],
  ]);
});
