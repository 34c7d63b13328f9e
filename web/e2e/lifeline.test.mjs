// The page behind the link in a page: accessible, and it acknowledges without
// JavaScript, cookie or sign-in. The link comes in MUSTER_ACK_URL (somebody's
// webhook receiver saw it); without one, these stories are skipped by name.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import {
  launch,
  overflow,
  PHONE,
  requireServer,
  signIn,
  THEMES,
  URL_BASE,
  violations,
  visitor,
} from "./browser.mjs";

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

test("every other page is accessible in both themes, also at twice the size and in forced colours", async () => {
  const signedIn = await visitor(browser);
  await signIn(signedIn, "/on-call");
  const cookies = await signedIn.cookies();
  const twiceTheSize = { width: PHONE.width / 2, height: PHONE.height / 2 };
  const looks = THEMES.flatMap((theme) => [
    { theme, size: PHONE },
    { theme, size: twiceTheSize },
  ]);
  for (const look of [...looks, { size: PHONE, forcedColors: "active" }]) {
    const context = await visitor(browser, { ...look, javaScriptEnabled: true });
    const page = await context.newPage();
    const check = async (path) => {
      await page.goto(`${URL_BASE}${path}`);
      assert.equal(await page.locator("h1").count(), 1, path);
      assert.deepEqual(await violations(page), [], path);
      assert.ok((await overflow(page)) <= 0, `${path} scrolls sideways`);
    };
    await check("/sign-in");
    await check("/p/nothing");
    await context.addCookies(cookies);
    await check("/on-call");
    await check("/p/incident/1");
    await context.close();
  }
  await signedIn.close();
});
