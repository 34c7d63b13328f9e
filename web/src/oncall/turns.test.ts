import { expect, test } from "vitest";
import {
  fittingHandoff,
  handoffDays,
  handoffOf,
  lengthInWords,
  lengthOf,
  writtenHandoff,
  writtenLength,
} from "./turns";

test("a length is a number and a unit, or stays as it is written", () => {
  expect(lengthOf("2w")).toEqual({ count: "2", unit: "w" });
  expect(lengthOf("weekly")).toEqual({ count: "1", unit: "w" });
  expect(lengthOf("1mo")).toEqual({ count: "1", unit: "mo" });
  expect(lengthOf("mo")).toEqual({ count: "", unit: "mo" });
  expect(lengthOf("1d12h")).toBeNull();
  expect(["1w", "2mo", "1d12h"].map(lengthInWords)).toEqual(["1 week", "2 months", "1d12h"]);
  expect(writtenLength({ count: "12", unit: "h" })).toBe("12h");
});

test("a handoff is a day, if any, and a time", () => {
  expect(handoffOf("first Mon 09:00")).toEqual({ day: "first Mon", at: "09:00" });
  expect(handoffOf("09:00")).toEqual({ day: "", at: "09:00" });
  expect(handoffOf("")).toEqual({ day: "", at: "00:00" });
  expect(writtenHandoff({ day: "last", at: "09:00" })).toBe("last 09:00");
});

test("a handoff keeps its time and takes a day that the new length knows", () => {
  expect(fittingHandoff("09:00", ["1w"])).toBe("Mon 09:00");
  expect(fittingHandoff("Wed 09:00", ["2w"])).toBe("Wed 09:00");
  expect(fittingHandoff("Wed 09:00", ["1mo"])).toBe("09:00");
  expect(fittingHandoff("first Mon 09:00", ["12h"])).toBe("09:00");
  expect(handoffDays(["4d", "3d"]).flatMap(({ days }) => days)[0]?.day).toBe("");
});
