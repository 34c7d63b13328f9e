// Writing into a timeline by keyboard: kinds, a second major change, corrections, the synopsis two
// people write, pictures; and a long timeline, of which only what is seen is drawn.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { ask, declare, launch, open, overflow, PHONE, requireServer, settled, signedIn } from "./browser.mjs";

requireServer();
let browser;
before(async () => {
  browser = await launch();
});
after(() => browser?.close());

const PNG = Buffer.from(
  "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==",
  "base64",
);

function fresh(words) {
  return `${words} ${Date.now().toString(36)}`;
}

async function started(words, options) {
  const { context, page } = await signedIn(browser, options);
  const { number } = await declare(page, fresh(words));
  await open(page, `/app/incidents/${number}`);
  return { context, page, number, log: page.getByRole("log") };
}

async function entries(page, number) {
  return (await ask(page, `/incidents/${number}/timeline?limit=500`)).items;
}

test("each kind has its key, and a second major change is warned about", async () => {
  const { context, page, number, log } = await started("Kinds story");
  for (const [key, words] of [
    ["d", "we fail over"],
    ["h", "the disk is full"],
  ]) {
    await page.keyboard.press(key);
    await page.keyboard.type(words);
    await page.keyboard.press("Control+Enter");
    await log.getByText(words).first().waitFor();
    await page.keyboard.press("Escape");
  }
  for (const words of ["first failover", "second failover"]) {
    await page.keyboard.press("c");
    await page.keyboard.type(words);
    await page.getByLabel("Major change").check();
    await page.getByLabel("Why").fill("errors");
    await page.getByLabel("What you expect").fill("fewer errors");
    await page.getByLabel("How to undo it").fill("fail back");
    await page.getByRole("button", { name: "Record change" }).press("Enter");
    await log.getByText(words, { exact: false }).first().waitFor();
  }
  await log.getByText("Another major change is under way: “first failover”").waitFor();
  const kinds = (await entries(page, number)).map(({ kind }) => kind);
  for (const kind of ["decision", "hypothesis", "action"]) assert.ok(kinds.includes(kind), kind);
  await context.close();
});

test("an entry is corrected and pinned, and both texts are shown", async () => {
  const { context, page, log } = await started("Correction story");
  await page.keyboard.press("n");
  await page.keyboard.type("restarted teh db");
  await page.keyboard.press("Control+Enter");
  await page.getByRole("button", { name: "More about: restarted teh db" }).press("Enter");
  await page.getByRole("menuitem", { name: "Correct…" }).press("Enter");
  await page.getByLabel("What it should say").fill("restarted the db");
  await page.getByRole("dialog").getByRole("button", { name: "Correct" }).press("Enter");
  await log.getByText("Originally: restarted teh db").waitFor();
  await page.getByRole("button", { name: "More about: restarted teh db" }).press("Enter");
  await page.getByRole("menuitem", { name: "Pin", exact: true }).press("Enter");
  await page.getByLabel("Show").selectOption("pinned");
  await page.getByText(/^1 of /).waitFor();
  await context.close();
});

test("a picture is evidence, and what is typed survives a lost connection", async () => {
  const { context, page, number, log } = await started("Evidence story");
  await page.keyboard.press("v");
  await page.keyboard.type("the error rate");
  await page.getByLabel(/^File/).setInputFiles({ name: "graph.png", mimeType: "image/png", buffer: PNG });
  await page.getByRole("img", { name: "The picture that is added" }).waitFor();
  await context.setOffline(true);
  await page.getByRole("button", { name: "Add evidence" }).press("Enter");
  await page
    .getByRole("alert")
    .getByText(/No answer from the server/)
    .waitFor();
  await context.setOffline(false);
  await page.reload();
  await settled(page);
  assert.equal(await page.getByLabel("Evidence for the timeline").inputValue(), "the error rate");
  await page.getByRole("button", { name: "Add evidence" }).press("Enter");
  await log.getByRole("img", { name: "the error rate" }).waitFor();
  const evidence = (await entries(page, number)).filter(({ kind }) => kind === "evidence");
  assert.equal(evidence.length, 1);
  await context.close();
});

test("a log is evidence by its name, and what is no evidence is refused with a reason", async () => {
  const { context, page, number, log } = await started("Log story");
  await page.keyboard.press("v");
  await page.keyboard.type("what the gateway wrote");
  const file = (name, mimeType, text) => ({ name, mimeType, buffer: Buffer.from(text) });
  const chosen = page.getByLabel(/^File/);
  await chosen.setInputFiles(file("gateway.sh", "text/x-sh", "\u007fELF\u0000\u0001"));
  await page.getByRole("alert").first().waitFor();
  await chosen.setInputFiles(file("gateway.log", "text/plain", "09:12 refused\n09:13 refused\n"));
  await page.getByRole("button", { name: "Without the file" }).waitFor();
  await page.getByRole("button", { name: "Add evidence" }).press("Enter");
  await log.getByText("gateway.log").waitFor();
  const evidence = (await entries(page, number)).filter(({ kind }) => kind === "evidence");
  assert.equal(evidence.length, 1);
  await context.close();
});

test("two people write the lead's sentence and neither text is lost", async () => {
  const { context, page, number } = await started("Synopsis story");
  await open(page, `/app/incidents/${number}?tab=synopsis`);
  await page.getByRole("button", { name: "Say how it stands" }).press("Enter");
  await page.getByLabel(/^How it stands/).fill("the disk is full");
  const put = (text, revision) =>
    page.request.put(new URL(`/api/v1/incidents/${number}/synopsis`, page.url()).href, {
      data: { text, revision },
      headers: { origin: new URL(page.url()).origin },
    });
  assert.equal((await put("the network", 0)).status(), 200);
  await page.getByRole("button", { name: "Save" }).press("Enter");
  await page.getByText("Somebody else changed the same lines").waitFor();
  await page.getByRole("button", { name: "Put theirs before mine" }).press("Enter");
  await page.getByRole("button", { name: "Save" }).press("Enter");
  await page.getByRole("button", { name: "Change the sentence" }).waitFor();
  const { lead } = await ask(page, `/incidents/${number}/synopsis`);
  assert.equal(lead.text, "the network\nthe disk is full");
  await context.close();
});

test("a long timeline is drawn where it is seen, also on a phone", async () => {
  const { context, page, number, log } = await started("Long story", { size: PHONE });
  const headers = { origin: new URL(page.url()).origin };
  const notes = new URL(`/api/v1/incidents/${number}/timeline`, page.url()).href;
  for (let note = 0; note < 120; note += 1) {
    const data = { text: `note ${note}` };
    const answer = await page.request.post(notes, { data, headers });
    assert.equal(answer.status(), 201);
  }
  await page.reload();
  await settled(page);
  await log.getByText("note 119", { exact: true }).waitFor();
  const drawn = await log.getByRole("listitem").count();
  assert.ok(drawn > 0 && drawn < 80, `${drawn} rows are drawn`);
  await page.evaluate(() => window.scrollTo(0, document.body.scrollHeight));
  await log.getByText("note 0", { exact: true }).waitFor();
  assert.ok((await overflow(page)) <= 0, "the page scrolls sideways");
  await context.close();
});
