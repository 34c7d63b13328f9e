// What is done by itself, tried and done; what stands around an incident; and what is to be done once it
// is over.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { ask, declare, launch, open, PHONE, requireServer, signedIn, until, wellMade } from "./browser.mjs";

requireServer();
let browser;
before(async () => {
  browser = await launch();
});
after(() => browser?.close());

const mark = () => Date.now().toString(36);

test("a workflow is tried without doing anything, and does it once", async () => {
  const { context, page } = await signedIn(browser);
  const { number, title } = await declare(page, `Workflow story ${mark()}`, { severity: 4 });
  await open(page, "/app/workflows");
  const card = page.locator("section.panel", {
    has: page.getByRole("heading", { name: "answer-the-story" }),
  });
  await card.getByText("when").waitFor();
  const tried = async () => {
    await page.getByRole("button", { name: "Try it: answer-the-story" }).press("Enter");
    await page.getByRole("dialog").getByLabel("Incident").fill(String(number));
    await page.keyboard.press("Enter");
    return page.getByRole("status", { name: "What it would do" });
  };
  await (await tried()).getByText(`For #${number} it would run never`).waitFor();

  await open(page, `/app/incidents/${number}`);
  await page.keyboard.press("d");
  await page.keyboard.type("An answer of the workflow, please");
  await page.keyboard.press("Control+Enter");
  await page.getByRole("log").getByText(`Heard, on ${title}`).waitFor();
  await page
    .getByRole("log")
    .getByText(/Workflow answer-the-story: post .* call the webhook/)
    .waitFor();
  const { items } = await ask(page, `/incidents/${number}/timeline?limit=500`);
  assert.equal(items.filter(({ kind }) => kind === "workflow_ran").length, 1);

  await open(page, "/app/workflows");
  await page
    .getByRole("region", { name: "What it did" })
    .getByRole("link", { name: `#${number}` })
    .waitFor();
  await (await tried()).getByText(`For #${number} it would run once`).waitFor();
  await wellMade(page);
  await page.setViewportSize(PHONE);
  await wellMade(page);
  await context.close();
});

test("what is open at the same time is seen nearby and linked with one tap", async () => {
  const { context, page } = await signedIn(browser, { size: PHONE });
  const services = (await ask(page, "/services")).items;
  const service = services[0].name;
  const other = await declare(page, `Nearby first ${mark()}`, { severity: 4, service });
  const { number } = await declare(page, `Nearby second ${mark()}`, { severity: 4, service });
  await open(page, `/app/incidents/${number}?tab=nearby`);
  const beside = page.getByRole("region", { name: "At the same time" });
  await beside.getByRole("link", { name: new RegExp(`#${other.number} `) }).waitFor();
  await beside.getByText("same service").first().waitFor();
  await beside.getByRole("button", { name: `Link #${other.number}` }).click();
  await beside.getByText("linked", { exact: true }).waitFor();
  const relations = await ask(page, `/incidents/${number}/relations`);
  assert.deepEqual(
    relations.items.map((one) => [one.number, one.sort]),
    [[other.number, "related"]],
  );
  await wellMade(page);
  await context.close();
});

test("an action item is written by keyboard and stands in the synopsis", async () => {
  const { context, page } = await signedIn(browser);
  const { number } = await declare(page, `Item story ${mark()}`, { severity: 4 });
  await open(page, `/app/incidents/${number}?tab=synopsis`);
  await page.keyboard.press("i");
  await page.keyboard.type("Alert on the length of the queue");
  await page.keyboard.press("Control+Enter");
  await page.getByRole("log").getByText("Alert on the length of the queue").waitFor();
  await page.getByRole("heading", { name: "To be done afterwards" }).waitFor();
  const record = await until("the record has it", async () => {
    const { action_items: items } = await ask(page, `/incidents/${number}/record`);
    return items.length === 1 ? items : null;
  });
  assert.equal(record[0].text, "Alert on the length of the queue");
  await context.close();
});
