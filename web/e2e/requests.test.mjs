// Cover and swap requests: asking on a phone, answering at a desk, undoing; and checking in where
// several have the shift.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { ask, launch, open, PHONE, requireServer, signedIn, until, wellMade } from "./browser.mjs";

requireServer();
let browser;
before(async () => {
  browser = await launch();
});
after(() => browser?.close());

/** A schedule of its own for each story: Ana and Bo take days in turn. */
async function schedule(page, name, participants = ["ana", "bo"]) {
  const rotation = { every: "1d", handoff: "09:00", start: "2026-01-05", participants };
  const document = { team: "payments", timezone: "Europe/Berlin", layers: [{ name: "days", rotation }] };
  await ask(page, `/schedules/${name}`, { method: "PUT", body: JSON.stringify({ document }) });
}

/** Who is on call, and every shift that one of them has, from now on. */
async function shiftsOf(page, name, user) {
  const from = new Date().toISOString();
  const to = new Date(Date.now() + 14 * 86_400_000).toISOString();
  const { items } = await ask(page, `/schedules/${name}/shifts?from=${from}&to=${to}`);
  return items.filter((shift) => shift.user === user && Date.parse(shift.from) > Date.now());
}

const holder = async (page, name, at) => {
  const { on_call } = await ask(page, `/schedules/${name}/on-call?at=${encodeURIComponent(at)}`);
  return on_call.map(({ user }) => user).sort();
};

const request = async (page, name) =>
  (await ask(page, "/cover-requests?limit=100")).items.find((each) => each.schedule === name);

const row = (page, words) => page.getByRole("listitem").filter({ hasText: words });

/** Offers the first shift ahead of whoever looks at the page, through the dialog. */
async function offer(page, name, shift, choose = async () => {}) {
  await open(page, "/app/my-on-call");
  const all = page.getByRole("button", { name: /^Show all/ });
  if (await all.count()) await all.tap();
  await page
    .getByRole("listitem")
    .filter({ hasText: name })
    .filter({ has: page.locator(`time[datetime="${shift.from}"]`) })
    .getByRole("button", { name: `Offer ${name}` })
    .tap();
  const dialog = page.getByRole("dialog", { name: `Offer ${name}` });
  await choose(dialog);
  await dialog.getByLabel("Reason (optional)").fill("A wedding");
  await wellMade(page);
  await dialog.getByRole("button", { name: "Ask the others" }).tap();
  await page.getByText("The others are asked.").waitFor();
}

test("a shift is offered on a phone, taken at a desk by keyboard, and put back", async () => {
  const ana = await signedIn(browser);
  await schedule(ana.page, "to-cover");
  const bo = await signedIn(browser, { as: "bo", size: PHONE });
  const [shift] = await shiftsOf(bo.page, "to-cover", "bo");
  const middle = new Date(Date.parse(shift.from) + 3_600_000).toISOString();
  await offer(bo.page, "to-cover", shift);
  assert.equal((await request(bo.page, "to-cover")).state, "requested");
  assert.deepEqual(await holder(bo.page, "to-cover", middle), ["bo"], "until somebody says yes it is theirs");

  await open(ana.page, "/app/requests");
  await wellMade(ana.page);
  const asked = row(ana.page, "bo asks for to-cover");
  await asked.getByText("A wedding").waitFor();
  await asked.getByRole("button", { name: "Take the shift" }).focus();
  await ana.page.keyboard.press("Enter");
  await ana.page.getByText("The shift is yours.").waitFor();
  assert.deepEqual(await holder(ana.page, "to-cover", middle), ["ana"]);
  assert.equal((await request(ana.page, "to-cover")).accepted_by, "ana");

  await open(bo.page, "/app/requests");
  await wellMade(bo.page);
  await row(bo.page, "You ask for to-cover").getByRole("button", { name: "Undo" }).tap();
  await bo.page.getByText("bo has the shift again.").waitFor();
  assert.deepEqual(await holder(bo.page, "to-cover", middle), ["bo"]);
  assert.equal((await request(bo.page, "to-cover")).state, "undone");
  await bo.context.close();
  await ana.context.close();
});

test("a swap gives each the other's shift, and is undone with z", async () => {
  const ana = await signedIn(browser);
  await schedule(ana.page, "to-swap");
  const bo = await signedIn(browser, { as: "bo", size: PHONE });
  const [mine] = await shiftsOf(bo.page, "to-swap", "bo");
  const [, theirs] = await shiftsOf(bo.page, "to-swap", "ana");
  const within = ({ from }) => new Date(Date.parse(from) + 3_600_000).toISOString();
  await offer(bo.page, "to-swap", mine, (dialog) =>
    dialog.getByLabel("In return (a swap)").selectOption(theirs.from),
  );
  await open(ana.page, "/app/requests");
  await row(ana.page, "bo asks for to-swap").getByText("in return:").waitFor();
  await row(ana.page, "bo asks for to-swap").getByRole("button", { name: "Take the shift" }).click();
  await ana.page.getByText("The shift is yours.").waitFor();
  assert.deepEqual(await holder(ana.page, "to-swap", within(mine)), ["ana"]);
  assert.deepEqual(await holder(ana.page, "to-swap", within(theirs)), ["bo"]);
  await ana.page.keyboard.press("z");
  await until("the swap to be undone", async () => (await request(ana.page, "to-swap")).state === "undone");
  assert.deepEqual(await holder(ana.page, "to-swap", within(mine)), ["bo"]);
  assert.deepEqual(await holder(ana.page, "to-swap", within(theirs)), ["ana"]);
  await bo.context.close();
  await ana.context.close();
});

test("a request is declined on a phone, and another withdrawn", async () => {
  const ana = await signedIn(browser, { size: PHONE });
  await schedule(ana.page, "to-decline");
  const bo = await signedIn(browser, { as: "bo", size: PHONE });
  const [shift, next] = await shiftsOf(bo.page, "to-decline", "bo");
  await offer(bo.page, "to-decline", shift);
  await open(ana.page, "/app/my-on-call");
  await wellMade(ana.page);
  await row(ana.page, "bo asks for to-decline").getByRole("button", { name: "Decline" }).tap();
  await ana.page.getByText("You said no.").waitFor();
  const said = await request(ana.page, "to-decline");
  assert.deepEqual([said.state, said.accepted_by], ["declined", null]);
  await open(bo.page, "/app/requests");
  await row(bo.page, "everybody said no").first().waitFor();

  await offer(bo.page, "to-decline", next);
  await open(bo.page, "/app/requests");
  await row(bo.page, "You ask for to-decline").getByRole("button", { name: "Withdraw" }).tap();
  await bo.page.getByText("Withdrawn.").waitFor();
  const states = (await ask(bo.page, "/cover-requests?limit=100")).items
    .filter((each) => each.schedule === "to-decline")
    .map(({ state }) => state)
    .sort();
  assert.deepEqual(states, ["declined", "withdrawn"]);
  await bo.context.close();
  await ana.context.close();
});

test("whoever takes a shift that two have says whose place, and undoes it with z", async () => {
  const ana = await signedIn(browser);
  await schedule(ana.page, "together", [["ana", "bo"]]);
  const zoe = await signedIn(browser, { as: "zoe", size: PHONE });
  const now = () => holder(zoe.page, "together", new Date().toISOString());
  assert.deepEqual(await now(), ["ana", "bo"]);
  await open(zoe.page, "/app/my-on-call");
  await zoe.page.getByRole("button", { name: "Take on-call" }).tap();
  const dialog = zoe.page.getByRole("dialog", { name: "Take on-call" });
  await dialog.getByLabel("Schedule").selectOption("payments-primary");
  assert.equal(await dialog.getByLabel("Instead of").count(), 0, "one has it alone");
  await dialog.getByLabel("Schedule").selectOption("together");
  await wellMade(zoe.page);
  await dialog.getByRole("button", { name: "Take it" }).tap();
  assert.equal(await dialog.count(), 1, "without saying whose place nothing is sent");
  await dialog.getByLabel("Instead of").selectOption("bo");
  await dialog.getByRole("button", { name: "Take it" }).tap();
  await zoe.page.getByText("You are on call for together.").waitFor();
  assert.deepEqual(await now(), ["ana", "zoe"]);
  await zoe.page.keyboard.press("z");
  await zoe.page.getByText("together goes on as before.").waitFor();
  assert.deepEqual(await now(), ["ana", "bo"]);

  await zoe.page.getByRole("button", { name: "Take on-call" }).tap();
  await dialog.getByLabel("Schedule").selectOption("together");
  await dialog.getByLabel("Instead of").selectOption("all of them: everybody gives way");
  await dialog.getByRole("button", { name: "Take it" }).tap();
  await until("zoe to have it alone", async () => (await now()).join() === "zoe");
  await zoe.context.close();
  await ana.context.close();
});
