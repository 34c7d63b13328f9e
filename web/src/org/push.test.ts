import { expect, it } from "vitest";
import { browserName, keyBytes, obstacle } from "./push";

const able = {
  isSecureContext: true,
  hasServiceWorker: true,
  hasPush: true,
  hasNotifications: true,
  isStandalone: false,
  userAgent: "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0",
};

it("finds nothing in the way of a browser that can", () => {
  expect(obstacle(able)).toBeNull();
});

it("says what to do where a browser cannot", () => {
  expect(obstacle({ ...able, isSecureContext: false })).toContain("https");
  expect(obstacle({ ...able, hasPush: false })).toContain("current Firefox");
  const phone = { ...able, hasPush: false, userAgent: "Mozilla/5.0 (iPhone; CPU iPhone OS 18_0)" };
  expect(obstacle(phone)).toContain("home screen");
  expect(obstacle({ ...phone, hasPush: true })).toBeNull();
});

it("names browsers as their owners would", () => {
  expect(browserName(able.userAgent)).toBe("Firefox on Linux");
  expect(browserName("Mozilla/5.0 (Linux; Android 15) Chrome/140.0 Mobile Safari/537.36")).toBe(
    "Chrome on Android",
  );
  expect(browserName("something else")).toBe("A browser");
});

it("reads the server's key", () => {
  expect([...keyBytes("_-8A")]).toEqual([255, 239, 0]);
});
