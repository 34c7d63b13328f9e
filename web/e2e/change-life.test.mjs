// What changes go through besides the usual way: begun at once with a reason, recorded after the fact,
// looked at afterwards, cancelled; begun from a template; and who hears of them.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import {
  ask,
  declare,
  heardBy,
  launch,
  open,
  PHONE,
  requireServer,
  signedIn,
  until,
  wellMade,
} from "./browser.mjs";
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
const drafted = (page, title, over = {}) =>
  send(page, "/changes", { plan: { ...changePlan(title), ...over } });
const apply = (page, text) =>
  page.evaluate(async (body) => {
    const response = await fetch("/api/v1/config/apply", { method: "POST", body });
    if (!response.ok) throw new Error(await response.text());
  }, text);

test("a fix begins at once with a reason, others see each step, and it is looked at and agreed to after", async () => {
  const bo = await signedIn(browser, { as: "bo", size: PHONE });
  const zoe = await signedIn(browser, { as: "zoe" });
  const { number } = await drafted(bo.page, `Fix first ${mark()}`);
  await open(bo.page, `/app/changes/${number}`);
  await bo.page.getByRole("button", { name: "Begin now, agree after" }).tap();
  const dialog = bo.page.getByRole("dialog", { name: "Begin before everybody agrees" });
  await dialog.getByRole("button", { name: "Begin" }).tap();
  assert.equal((await read(bo.page, number)).state, "draft", "not without a reason");
  await dialog.getByLabel("Why can it not wait?").fill("Nobody can pay");
  await wellMade(bo.page);
  await dialog.getByRole("button", { name: "Begin" }).tap();
  await bo.page.getByText("bo is doing it now.").waitFor();
  assert.equal((await read(bo.page, number)).excuse, "Nobody can pay");

  // Zoe looks on from her desk: each step appears with who did it and how late it is.
  await open(zoe.page, `/app/changes/${number}/run`);
  await open(bo.page, `/app/changes/${number}/run`);
  await bo.page.getByRole("button", { name: "Step 1 is done" }).tap();
  const first = zoe.page.getByRole("list", { name: "Timeline" }).getByRole("listitem").first();
  await first.getByText(/^Done by bo/).waitFor();
  await first.getByText("on time").waitFor();
  await bo.page.getByRole("button", { name: "Step 2 is done" }).tap();
  await zoe.page
    .getByText(/^Done by bo/)
    .nth(1)
    .waitFor();
  // A tick is taken back by the same button, for everybody.
  await bo.page.getByRole("button", { name: "Step 2 is done", pressed: true }).tap();
  await bo.page.getByRole("button", { name: "Step 2 is done", pressed: false }).waitFor();
  await until(
    "zoe to see it taken back",
    async () => (await zoe.page.getByText(/^Done by bo/).count()) === 1,
  );
  await wellMade(zoe.page);

  await bo.page.getByRole("button", { name: "Finish" }).tap();
  await bo.page.getByRole("dialog", { name: "How did it go?" }).getByRole("button", { name: "Finish" }).tap();
  await until("it to be done", async () => (await read(bo.page, number)).state === "resolved");
  await open(bo.page, `/app/changes/${number}`);
  await bo.page.getByRole("button", { name: "Looked at" }).tap();
  const looked = bo.page.getByRole("dialog", { name: "Looked at afterwards" });
  await looked.getByLabel("Note (optional)").fill("Payments are back to normal");
  await looked.getByRole("button", { name: "Looked at" }).tap();
  await bo.page.getByText("Done and looked at. Close it, with what was learned.").waitFor();
  await bo.page.getByText("Payments are back to normal").waitFor();
  await bo.page.getByRole("button", { name: "Close", exact: true }).tap();
  await bo.page.getByRole("dialog", { name: "Close it" }).getByRole("button", { name: "Close" }).tap();
  await bo.page.getByText(/^Done already\. Waits for .* to agree afterwards\./).waitFor();
  await wellMade(bo.page);
  for (const { context } of [bo, zoe]) await context.close();
});

test("what was done for a sev1 is recorded after the fact with its times, and nothing else is", async () => {
  const { context, page } = await signedIn(browser, { as: "bo" });
  const incident = await declare(page, `Nobody can pay ${mark()}`, { service: "ledger-db", severity: 1 });
  const none = { start: null, end: null };
  const { number: usual } = await drafted(page, `No incident ${mark()}`, none);
  await open(page, `/app/changes/${usual}`);
  await page.getByRole("button", { name: "Submit" }).waitFor();
  assert.equal(await page.getByRole("button", { name: "Record after the fact" }).count(), 0);

  const { number } = await drafted(page, `Restart the ledger ${mark()}`, {
    ...none,
    incident: incident.number,
  });
  await open(page, `/app/changes/${number}`);
  await page.getByRole("button", { name: "Record after the fact" }).press("Enter");
  const dialog = page.getByRole("dialog", { name: "It was done already" });
  const local = (hoursAgo) => {
    const at = new Date(Date.now() - hoursAgo * 3_600_000);
    return at.toLocaleString("sv-SE", { timeZone: "Europe/Berlin" }).slice(0, 16).replace(" ", "T");
  };
  await dialog.getByLabel("It began").fill(local(1));
  await dialog.getByLabel("It was done").fill(local(3));
  await dialog.getByRole("button", { name: "Record after the fact" }).press("Enter");
  await dialog.getByText("it ends before it begins").waitFor();
  await dialog.getByLabel("It began").fill(local(3));
  await dialog.getByLabel("It was done").fill(local(1));
  await wellMade(page);
  await dialog.getByRole("button", { name: "Record after the fact" }).press("Enter");
  await page.getByText(/^Done already\. Waits for .* to agree afterwards\./).waitFor();
  const change = await read(page, number);
  assert.deepEqual(
    [change.state, change.origin, change.outcome],
    ["retro_review", "after_the_fact", "success"],
  );
  assert.equal(Date.parse(change.ended_at) - Date.parse(change.started_at), 2 * 3_600_000);
  await wellMade(page);
  await send(page, `/incidents/${incident.number}/resolve`);
  await context.close();
});

test("a change that will not be done is cancelled with a reason, by keyboard", async () => {
  const { context, page } = await signedIn(browser, { as: "bo" });
  const title = `Cancel story ${mark()}`;
  const { number } = await send(page, "/changes", {
    plan: changePlan(title),
    submit: true,
    excuse: "A story",
  });
  await open(page, `/app/changes/${number}`);
  await page.getByRole("button", { name: "Cancel it" }).press("Enter");
  const dialog = page.getByRole("dialog", { name: "Cancel the change" });
  await dialog.getByRole("button", { name: "Cancel it" }).press("Enter");
  assert.equal((await read(page, number)).state, "submitted", "not without a reason");
  await dialog.getByLabel("Why?").fill("The disks came late");
  await dialog.getByRole("button", { name: "Cancel it" }).press("Enter");
  await page.getByText("It will not be done.").waitFor();
  await page.getByText("Cancelled: The disks came late").waitFor();
  assert.equal(await page.getByRole("button", { name: "Cancel it" }).count(), 0);
  await page.getByRole("link", { name: "Clone" }).press("Enter");
  await until("its plan to come along", async () => (await page.getByLabel("Title").inputValue()) === title);
  await context.close();
});

test("a plan is begun from a template of the organisation, which asks for what it leaves open", async () => {
  const { context, page } = await signedIn(browser);
  await apply(
    page,
    `change_policy:
  templates:
    - name: release
      description: A release of one service
      class: deploy
      title: "Deploy {{ service }} {{ version }}"
      takes: 30m
      benefit: "What is new in {{ version }}"
`,
  );
  await open(page, "/app/changes/new");
  await page.getByRole("button", { name: "Start from a template" }).press("Enter");
  const dialog = page.getByRole("dialog", { name: "Start from a template" });
  await dialog.getByText("A release of one service").waitFor();
  await dialog.getByLabel("Service").selectOption("checkout");
  await dialog.getByLabel("version").fill("1.2");
  await wellMade(page);
  await dialog.getByRole("button", { name: "Use it" }).press("Enter");
  await until(
    "the plan to be filled in",
    async () => (await page.getByLabel("Title").inputValue()) === "Deploy checkout 1.2",
  );
  assert.equal(await page.getByLabel("What is gained").inputValue(), "What is new in 1.2");
  assert.equal(await page.getByLabel("Class").inputValue(), "deploy");
  await apply(page, "change_policy: {}");
  await context.close();
});

test("a list of changes is joined on a phone and tells of them; how one hears is chosen and taken back", async () => {
  const { context, page } = await signedIn(browser, { as: "zoe", size: PHONE });
  await open(page, "/app/lists");
  await page.getByRole("button", { name: "Subscribe to ledger-db-change-notify" }).tap();
  await page.getByText("You are on ledger-db-change-notify.").waitFor();
  await page.getByLabel("Not at all").tap();
  await page.getByText("Saved.").waitFor();
  assert.equal((await ask(page, "/users/zoe/change-digest")).wish, "off");
  await wellMade(page);
  await page.keyboard.press("z");
  await until("the choice to be as it was", async () => {
    const { wish } = await ask(page, "/users/zoe/change-digest");
    return wish === "digest";
  });

  const bo = await signedIn(browser, { as: "bo" });
  const title = `Grow the ledger ${mark()}`;
  const { number } = await drafted(bo.page, title, { service: "ledger-db" });
  await send(bo.page, `/changes/${number}/start`, { excuse: "The disk is nearly full" });
  const heard = async () =>
    (await heardBy("zoe")).some((one) => JSON.stringify(one).includes(`${title} has begun`));
  await until("zoe to hear of it", heard);
  await open(bo.page, `/app/changes/${number}`);
  const told = bo.page.locator("section.panel", {
    has: bo.page.getByRole("heading", { name: "Who was told" }),
  });
  await told.getByText("you are on ledger-db-change-notify").waitFor();
  await wellMade(bo.page);
  await send(bo.page, `/changes/${number}/finish`, { outcome: "success" });
  await page.getByRole("button", { name: "Leave ledger-db-change-notify" }).tap();
  await page.getByText("You left ledger-db-change-notify.").waitFor();
  for (const each of [context, bo.context]) await each.close();
});
