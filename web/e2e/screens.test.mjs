// Every screen, in both themes, on a phone and on a desk: axe finds nothing,
// nothing scrolls sideways, nothing is logged as an error.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import {
  DESK,
  launch,
  open,
  overflow,
  PHONE,
  requireServer,
  settled,
  signIn,
  sticksOut,
  THEMES,
  URL_BASE,
  violations,
  visitor,
} from "./browser.mjs";
import { OVERLAYS, screens } from "./screens.mjs";

requireServer();
let browser;
before(async () => {
  browser = await launch();
});
after(() => browser?.close());

for (const theme of THEMES) {
  for (const size of [PHONE, DESK]) {
    test(`every screen is accessible, ${theme}, ${size.width} px`, async (t) => {
      const context = await visitor(browser, { theme, size });
      const page = await signIn(context);
      const errors = [];
      page.on("pageerror", (error) => errors.push(error.message));
      page.on("console", (message) => message.type() === "error" && errors.push(message.text()));
      for (const [name, path] of await screens(page)) {
        await t.test(name, async () => {
          await open(page, path);
          await clean(page, theme, errors);
        });
      }
      for (const [name, path, key] of OVERLAYS) {
        await t.test(name, async () => {
          await open(page, path);
          await page.keyboard.press(key);
          await page.getByRole("dialog").waitFor();
          await settled(page);
          await clean(page, theme, errors);
        });
      }
      await context.close();
    });
  }
}

test("the sign-in page is accessible and works without JavaScript", async () => {
  for (const theme of THEMES) {
    const context = await visitor(browser, { theme, size: PHONE });
    const page = await context.newPage();
    await page.goto(`${URL_BASE}/sign-in`);
    assert.deepEqual(await violations(page), []);
    await context.close();
  }
  const context = await visitor(browser, { javaScriptEnabled: false });
  const page = await signIn(context);
  assert.equal(new URL(page.url()).pathname, "/app/");
  await context.close();
});

async function clean(page, theme, errors) {
  assert.equal(await page.evaluate(() => document.documentElement.dataset.theme), theme);
  assert.deepEqual(await violations(page), []);
  const wider = await overflow(page);
  if (wider > 0)
    assert.fail(`the page scrolls sideways by ${wider} px: ${(await sticksOut(page)).join("\n")}`);
  assert.deepEqual(errors.splice(0), []);
}
