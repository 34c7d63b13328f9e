// An incident splits into efforts: the dialog, the family in the head of each, and the end of all of
// them at once.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { ask, declare, launch, open, PHONE, requireServer, signedIn, wellMade } from "./browser.mjs";

requireServer();
let browser;
before(async () => {
  browser = await launch();
});
after(() => browser?.close());

async function split(page, title) {
  await page.getByRole("button", { name: "Split off an effort" }).press("Enter");
  const dialog = page.getByRole("dialog");
  await dialog.getByLabel("What it is about").fill(title);
  await page.keyboard.press("Enter");
  await dialog.waitFor({ state: "detached" });
}

test("an effort is split off, seen from both sides and taken back", async () => {
  const { context, page } = await signedIn(browser);
  const { number } = await declare(page, `Split story ${Date.now().toString(36)}`);
  await open(page, `/app/incidents/${number}`);
  await split(page, "Network path");
  const family = page.getByRole("region", { name: "Family" });
  await family.getByText("Network path").waitFor();
  await family.getByRole("link", { name: /Network path/ }).click();
  const back = page.getByRole("button", { name: `Take it back into #${number}` });
  await back.waitFor();
  assert.equal(await page.getByRole("button", { name: "Split off an effort" }).count(), 0);
  await back.press("Enter");
  await page.getByRole("dialog").getByLabel("What it found (optional)").fill("the route is clean");
  await page.keyboard.press("Enter");
  await family.getByText("taken back").waitFor();
  await family.getByRole("link", { name: /Split story/ }).click();
  await page.getByRole("log").getByText("came back: the route is clean").waitFor();
  await context.close();
});

test("an effort has a severity, a summary and onlookers of its own", async () => {
  const { context, page } = await signedIn(browser);
  const { number } = await declare(page, `Quiet split ${Date.now().toString(36)}`);
  await open(page, `/app/incidents/${number}`);
  await page.getByRole("button", { name: "Split off an effort" }).press("Enter");
  const dialog = page.getByRole("dialog");
  await dialog.getByLabel("What it is about").fill("Leaked keys");
  await dialog.getByLabel("Summary (optional)").fill("They were in the log.");
  await dialog.getByLabel("Severity").selectOption("3");
  await dialog.getByLabel(/^Restricted/).check();
  await dialog.getByLabel("Why is it restricted?").fill("a leak");
  await dialog.getByLabel("People (optional)").fill("zoe");
  await dialog.getByRole("button", { name: "Split it off" }).press("Enter");
  await dialog.waitFor({ state: "detached" });
  const { items } = await ask(page, `/incidents/${number}/family`);
  const child = await ask(page, `/incidents/${items.find(({ place }) => place === "child").number}`);
  assert.deepEqual(
    [child.title, child.severity, child.summary, child.restricted.reason],
    ["Leaked keys", 3, "They were in the log.", "a leak"],
  );
  const bo = await signedIn(browser, { as: "bo" });
  const hidden = await bo.page.request.get(new URL(`/api/v1/incidents/${child.number}`, page.url()).href);
  assert.equal(hidden.status(), 404, "whoever is not named sees nothing of it");
  await bo.context.close();
  await context.close();
});

test("a parent ends with its efforts where somebody says so", async () => {
  const { context, page } = await signedIn(browser);
  const { number } = await declare(page, `Family end ${Date.now().toString(36)}`);
  await open(page, `/app/incidents/${number}`);
  await split(page, "Card vault");
  await page.getByRole("region", { name: "Family" }).getByText("Card vault").waitFor();
  await page.getByRole("button", { name: "Resolve" }).first().press("Enter");
  const dialog = page.getByRole("dialog");
  await dialog.getByRole("button", { name: "Resolve" }).press("Enter");
  await dialog.getByText("1 open child efforts").waitFor();
  await dialog.getByLabel("End its 1 open child effort with it").check();
  await dialog.getByRole("button", { name: "Resolve" }).press("Enter");
  await dialog.waitFor({ state: "detached" });
  const { items } = await ask(page, `/incidents/${number}/family`);
  assert.deepEqual(
    items.map(({ status }) => status),
    ["resolved", "resolved"],
  );
  await context.close();
});

test("a family fits a phone and everybody can use it", async () => {
  const { context, page } = await signedIn(browser, { size: PHONE });
  const { number } = await declare(page, `Family phone ${Date.now().toString(36)}`);
  await open(page, `/app/incidents/${number}`);
  await split(page, "One effort with a name that is far too long for the narrow screen of a phone");
  await page.getByRole("region", { name: "Family" }).getByText("One effort").waitFor();
  await page.locator("[data-sonner-toast]").first().waitFor({ state: "detached" });
  await wellMade(page);
  await context.close();
});
