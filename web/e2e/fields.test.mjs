// Custom fields: set by keyboard with a reason, taken back, found from the head of the incident; filled
// in on a phone while declaring.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { ask, declare, launch, open, PHONE, requireServer, signedIn, until, wellMade } from "./browser.mjs";

requireServer();
let browser;
before(async () => {
  browser = await launch();
});
after(() => browser?.close());

const values = async (page, number) => {
  const { fields } = await ask(page, `/incidents/${number}`);
  return Object.fromEntries(fields.map(({ field, value }) => [field, value]));
};

test("fields are set by keyboard, put back with one key, and lead to what is alike", async () => {
  const { context, page } = await signedIn(browser);
  const { number } = await declare(page, "The till is shut", { severity: 4 });
  await open(page, `/app/incidents/${number}`);
  const head = page.getByRole("region", { name: "Fields" });
  await head.getByText("missing, needed before it is closed").waitFor();
  await page.keyboard.press("f");
  await page.getByLabel("Cause").focus();
  await page.keyboard.type("conf");
  await page.getByLabel("Customers hit").fill("12.50");
  await page.getByLabel("Reason (optional)").fill("seen in the diff");
  await page.keyboard.press("Enter");
  await head.getByText("configuration").waitFor();
  assert.deepEqual(await values(page, number), { cause: "configuration", customers_hit: "12.5" });
  await page.getByText("Set Cause to configuration: seen in the diff").waitFor();
  await wellMade(page);
  await page.keyboard.press("z");
  await until("the fields to be empty", async () => Object.keys(await values(page, number)).length === 0);
  await ask(page, `/incidents/${number}/fields`, {
    method: "POST",
    body: JSON.stringify({ values: { cause: "a supplier" } }),
  });
  await head.getByRole("link", { name: "a supplier" }).click();
  await page.getByRole("list", { name: "Found" }).getByText("The till is shut").first().waitFor();
  assert.equal(new URL(page.url()).searchParams.get("q"), 'field.cause:"a supplier"');
  await context.close();
});

test("what is known is filled in while declaring on a phone, and a wrong value keeps the dialog open", async () => {
  const { context, page } = await signedIn(browser, { size: PHONE });
  await open(page, "/app/incidents");
  await page.keyboard.press("c");
  await page.getByLabel("Title").fill("The scales are off");
  await page.getByLabel("Severity (optional)").selectOption("4");
  await page.getByText("More that is known (optional)").tap();
  await page.getByLabel("Cause").selectOption("deploy");
  await page.getByLabel("Customers hit").fill("a few");
  await page.getByRole("button", { name: "Declare", exact: true }).last().tap();
  await page
    .getByRole("alert")
    .getByText(/use a number/)
    .waitFor();
  await page.getByLabel("Customers hit").fill("3");
  await page.getByRole("button", { name: "Declare", exact: true }).last().tap();
  await page.getByRole("heading", { name: "The scales are off" }).waitFor();
  const number = page.url().match(/incidents\/(\d+)/)[1];
  assert.deepEqual(await values(page, number), { cause: "deploy", customers_hit: "3" });
  await wellMade(page);
  await context.close();
});
