// The page behind the link in a page: accessible, and it acknowledges without
// JavaScript, cookie or sign-in. The link comes in MUSTER_ACK_URL (somebody's
// webhook receiver saw it); without one, these stories are skipped by name.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { launch, overflow, PHONE, requireServer, THEMES, violations, visitor } from "./browser.mjs";

requireServer();
const ACK_URL = process.env.MUSTER_ACK_URL;
const skip = ACK_URL ? false : "MUSTER_ACK_URL names no ack link";
let browser;
before(async () => {
  browser = await launch();
});
after(() => browser?.close());

test("the page behind an ack link is accessible on a phone", { skip }, async () => {
  for (const theme of THEMES) {
    const context = await visitor(browser, { theme, size: PHONE });
    const page = await context.newPage();
    await page.goto(ACK_URL);
    assert.equal(await page.locator("h1").count(), 1);
    assert.deepEqual(await violations(page), []);
    assert.ok((await overflow(page)) <= 0, "the page scrolls sideways");
    await context.close();
  }
});

test("looking at the link changes nothing; one press without JavaScript acknowledges", { skip }, async () => {
  const context = await visitor(browser, { size: PHONE, javaScriptEnabled: false });
  const page = await context.newPage();
  await page.goto(ACK_URL);
  await page.reload();
  const button = page.getByRole("button", { name: "Acknowledge" });
  await button.waitFor();
  const box = await button.boundingBox();
  assert.ok(box.height >= 44, `the button is ${box.height} px high`);
  await button.click();
  await button.waitFor({ state: "detached" });
  const title = await page.locator("h1").textContent();
  assert.ok(title.length > 0);
  await context.close();
});
