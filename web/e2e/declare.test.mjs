// Declaring an incident: a title is enough, what may be the same is shown, and what is typed outlives a
// reload.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { ask, declare, launch, PHONE, requireServer, signedIn, until, wellMade } from "./browser.mjs";

requireServer();
let browser;
before(async () => {
  browser = await launch();
});
after(() => browser?.close());

const unique = (words) => `${words} ${Date.now().toString(36)}`;

async function dialogOf(page) {
  await page.getByRole("button", { name: "Declare an incident" }).press("Enter");
  const dialog = page.getByRole("dialog", { name: "Declare an incident" });
  await dialog.waitFor();
  return dialog;
}

test("a title alone declares, on a phone, by keyboard", async () => {
  const { context, page } = await signedIn(browser, { size: PHONE });
  const title = unique("Nobody can sign in");
  const dialog = await dialogOf(page);
  await dialog.getByLabel("Title").fill(title);
  await wellMade(page);
  await dialog.getByLabel("Title").press("Enter");
  await page.waitForURL(/\/app\/incidents\/\d+/);
  const number = page.url().match(/incidents\/(\d+)/)[1];
  const incident = await ask(page, `/incidents/${number}`);
  assert.deepEqual([incident.title, incident.severity], [title, 1], "the worst until known better");
  await context.close();
});

test("what may be the same is shown while one types, and opened instead", async () => {
  const { context, page } = await signedIn(browser);
  const title = unique("Invoices are printed twice");
  const { number } = await declare(page, title, { service: "checkout", severity: 4 });
  const dialog = await dialogOf(page);
  await dialog.getByLabel("Service (optional)").selectOption("checkout");
  await dialog.getByLabel("Title").fill(title);
  await dialog.getByText("Is it one of these? Then open it instead.").waitFor();
  await dialog.getByRole("link", { name: new RegExp(`#${number} `) }).click();
  await page.waitForURL(`**/app/incidents/${number}`);
  await dialog.waitFor({ state: "detached" });
  const { items } = await ask(page, `/incidents?q=${encodeURIComponent(`"${title}"`)}`);
  assert.deepEqual(
    items.map((one) => one.number),
    [number],
    "nothing was declared",
  );
  await page.evaluate(() => localStorage.removeItem("muster.declaration"));
  await context.close();
});

test("what is typed outlives a reload until it is declared", async () => {
  const { context, page } = await signedIn(browser);
  const title = unique("Half a sentence");
  const typing = await dialogOf(page);
  await typing.getByLabel("Title").fill(title);
  await typing.getByLabel("Severity (optional)").selectOption("4");
  await typing.getByLabel("Service (optional)").selectOption("ledger-db");
  await page.reload();
  const dialog = await dialogOf(page);
  assert.equal(await dialog.getByLabel("Title").inputValue(), title);
  assert.equal(await dialog.getByLabel("Severity (optional)").inputValue(), "4");
  await until("services to be offered", async () => {
    return (await dialog.getByLabel("Service (optional)").inputValue()) === "ledger-db";
  });
  await dialog.getByRole("button", { name: "Declare" }).press("Enter");
  await page.waitForURL(/\/app\/incidents\/\d+/);
  const incident = await ask(page, `/incidents/${page.url().match(/incidents\/(\d+)/)[1]}`);
  assert.deepEqual([incident.title, incident.severity, incident.service], [title, 4, "ledger-db"]);
  const again = await dialogOf(page);
  assert.equal(await again.getByLabel("Title").inputValue(), "");
  await context.close();
});
