// Who is there and where they meet: a bridge, a health check on joining, being let go, telling a
// restricted list on purpose, and the ledger of every message.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { ask, declare, launch, open, PHONE, requireServer, signedIn, wellMade } from "./browser.mjs";

requireServer();
let browser;
before(async () => {
  browser = await launch();
});
after(() => browser?.close());

test("somebody joins on a phone, says how their services are, and leaves; the desk follows", async () => {
  const lead = await signedIn(browser);
  const bo = await signedIn(browser, { as: "bo", size: PHONE });
  const { number } = await declare(lead.page, "Orders vanish", { service: "checkout" });
  const roster = async () => ask(lead.page, `/incidents/${number}/roster`);
  await open(lead.page, `/app/incidents/${number}?tab=roster`);

  await open(bo.page, `/app/incidents/${number}`);
  await bo.page.getByRole("tab", { name: "Roster" }).tap();
  const panel = bo.page.getByRole("tabpanel");
  await panel.getByRole("button", { name: "I am here" }).tap();
  await panel.getByText("Look at once and say so.").waitFor();
  await wellMade(bo.page);
  // Nobody reloads: the desk sees who came.
  const here = lead.page.getByRole("tabpanel");
  await here.getByRole("button", { name: /^Record health of/ }).waitFor();
  await wellMade(lead.page);

  await panel.getByRole("button", { name: /^Leave/ }).tap();
  const dialog = bo.page.getByRole("dialog");
  await dialog.getByText("No health check is recorded since they joined.").waitFor();
  await bo.page.keyboard.press("Escape");
  await dialog.waitFor({ state: "detached" });
  assert.equal((await roster()).here.length, 1, "nobody left by accident");

  await panel.getByRole("button", { name: /^Record health of/ }).tap();
  await dialog.getByLabel("How it is").selectOption("degraded");
  await dialog.getByLabel("What you see").fill("the queue grows");
  await dialog.getByRole("button", { name: "Record" }).tap();
  await dialog.waitFor({ state: "detached" });
  await here.getByText("the queue grows").first().waitFor();
  await panel.getByRole("button", { name: /^Leave/ }).tap();
  await dialog.getByRole("button", { name: "Leave" }).tap();
  await dialog.waitFor({ state: "detached" });
  await here.getByText(/released/).waitFor();
  assert.equal((await roster()).released[0].user, "bo");
  await lead.context.close();
  await bo.context.close();
});

test("a bridge is opened by keyboard, refused where it is none, and moved; an estimate names who made it", async () => {
  const { context, page } = await signedIn(browser);
  const { number } = await declare(page, "Nobody can talk", { service: "checkout" });
  await open(page, `/app/incidents/${number}`);
  await page.getByRole("button", { name: "Open a bridge" }).focus();
  await page.keyboard.press("Enter");
  const dialog = page.getByRole("dialog");
  await dialog.getByLabel("Link").fill("javascript:alert(1)");
  await page.keyboard.press("Enter");
  await dialog.getByText("a bridge is an http, https, tel or sip link").waitFor();
  await wellMade(page);
  await dialog.getByLabel("Link").fill("https://meet.example.net/orders");
  await page.keyboard.press("Enter");
  await dialog.waitFor({ state: "detached" });
  await page.getByRole("link", { name: "https://meet.example.net/orders" }).waitFor();

  await page.getByRole("button", { name: "Estimate when it may be over" }).click();
  await dialog.getByLabel("In about").selectOption({ label: "45 minutes" });
  await dialog.getByRole("button", { name: "Say so" }).click();
  await dialog.waitFor({ state: "detached" });
  await page.getByText(/an estimate by/).waitFor();
  const incident = await ask(page, `/incidents/${number}`);
  assert.equal(incident.bridge.link, "https://meet.example.net/orders");
  assert.ok(Date.parse(incident.estimate.over_at) > Date.now());
  await context.close();
});

test("a list is told on purpose after a look, and the ledger says to whom", async () => {
  const { context, page } = await signedIn(browser, { size: PHONE });
  const { number } = await declare(page, "Lists must know", { service: "checkout" });
  const list = { name: "told-notify" };
  const document = { services: ["checkout"], core: ["zoe"] };
  await ask(page, `/notification-lists/${list.name}`, { method: "PUT", body: JSON.stringify({ document }) });
  await open(page, `/app/incidents/${number}?tab=updates`);
  await page.getByLabel("List", { exact: true }).selectOption(list.name);
  await page.getByRole("button", { name: "Preview" }).tap();
  const dialog = page.getByRole("dialog");
  await dialog.getByLabel("What they are told").fill("We look at it since noon.");
  await wellMade(page);
  await dialog.getByRole("button", { name: /^Send to/ }).tap();
  await dialog.waitFor({ state: "detached" });
  await open(page, `/app/incidents/${number}?tab=pages`);
  const ledger = page.getByRole("region", { name: "Every message" });
  await ledger.getByLabel("Messages").selectOption("notice");
  await ledger
    .getByText(new RegExp(`· ${list.name}`))
    .first()
    .waitFor();
  await wellMade(page);
  const sent = (await ask(page, `/incidents/${number}/ledger?sort=notice`)).items;
  assert.ok(sent.some(({ subject }) => subject === `Incident ${number}: Lists must know`));
  await context.close();
});
