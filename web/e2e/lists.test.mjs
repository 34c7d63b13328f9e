// Notification lists and engagement groups: joining and leaving, the core that cannot, changing a
// group, and engaging it on an incident.
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

/** A document of its own for each story. */
function make(page, collection, name, document) {
  return ask(page, `/${collection}/${name}`, { method: "PUT", body: JSON.stringify({ document }) });
}

const listed = async (page, name) =>
  (await ask(page, "/notification-lists")).items.find((list) => list.name === name);

test("a list is joined on a phone, tells of trouble, and is left again by keyboard", async () => {
  const admin = await signedIn(browser);
  await make(admin.page, "notification-lists", "ledger-notify", { services: ["ledger-db"], core: ["zoe"] });
  const { context, page } = await signedIn(browser, { as: "bo", size: PHONE });
  await open(page, "/app/lists");
  await page.getByRole("button", { name: "Subscribe to ledger-notify" }).tap();
  await page.getByText("You are on ledger-notify.").waitFor();
  assert.deepEqual((await listed(page, "ledger-notify")).subscribers, ["bo"]);
  await wellMade(page);

  const title = `Replication has stopped ${Date.now().toString(36)}`;
  await declare(admin.page, title, { service: "ledger-db", severity: 2 });
  const heard = async (user) => (await heardBy(user)).some((each) => JSON.stringify(each).includes(title));
  await until("bo and zoe to hear of it", async () => (await heard("bo")) && (await heard("zoe")));

  await page.getByRole("button", { name: "Leave ledger-notify" }).focus();
  await page.keyboard.press("Enter");
  await page.getByText("You left ledger-notify.").waitFor();
  assert.deepEqual((await listed(page, "ledger-notify")).subscribers, []);
  await page.keyboard.press("z");
  await until("the subscription to be back", async () => (await listed(page, "ledger-notify")).subscribed);
  await context.close();
  await admin.context.close();
});

test("whoever is in the core sees so, and is offered no way out", async () => {
  const admin = await signedIn(browser);
  await make(admin.page, "notification-lists", "core-notify", { services: ["checkout"], core: ["bo"] });
  const { context, page } = await signedIn(browser, { as: "bo", size: PHONE });
  await open(page, "/app/lists");
  const card = page.getByRole("listitem").filter({ has: page.getByRole("heading", { name: "core-notify" }) });
  await card.getByText("you are in the core").waitFor();
  assert.equal(await card.getByRole("button").count(), 0);
  const { mandatory, subscribed } = await listed(page, "core-notify");
  assert.deepEqual([mandatory, subscribed], [true, true]);
  await assert.rejects(
    ask(page, "/users/bo/subscriptions/core-notify", { method: "DELETE" }),
    /answered 4\d\d/,
    "the server refuses too",
  );
  await context.close();
  await admin.context.close();
});

test("a keeper changes a group, and whoever leads engages it on an incident", async () => {
  const admin = await signedIn(browser);
  await make(admin.page, "engagement-groups", "ordering", {
    services: ["checkout"],
    members: ["page-checkout-primary"],
    keepers: ["bo"],
  });
  const keeper = await signedIn(browser, { as: "bo", size: PHONE });
  await open(keeper.page, "/app/lists");
  await keeper.page.getByRole("button", { name: "Change members of ordering" }).tap();
  const members = keeper.page.getByLabel("Members, one a line");
  await members.fill("page-checkout-primary\nnobody-at-all");
  await keeper.page.getByRole("button", { name: "Save" }).tap();
  await keeper.page
    .getByRole("dialog")
    .getByRole("alert")
    .getByText(/nobody-at-all/)
    .waitFor();
  await members.fill("page-checkout-primary\nzoe");
  await keeper.page.getByRole("button", { name: "Save" }).tap();
  await keeper.page.getByText("ordering is changed.").waitFor();
  await wellMade(keeper.page);
  const group = (await ask(admin.page, "/engagement-groups")).items.find(({ name }) => name === "ordering");
  assert.deepEqual(
    group.members.map(({ name }) => name),
    ["page-checkout-primary", "zoe"],
  );

  const { number } = await declare(keeper.page, "Orders fail at the last step", { service: "checkout" });
  await open(keeper.page, `/app/incidents/${number}`);
  await keeper.page.getByRole("button", { name: "More actions" }).tap();
  await keeper.page.getByRole("menuitem", { name: "Engage group" }).tap();
  const dialog = keeper.page.getByRole("dialog", { name: /Engage a group/ });
  await dialog.getByLabel("Group").selectOption("ordering");
  await dialog.getByLabel("Message (optional)").fill("The last step answers 500");
  await wellMade(keeper.page);
  await dialog.getByRole("button", { name: "Engage them" }).tap();
  await keeper.page.getByText(`Engaged for #${number}`).waitFor();
  await until("zoe to be paged with the message", async () =>
    (await heardBy("zoe")).some((each) => JSON.stringify(each).includes("The last step answers 500")),
  );
  const ledger = (await ask(admin.page, `/incidents/${number}/pages`)).items.map(({ user }) => user);
  assert.ok(ledger.includes("zoe"), `zoe stands in the ledger: ${ledger}`);
  await keeper.context.close();
  await admin.context.close();
});
