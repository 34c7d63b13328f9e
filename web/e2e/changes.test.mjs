// Changes: written with help, agreed to with a thumb, done step by step, taken back, looked at and
// closed; and what is typed outlives a reload and a lost connection.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { ask, launch, open, PHONE, requireServer, signedIn, until, wellMade } from "./browser.mjs";
import { changePlan } from "./screens.mjs";

requireServer();
let browser;
before(async () => {
  browser = await launch();
});
after(() => browser?.close());

const mark = () => Date.now().toString(36);
const send = (page, path, body = {}, method = "POST") =>
  ask(page, path, { method, body: JSON.stringify(body) });
const read = (page, number) => ask(page, `/changes/${number}`);
const submitted = async (page, title, over = {}) =>
  send(page, "/changes", { plan: { ...changePlan(title), ...over }, submit: true, excuse: "For a story" });

/** Those of them who are asked agree, in the order of the policy. */
async function agreed(pages, number) {
  for (;;) {
    const change = await read(pages.ana, number);
    const of = ({ people }) => people.find((name) => pages[name]);
    const asked = change.approvals.find((one) => one.state === "asked" && of(one));
    if (!asked && change.state === "approved") {
      // The stories share one service, so that their changes are in each other's way.
      return send(pages.ana, `/changes/${number}/override`, { reason: "The other one is a story too" });
    }
    if (!asked) return change;
    const who = of(asked);
    await send(pages[who], `/changes/${number}/approve`, {
      revision: change.revision,
      approver: asked.approver,
      team: asked.team,
    });
  }
}

const panel = (page, name) => page.locator("section.panel", { has: page.getByRole("heading", { name }) });

test("a change is written by keyboard with the policy's help, kept over a reload, and submitted", async () => {
  const { context, page } = await signedIn(browser, { as: "bo" });
  const title = `Replace the switches ${mark()}`;
  await page.keyboard.press("g");
  await page.keyboard.press("k");
  await page.getByRole("heading", { name: "Changes", level: 1 }).waitFor();
  await page.getByRole("link", { name: "Write a change" }).first().press("Enter");
  await page.getByLabel("Title").fill(title);
  await page.getByLabel("Service", { exact: true }).selectOption("checkout");
  await page.getByLabel("Class").selectOption("deploy");
  const missing = panel(page, "Before you submit");
  await missing.getByText("write the steps with their exact commands").first().waitFor();
  // What is missing is said at its field, and leads there.
  await missing.getByRole("button", { name: "benefit" }).press("Enter");
  const benefit = page.getByLabel("What is gained");
  await benefit.evaluate((field) => {
    if (document.activeElement !== field) throw new Error("the finding does not lead to its field");
  });
  await page.keyboard.type("Twice the bandwidth for everybody");
  await panel(page, "Who must agree").getByText("Peer").first().waitFor();

  await page.getByRole("button", { name: "Paste commands as steps" }).press("Enter");
  await page.getByRole("dialog").getByLabel("Commands, one a line").fill("switchctl drain\nswitchctl apply");
  await page.getByRole("dialog").getByRole("button", { name: "Add them" }).press("Enter");
  const command = (step) =>
    page.getByRole("group", { name: `Step ${step}`, exact: true }).getByLabel("Exact command");
  await command(2).waitFor();
  await page.getByRole("group", { name: "Step 2", exact: true }).getByLabel("At", { exact: true }).focus();
  await page.keyboard.press("Alt+ArrowUp");
  await until(
    "the steps to change places",
    async () => (await command(1).inputValue()) === "switchctl apply",
  );
  await wellMade(page);

  await context.setOffline(true);
  await page.getByLabel("If it is not done").fill("The links are full in June");
  await context.setOffline(false);
  await page.reload();
  await page.getByText("typed in this browser and is not saved yet").waitFor();
  assert.equal(await page.getByLabel("Title").inputValue(), title);
  assert.equal(await page.getByLabel("If it is not done").inputValue(), "The links are full in June");
  assert.equal(await command(2).inputValue(), "switchctl drain");

  await page.getByRole("button", { name: "Save as a draft" }).press("Enter");
  await page.getByRole("heading", { name: title, level: 1 }).waitFor();
  await page.getByText("Complete the plan, then submit it.").waitFor();
  await panel(page, "What is missing").getByText("Impact: choose whom it meets at worst").waitFor();
  await wellMade(page);
  const { items } = await ask(page, "/changes?mine=true");
  const { number } = items.find((each) => each.title === title);
  await page.getByRole("button", { name: "Submit" }).press("Enter");
  await page.getByRole("alert").getByText("Impact: choose whom it meets at worst").waitFor();

  const { revision } = await read(page, number);
  await send(page, `/changes/${number}`, { plan: changePlan(title), revision }, "PUT");
  await until(
    "the plan to be complete on the screen",
    async () => (await page.getByText("Nobody pays, which is highly unlikely").count()) > 0,
  );
  await page.getByRole("button", { name: "Submit" }).press("Enter");
  await page.getByText(/^Waits for .* to agree/).waitFor();
  assert.equal((await read(page, number)).state, "submitted");
  await context.close();
});

test("what is announced late asks for an excuse at its field", async () => {
  const { context, page } = await signedIn(browser, { as: "bo", size: PHONE });
  const soon = changePlan(`Late notice ${mark()}`, 1);
  const { number } = await send(page, "/changes", { plan: { ...soon, class: "network" } });
  await open(page, `/app/changes/${number}`);
  await page.getByRole("button", { name: "Submit" }).tap();
  const dialog = page.getByRole("dialog", { name: "It is announced late" });
  await dialog.getByText(/row `.*` asks for/).waitFor();
  await wellMade(page);
  await dialog.getByLabel("Why is it announced late?").fill("The vendor insists");
  await dialog.getByRole("button", { name: "Submit" }).tap();
  await page.getByText("The reason given: The vendor insists").waitFor();
  assert.equal((await read(page, number)).excuse, "The vendor insists");
  await context.close();
});

test("an approver reads, rejects with a reason and then agrees, with one thumb", async () => {
  const bo = await signedIn(browser, { as: "bo" });
  const zoe = await signedIn(browser, { as: "zoe", size: PHONE });
  const title = `Thumb story ${mark()}`;
  const ana = await signedIn(browser);
  const { number } = await submitted(bo.page, title, { technician: "bo" });
  await agreed({ ana: ana.page }, number);
  await open(zoe.page, "/app/changes");
  const card = zoe.page.getByRole("listitem").filter({ hasText: title });
  await card.getByRole("button", { name: `Read and decide CHG-${number}` }).tap();
  await card.getByText("Nobody pays, which is highly unlikely").waitFor();
  await wellMade(zoe.page);
  await card.getByRole("button", { name: "Reject" }).tap();
  const dialog = zoe.page.getByRole("dialog", { name: `Reject CHG-${number}` });
  await dialog.getByLabel("What is to be better?").fill("no");
  await dialog.getByRole("button", { name: "Reject" }).tap();
  await dialog.getByRole("alert").getByText("say what is to be better").waitFor();
  await dialog.getByLabel("What is to be better?").fill("Say which firmware they get");
  await dialog.getByRole("button", { name: "Reject" }).tap();
  await card.waitFor({ state: "detached" });

  await open(bo.page, `/app/changes/${number}`);
  await bo.page.getByText("zoe says: Say which firmware they get.").waitFor();
  await bo.page.getByRole("button", { name: "Submit" }).press("Enter");
  await bo.page.getByText(/^Waits for .* to agree/).waitFor();

  // It comes back to the inbox by itself.
  await card.getByRole("button", { name: /Read and decide|Close the summary/ }).waitFor();
  const opener = card.getByRole("button", { name: `Read and decide CHG-${number}` });
  if (await opener.count()) await opener.tap();
  await card
    .getByRole("button", { name: /^Agree/ })
    .first()
    .tap();
  await until("zoe's agreement to count", async () => {
    const { decisions } = await read(zoe.page, number);
    return decisions.some(({ by, approved, void: isVoid }) => by === "zoe" && approved && !isVoid);
  });
  // The record strikes out what no longer counts, and shows the new agreement by itself.
  await bo.page.getByRole("region", { name: "Decisions" }).getByText("zoe agreed").first().waitFor();
  assert.equal(await bo.page.getByRole("region", { name: "Decisions" }).locator("s").count(), 1);
  await wellMade(bo.page);
  for (const { context } of [ana, bo, zoe]) await context.close();
});

test("a change is done step by step on a phone, aborted with one tap, finished and closed", async () => {
  const ana = await signedIn(browser);
  const bo = await signedIn(browser, { as: "bo", size: PHONE });
  const zoe = await signedIn(browser, { as: "zoe" });
  const { number } = await submitted(bo.page, `Run story ${mark()}`, { technician: "bo" });
  await agreed({ ana: ana.page, zoe: zoe.page }, number);
  assert.equal((await read(bo.page, number)).state, "scheduled");
  await open(zoe.page, `/app/changes/${number}/run`);
  await zoe.page.getByText("Everybody agrees. bo begins it").waitFor();

  await open(bo.page, `/app/changes/${number}`);
  await bo.page.getByRole("link", { name: "Do it step by step" }).tap();
  await bo.page.getByRole("button", { name: "Begin" }).tap();
  // Where something is in its way by now, such as an open incident nearby, it is asked why it goes on.
  const why = bo.page.getByRole("dialog", { name: "Something is in its way" });
  const first = bo.page.getByRole("button", { name: "Step 1 is done" });
  await why.or(first).first().waitFor();
  if (await why.isVisible()) {
    await why.getByLabel("Why does it go on all the same?").fill("The links saturate today");
    await why.getByRole("button", { name: "Begin all the same" }).tap();
  }
  await first.tap();
  await bo.page.getByRole("button", { name: "Step 1 is done", pressed: true }).waitFor();
  await bo.page.getByText("Step").first().waitFor();
  await wellMade(bo.page);
  // The tick is the record's: it outlives a reload, and others see it without asking.
  await bo.page.reload();
  await bo.page.getByRole("button", { name: "Step 1 is done", pressed: true }).waitFor();
  await bo.page.getByRole("button", { name: "Step 2 is done", pressed: false }).waitFor();
  await zoe.page.getByText("bo is doing it now.").waitFor();
  await zoe.page.getByText(/^Done by bo/).waitFor();

  await bo.page.getByRole("button", { name: "Abort: show me the rollback" }).tap();
  await bo.page
    .getByRole("list", { name: "Rollback" })
    .getByText("switchctl restore --from backup")
    .waitFor();
  await zoe.page.getByRole("list", { name: "Rollback" }).waitFor();
  // The steps of the way back are ticked off alike.
  await bo.page.getByRole("button", { name: "Step 1 is done", pressed: false }).tap();
  await zoe.page.getByText(/^Done by bo/).waitFor();
  assert.equal((await read(bo.page, number)).state, "rolling_back");
  await bo.page.getByRole("button", { name: "Finish" }).tap();
  const dialog = bo.page.getByRole("dialog", { name: "How did it go?" });
  await dialog.getByLabel("Note (optional)").fill("Packets were lost");
  await wellMade(bo.page);
  await dialog.getByRole("button", { name: "Finish" }).tap();
  await until("it to be done", async () => (await read(bo.page, number)).outcome === "rolled_back");
  await open(bo.page, `/app/changes/${number}`);
  await bo.page.getByText("Aborted at step 2, T+00:10").waitFor();
  await bo.page.getByRole("button", { name: "Close", exact: true }).tap();
  await bo.page.getByRole("dialog", { name: "Close it" }).getByRole("button", { name: "Close" }).tap();
  await bo.page.getByText("Nothing is left to do.").waitFor();
  assert.equal((await read(bo.page, number)).state, "closed");
  for (const { context } of [ana, bo, zoe]) await context.close();
});

test("an earlier change is the template of the next, without its dates; lists narrow by keyboard", async () => {
  const { context, page } = await signedIn(browser);
  const title = `Template story ${mark()}`;
  const { number } = await send(page, "/changes", { plan: changePlan(title) });
  await open(page, "/app/changes/new");
  await page.getByLabel("Start from").selectOption(String(number));
  await until("the plan to come along", async () => (await page.getByLabel("Title").inputValue()) === title);
  assert.equal(await page.getByLabel("Begins").inputValue(), "");
  assert.equal(await page.getByLabel("At worst").inputValue(), "Nobody pays, which is highly unlikely");
  await open(page, "/app/changes?tab=mine&service=checkout&state=draft");
  await page.getByRole("listitem").filter({ hasText: title }).waitFor();
  await page.keyboard.press("j");
  await page.keyboard.press("Enter");
  await page.getByRole("heading", { level: 1, name: title }).waitFor();
  await open(page, "/app/changes?tab=all&state=expired");
  await page.getByText("No change matches").waitFor();
  await context.close();
});
