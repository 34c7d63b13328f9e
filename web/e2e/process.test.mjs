// The process of each severity in its editor, by keyboard and on a phone; and the incident's page on a
// very wide screen, where people stand left of the timeline and the trouble right of it.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { ask, declare, launch, open, PHONE, requireServer, signedIn, THEMES, wellMade } from "./browser.mjs";

requireServer();
let browser;
before(async () => {
  browser = await launch();
});
after(() => browser?.close());

const worst = async (page) => (await ask(page, "/process")).severities[0];

test("a severity's process is changed, published and undone", async () => {
  const { context, page } = await signedIn(browser);
  await open(page, "/app/process");
  const before = await worst(page);
  const box = page.getByRole("checkbox", { name: /^Tester.*, severity 1: paged at once$/ });
  await box.focus();
  await page.keyboard.press("Space");
  const panel = page.getByRole("region", { name: /^Severity 1/ });
  await panel.getByLabel("Somebody else is asked for a role after").fill("7m");
  await page.getByText("Changes that are not saved yet").waitFor();
  await page.getByRole("button", { name: "Publish" }).press("Enter");
  await page.getByText("This is what is in force.").waitFor();
  const after = await worst(page);
  assert.equal(after.roles.find(({ role }) => role === "tester").engage, true);
  assert.equal(after.ask_next_after, "7m");
  assert.deepEqual(after.gates, before.gates, "what was not touched holds");

  // What is wrong is said under its field, and nothing is lost.
  await panel.getByLabel("Somebody else is asked for a role after").fill("soon");
  await page.getByRole("button", { name: "Publish" }).press("Enter");
  await page.getByRole("alert").first().waitFor();
  assert.equal(await panel.getByLabel("Somebody else is asked for a role after").inputValue(), "soon");
  await page.getByRole("button", { name: "Drop draft" }).press("Enter");
  await page.getByText("The draft is gone.").waitFor();

  await page.getByRole("button", { name: "Remove this set of severities" }).press("Enter");
  await page.getByRole("dialog").getByRole("button", { name: "Remove" }).press("Enter");
  await page.waitForURL((url) => url.pathname === "/app/configuration");
  assert.equal((await worst(page)).ask_next_after, before.ask_next_after);
  await context.close();
});

test("the editor is sound on a phone and on a desk, dark and light", async () => {
  for (const theme of THEMES) {
    for (const size of [PHONE, { width: 1440, height: 900 }]) {
      const { context, page } = await signedIn(browser, { theme, size });
      await open(page, "/app/process");
      await wellMade(page);
      await context.close();
    }
  }
});

test("on a very wide screen people, timeline and trouble stand side by side", async () => {
  const { context, page } = await signedIn(browser, { size: { width: 1600, height: 900 } });
  const { number } = await declare(page, `Wide story ${Date.now().toString(36)}`);
  await open(page, `/app/incidents/${number}?tab=gates`);
  const people = page.getByRole("tablist", { name: "Who does what" });
  const trouble = page.getByRole("tablist", { name: "About this incident" });
  await people.getByRole("tab", { name: "Gates", selected: true }).waitFor();
  await people.getByRole("tab", { name: "Roles" }).press("Enter");
  await trouble.getByRole("tab", { name: "Updates" }).press("Enter");
  await people.getByRole("tab", { name: "Roles", selected: true }).waitFor();
  await trouble.getByRole("tab", { name: "Updates", selected: true }).waitFor();
  const lefts = await Promise.all(
    [people, page.getByRole("region", { name: "Timeline" }), trouble].map(
      async (part) => (await part.boundingBox()).x,
    ),
  );
  assert.ok(lefts[0] < lefts[1] && lefts[1] < lefts[2], String(lefts));
  await page.reload();
  await people.getByRole("tab", { name: "Roles", selected: true }).waitFor();
  await wellMade(page);
  await context.close();
});
