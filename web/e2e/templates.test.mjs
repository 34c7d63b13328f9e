// Wording: what a template would say, beside it, while it is written.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { ask, declare, launch, open, PHONE, requireServer, signedIn, wellMade } from "./browser.mjs";

requireServer();
let browser;
before(async () => {
  browser = await launch();
});
after(() => browser?.close());

test("a template is read as it is written, with the line of what is wrong, and tells nobody", async () => {
  const { context, page } = await signedIn(browser);
  const title = `Wording story ${Date.now().toString(36)}`;
  const { number } = await declare(page, title, { service: "checkout", severity: 4 });
  const before = await ask(page, `/incidents/${number}/ledger`);
  await open(page, "/app/templates");
  const said = page.getByRole("region", { name: "What it would say" }).getByRole("status");
  await page
    .getByLabel("What is it for?")
    .selectOption({ label: "What notification lists are told (built in)" });
  await said.getByText("Severity 1 (Outage), checkout").waitFor();
  const words = page.getByLabel("Words");
  await words.fill("{{ state }}\n{{ nobody }}");
  await said.getByText(/^Line 2: .*undefined/).waitFor();
  await words.fill("{{ title }} again");
  await said.getByText("Nobody can pay again").waitFor();
  await page.getByLabel("Incident (optional)").fill(`#${number}`);
  await said.getByText(`${title} again`).waitFor();
  assert.deepEqual(await ask(page, `/incidents/${number}/ledger`), before);
  await context.close();
});

test("wording fits a phone and everybody can use it", async () => {
  const { context, page } = await signedIn(browser, { size: PHONE });
  await open(page, "/app/templates");
  await page.getByText("What it may speak of").waitFor();
  await wellMade(page);
  await context.close();
});
