// Helpers on an incident: who volunteers on a phone is directed and released from a desk.
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

requireServer();
let browser;
before(async () => {
  browser = await launch();
});
after(() => browser?.close());

test("somebody volunteers on a phone, is directed by keyboard, released, called back, and hears of it", async () => {
  const lead = await signedIn(browser);
  const helper = await signedIn(browser, { as: "bo", size: PHONE });
  const { number } = await declare(lead.page, "Orders fail", { service: "checkout" });
  const helpers = async () => (await ask(lead.page, `/incidents/${number}`)).helpers;
  await open(lead.page, `/app/incidents/${number}?tab=helpers`);
  await lead.page.getByText("Nobody has volunteered").waitFor();

  await open(helper.page, `/app/incidents/${number}`);
  await helper.page.getByRole("tab", { name: "Helpers" }).tap();
  await wellMade(helper.page);
  await helper.page.getByRole("tabpanel").getByRole("button", { name: "I can help" }).tap();
  await helper.page.getByText("waits for something to do").waitFor();
  assert.deepEqual(
    (await helpers()).map(({ user, task }) => [user, task]),
    [["bo", null]],
  );
  assert.equal(
    await helper.page.getByRole("tabpanel").getByRole("button", { name: "I can help" }).count(),
    0,
    "nobody volunteers twice",
  );

  // Nobody reloads: the screen of whoever leads follows.
  await lead.page.getByRole("button", { name: "Give bo a task" }).focus();
  await lead.page.keyboard.press("Enter");
  await lead.page.getByRole("dialog").getByLabel("Task").waitFor();
  await lead.page.keyboard.type("Call the bank about the refused cards");
  await lead.page.keyboard.press("Enter");
  await lead.page.getByRole("dialog").waitFor({ state: "detached" });
  assert.equal((await helpers())[0].task, "Call the bank about the refused cards");
  await helper.page.getByRole("tabpanel").getByText("Call the bank about the refused cards").waitFor();
  await wellMade(helper.page);
  await until("bo to be told", async () =>
    (await heardBy("bo")).some((each) => JSON.stringify(each).includes("Call the bank")),
  );

  await lead.page.getByRole("button", { name: "Release bo" }).click();
  await lead.page.getByText("bo is released, with thanks.").waitFor();
  assert.notEqual((await helpers())[0].released_at, null);
  await lead.page.keyboard.press("z");
  await lead.page.getByText("bo helps again.").waitFor();
  assert.equal((await helpers())[0].released_at, null);

  await helper.page.getByRole("button", { name: "Release bo" }).tap();
  await helper.page.getByText(/had been asked: Call the bank/).waitFor();
  assert.notEqual((await helpers())[0].released_at, null);
  await helper.page.getByRole("button", { name: "Call bo back" }).tap();
  await helper.page.getByRole("button", { name: "Release bo" }).waitFor();
  assert.equal((await helpers())[0].released_at, null);
  const said = (await ask(lead.page, `/incidents/${number}/timeline`)).items.map(({ kind }) => kind);
  for (const kind of ["volunteered", "helper_directed", "helper_released", "helper_recalled"]) {
    assert.ok(said.includes(kind), `${kind} stands on the timeline: ${said}`);
  }
  await lead.context.close();
  await helper.context.close();
});

test("two who are asked to do the same are marked, by mouse", async () => {
  const lead = await signedIn(browser);
  const { number } = await declare(lead.page, "Two with one task", { service: "checkout" });
  for (const as of ["bo", "zoe"]) {
    const { context, page } = await signedIn(browser, { as });
    await open(page, `/app/incidents/${number}?tab=helpers`);
    await page.getByRole("tabpanel").getByRole("button", { name: "I can help" }).click();
    await page.getByText(`${as} waits for something to do`).waitFor();
    await context.close();
  }
  await open(lead.page, `/app/incidents/${number}?tab=helpers`);
  for (const user of ["bo", "zoe"]) {
    await lead.page.getByRole("button", { name: `Give ${user} a task` }).click();
    const dialog = lead.page.getByRole("dialog", { name: `What is ${user} to do?` });
    await dialog.getByLabel("Task").fill("Read the logs of the gateway");
    await dialog.getByRole("button", { name: "Ask them" }).click();
    await dialog.waitFor({ state: "detached" });
  }
  await lead.page.getByText("zoe is asked to do the same").waitFor();
  await lead.page.getByText("bo is asked to do the same").waitFor();
  await wellMade(lead.page);
  const { helpers } = await ask(lead.page, `/incidents/${number}`);
  assert.deepEqual(helpers.map(({ user, same_as }) => [user, same_as]).sort(), [
    ["bo", ["zoe"]],
    ["zoe", ["bo"]],
  ]);
  await lead.context.close();
});

test("whoever was paged is no helper, and says that they are there", async () => {
  const { context, page } = await signedIn(browser, { as: "zoe", size: PHONE });
  // What has no service goes to the catch-all, which is Zoe.
  const { number } = await declare(page, "Something is odd");
  const clocks = async () => (await ask(page, `/incidents/${number}`)).clocks;
  await until("zoe to be waited for", async () =>
    (await clocks()).awaited.some(({ user }) => user === "zoe"),
  );
  await open(page, `/app/incidents/${number}?tab=helpers`);
  const panel = page.getByRole("tabpanel");
  await panel.getByRole("button", { name: "I am here" }).tap();
  await panel.getByText("You respond to this one").waitFor();
  await wellMade(page);
  assert.deepEqual(
    (await clocks()).present.map(({ user }) => user),
    ["zoe"],
  );
  assert.deepEqual((await ask(page, `/incidents/${number}`)).helpers, []);
  await context.close();
});
