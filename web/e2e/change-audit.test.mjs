// Exceptions, the audit and trying a policy: nominated, agreed to, withdrawn; a figure leads to its
// changes; what another policy would have asked is said, and nothing is written.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { ask, launch, open, PHONE, requireServer, signedIn, wellMade } from "./browser.mjs";
import { changePlan } from "./screens.mjs";

requireServer();
let browser;
before(async () => {
  browser = await launch();
});
after(() => browser?.close());

const send = (page, path, body = {}) => ask(page, path, { method: "POST", body: JSON.stringify(body) });

test("an exception is nominated with a reason, and withdrawn with one", async () => {
  const { context, page } = await signedIn(browser, { as: "ana" });
  await open(page, "/app/changes");
  await page.getByRole("link", { name: "Exceptions" }).press("Enter");
  await page.getByRole("heading", { name: "Exceptions", level: 1 }).waitFor();
  await page.getByRole("button", { name: "Nominate one" }).press("Enter");
  const dialog = page.getByRole("dialog");
  const { items: teams } = await ask(page, "/teams");
  await dialog.getByLabel("Team").selectOption(teams[0].name);
  await dialog.getByLabel("Kind of change").selectOption("deploy");
  const why = dialog.getByLabel("Why? In three or four sentences");
  await why.fill("It is safe.");
  await dialog.getByRole("button", { name: "Nominate" }).press("Enter");
  await dialog
    .getByText(/3 or 4 sentences/)
    .first()
    .waitFor();
  await why.fill("A pipeline does it wholly. It never failed in a year. Three approvals add nothing.");
  await dialog.getByRole("button", { name: "Nominate" }).press("Enter");
  const row = page.getByRole("listitem").filter({ hasText: "It never failed in a year" }).first();
  await row.getByText(/^Waits for/).waitFor();
  await wellMade(page);
  await row.getByRole("button", { name: "Withdraw" }).press("Enter");
  await page.getByRole("dialog").getByLabel("Why?").fill("The pipeline is rebuilt this month");
  await page.getByRole("dialog").getByRole("button", { name: "Withdraw" }).press("Enter");
  await row.getByText(/Withdrawn by ana/).waitFor();
  await context.close();
});

test("a figure of the audit leads to its changes, on a phone too", async () => {
  const { context, page } = await signedIn(browser, { as: "ana", size: PHONE });
  const title = `Hurried deploy ${Date.now().toString(36)}`;
  const change = await send(page, "/changes", { plan: { ...changePlan(title, 0.1), technician: "ana" } });
  await send(page, `/changes/${change.number}/start`, { excuse: "Nobody can pay, and it cannot wait" });
  await open(page, "/app/changes/audit");
  await page.getByRole("heading", { name: "By week and team" }).waitFor();
  const behind = page.locator("#behind");
  await behind.getByRole("link", { name: title }).waitFor();
  await wellMade(page);
  await page
    .getByRole("link", { name: /^All together: announced too late/ })
    .first()
    .press("Enter");
  await page.getByRole("heading", { name: "Changes announced too late" }).waitFor();
  await behind.getByRole("link", { name: title }).press("Enter");
  await page.getByRole("heading", { name: title, level: 1 }).waitFor();
  await context.close();
});

test("a policy is tried on the past and changes nothing", async () => {
  const { context, page } = await signedIn(browser, { as: "ana" });
  const before = await ask(page, "/changes/policy");
  await open(page, "/app/changes/replay");
  const config = page.getByLabel("Configuration");
  await config.fill("change_policy:\n  matrix:\n    - { name: everything, approvals: [ops], notice: 30d }\n");
  const hold = page.getByRole("button", { name: "Hold it against the last 90 days" });
  await hold.press("Enter");
  await page.getByRole("heading", { name: /would be asked something else/ }).waitFor();
  await page
    .getByText(/everything: operations review/)
    .first()
    .waitFor();
  await wellMade(page);
  await config.fill("change_policy: { matrix: [ { name: x, approvals: [nobody] } ] }");
  await hold.press("Enter");
  await page.getByRole("alert").waitFor();
  assert.deepEqual(await ask(page, "/changes/policy"), before);
  await context.close();
});
