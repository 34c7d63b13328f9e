// Status pages: made in the editor with a preview, told of by an update, read on a phone without a
// script, and subscribed to.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import {
  ask,
  declare,
  launch,
  open,
  overflow,
  PHONE,
  requireServer,
  signedIn,
  THEMES,
  URL_BASE,
  until,
  violations,
  visitor,
  wellMade,
} from "./browser.mjs";

requireServer();
let browser;
before(async () => {
  browser = await launch();
});
after(() => browser?.close());

const NAME = `shop-${Date.now().toString(36)}`;

test("a page is made by keyboard with a preview, told of by an update, and read without a script", async () => {
  const { context, page } = await signedIn(browser);
  await open(page, "/app/status-pages");
  await page.getByRole("button", { name: "New status page" }).click();
  await page.getByLabel("Name").fill(NAME);
  await page.getByRole("button", { name: "Go on" }).click();
  await page.getByLabel("Title").fill("Shop & friends");
  await page.getByRole("button", { name: "Add a component" }).focus();
  await page.keyboard.press("Enter");
  const component = page.getByRole("listitem", { name: "Component 1" });
  await component.getByLabel("Public name").fill("Paying");
  const paying = page.getByRole("listitem", { name: "Paying", exact: true });
  await paying.getByLabel("Heading").fill("Shop");
  await paying.getByLabel("Services behind it").selectOption("checkout");
  const preview = page.frameLocator("iframe[title='The page as it would look']");
  await preview.getByRole("heading", { name: "Paying" }).waitFor();
  await preview.getByRole("heading", { name: "Shop & friends" }).waitFor();
  await wellMade(page);
  await page.getByRole("button", { name: "Publish" }).click();
  await page.getByText("Published", { exact: true }).waitFor();
  await open(page, "/app/status-pages");
  await page.getByRole("heading", { name: "Shop & friends" }).waitFor();
  await wellMade(page);

  const title = `Oracle is on fire ${Date.now().toString(36)}`;
  const { number } = await declare(page, title, { service: "checkout", severity: 2 });
  await open(page, `/app/incidents/${number}?tab=updates`);
  await page.getByRole("button", { name: "Write an update for Customers" }).click();
  await page.getByLabel("Update for Customers").fill("Cards are refused.");
  await page.getByLabel("Public title").fill("Cards are <b>refused</b>");
  await page.getByLabel("How far it has come").selectOption("identified");
  await page.getByRole("button", { name: "Send", exact: true }).click();
  await page.getByText("shows it as “Cards are <b>refused</b>”").first().waitFor();
  await wellMade(page);

  for (const theme of THEMES) {
    for (const size of [PHONE, { width: 768, height: 900 }, { width: 1440, height: 900 }]) {
      const reader = visitor(browser, { theme, size, javaScriptEnabled: false });
      const outside = await (await reader).newPage();
      await outside.goto(`${URL_BASE}/status/${NAME}`);
      await outside.getByRole("heading", { name: "Cards are <b>refused</b>" }).waitFor();
      await outside.getByText("Partial outage").first().waitFor();
      const text = await outside.content();
      assert.ok(!text.includes("Oracle") && !text.includes("<script"), "nothing internal, no script");
      assert.ok((await overflow(outside)) <= 0, `${theme} ${size.width}`);
      await (await reader).close();
    }
    const seen = await visitor(browser, { theme, size: PHONE });
    const outside = await seen.newPage();
    for (const path of ["", "/history", "/subscribe"]) {
      await outside.goto(`${URL_BASE}/status/${NAME}${path}`);
      assert.deepEqual(await violations(outside), []);
    }
    await seen.close();
  }
  await context.close();
});

test("somebody subscribes on a phone, and whoever keeps the page can end it", async () => {
  const seen = await visitor(browser, { size: PHONE });
  const outside = await seen.newPage();
  await outside.goto(`${URL_BASE}/status/${NAME}`);
  await outside.getByRole("link", { name: "Webhook" }).click();
  await outside.getByLabel(/webhook/i).fill("not an address");
  await outside.getByRole("button", { name: "Subscribe" }).click();
  await outside.getByRole("alert").waitFor();
  assert.equal(await outside.getByLabel(/webhook/i).inputValue(), "not an address", "nothing typed is lost");
  await outside.getByLabel(/webhook/i).fill("https://hooks.example.com/in");
  await outside.getByRole("button", { name: "Subscribe" }).click();
  await outside.getByRole("heading", { name: "One more step" }).waitFor();
  assert.deepEqual(await violations(outside), []);
  await seen.close();

  const { context, page } = await signedIn(browser, { size: PHONE });
  await open(page, "/app/status-pages");
  await page.getByText(`Subscribers of Shop & friends`).last().click();
  await page.getByText("has not confirmed").waitFor();
  await wellMade(page);
  await page.getByRole("button", { name: "Remove https://hooks.example.com/in" }).click();
  await until("nobody to be left", async () => {
    const { items } = await ask(page, `/status-pages/${NAME}/subscribers`);
    return items.length === 0;
  });
  await context.close();
});
