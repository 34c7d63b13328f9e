// Maintenance, heartbeats and shadow mode in the app, by keyboard and on a phone.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { ask, launch, open, overflow, PHONE, requireServer, signedIn } from "./browser.mjs";

requireServer();
let browser;
before(async () => {
  browser = await launch();
});
after(() => browser?.close());

test("a window is planned after a look at what it mutes, extended, and ended", async () => {
  const { context, page } = await signedIn(browser);
  const reason = `New disks ${Date.now().toString(36)}`;
  await open(page, "/app/maintenance");
  await page.getByRole("button", { name: "Plan a window" }).first().click();
  await page.getByLabel("Why").fill(reason);
  await page.getByLabel("Service", { exact: true }).selectOption("ledger-db");
  await page.getByRole("button", { name: "Show what it would mute" }).press("Enter");
  await page.getByText("would have been muted").waitFor();
  const planned = async () =>
    (await ask(page, "/maintenance?over=true")).items.find((window) => window.reason === reason);
  assert.equal(await planned(), undefined, "looking plans nothing");
  await page.getByRole("button", { name: "Plan it" }).click();
  const row = page.getByRole("listitem").filter({ hasText: reason }).first();
  await row.waitFor();
  const before = await planned();
  assert.equal(before.state, "in_force");
  await row.getByRole("button", { name: "Extend" }).click();
  await page.getByLabel("By").selectOption("1h");
  await page.getByRole("dialog").getByRole("button", { name: "Extend" }).click();
  await page.getByRole("dialog").waitFor({ state: "detached" });
  assert.equal(Date.parse((await planned()).to) - Date.parse(before.to), 3_600_000);
  await row.getByRole("button", { name: "End now" }).click();
  await page.getByText("The window is over").waitFor();
  assert.equal((await planned()).state, "over");
  await context.close();
});

test("a heartbeat monitor shows how it is pinged and what it heard, on a phone", async () => {
  const { context, page } = await signedIn(browser, { size: PHONE });
  const { heartbeat } = await ask(page, "/heartbeats/nightly%20backup");
  const answer = await page.request.get(heartbeat.url);
  assert.equal(await answer.text(), "OK");
  await open(page, "/app/heartbeats");
  await page.getByRole("link", { name: "nightly backup" }).click();
  await page.getByRole("heading", { level: 1, name: "nightly backup" }).waitFor();
  await page.getByText("Well", { exact: true }).first().waitFor();
  await page.getByText("Up", { exact: true }).waitFor();
  assert.ok((await overflow(page)) <= 0, "the page scrolls sideways");
  await context.close();
});

test("a service leads to its forecast", async () => {
  const { context, page } = await signedIn(browser);
  await open(page, "/app/services/checkout");
  await page.getByRole("link", { name: "Shadow mode and forecast" }).click();
  await page.getByRole("heading", { name: "If it were switched on" }).waitFor();
  await page.getByText("Nothing is being tried out").waitFor();
  await context.close();
});
