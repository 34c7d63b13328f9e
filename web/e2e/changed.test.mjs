// What changed: the war room ranks suspects with their reasons, one tap marks the cause and one takes it
// back, live for everybody; what tools report is listed, filtered and told of with what it caused.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { ask, declare, launch, open, PHONE, requireServer, signedIn, until, wellMade } from "./browser.mjs";
import { changePlan } from "./screens.mjs";

requireServer();
let browser;
before(async () => {
  browser = await launch();
});
after(() => browser?.close());

const mark = () => Date.now().toString(36);
const send = (page, path, body, method = "POST") => ask(page, path, { method, body: JSON.stringify(body) });
const ago = (minutes) => new Date(Date.now() - minutes * 60_000).toISOString();
const reported = (page, summary, over = {}) =>
  send(page, "/change-events", { service: "checkout", summary, ended_at: ago(4), ...over });
const suspectOf = (page, words) =>
  page.getByRole("list", { name: "Suspects" }).getByRole("listitem").filter({ hasText: words });

test("the war room ranks what changed, and one tap marks the cause and takes it back", async () => {
  const ana = await signedIn(browser);
  const bo = await signedIn(browser, { as: "bo", size: PHONE });
  const name = mark();
  await reported(ana.page, `New cart ${name}`, {
    kind: "flag",
    version: "a1b2c3d4e5f6a7b8",
    diff_url: "https://git.example.com/compare/1...2",
  });
  const staged = await reported(ana.page, `Tried out ${name}`, { environment: "staging" });
  const planned = await send(ana.page, "/changes", { plan: changePlan(`Planned ${name}`, 30) });
  await send(ana.page, `/changes/${planned.number}/start`, { excuse: "For a story" });
  const { number } = await declare(ana.page, `Carts are empty ${name}`, { service: "checkout", severity: 4 });
  for (const { page } of [ana, bo]) await open(page, `/app/incidents/${number}?tab=changed`);

  const cart = suspectOf(ana.page, `New cart ${name}`);
  await cart.getByText(/It ended \d+m before; it is on the service itself/).waitFor();
  const diff = cart.getByRole("link", { name: "what was changed" });
  assert.equal(await diff.getAttribute("href"), "https://git.example.com/compare/1...2");
  await suspectOf(ana.page, `CHG-${planned.number} Planned ${name}`)
    .getByText(/It was going on when the incident began/)
    .waitFor();
  assert.equal(await suspectOf(ana.page, `Tried out ${name}`).count(), 0, "it was tried out elsewhere");
  await wellMade(ana.page);
  await ana.page.getByLabel("Every environment").check();
  await suspectOf(ana.page, `Tried out ${name}`).getByText("staging").first().waitFor();
  await ana.page.getByLabel("Every environment").uncheck();

  // By keyboard at the desk; the phone hears of it by itself.
  const cause = cart.getByRole("button", { name: "Cause" });
  await cause.focus();
  await ana.page.keyboard.press("Enter");
  await cart.getByRole("button", { name: "Cause", pressed: true }).waitFor();
  await suspectOf(bo.page, `New cart ${name}`)
    .getByText(/Cause, says/)
    .waitFor();
  await until("the cause to stand first", async () =>
    (
      await bo.page.getByRole("list", { name: "Suspects" }).getByRole("listitem").first().textContent()
    ).includes(`New cart ${name}`),
  );
  await ana.page
    .getByRole("region", { name: "Timeline" })
    .getByText(`Marked as the cause: New cart ${name}`)
    .waitFor();
  await wellMade(bo.page);

  // With a thumb on the phone: ruled out instead, and undone; the mark from before is there again.
  const own = suspectOf(bo.page, `New cart ${name}`);
  await own.getByRole("button", { name: "Ruled out" }).tap();
  await own.getByRole("button", { name: "Ruled out", pressed: true }).waitFor();
  await cart.getByText(/Ruled out, says/).waitFor();
  await bo.page.getByRole("button", { name: "Undo (z)" }).last().tap();
  await own.getByRole("button", { name: "Cause", pressed: true }).waitFor();
  await cart.getByRole("button", { name: "Cause", pressed: true }).waitFor();

  // The planned one caused it: its record says so, with the incident.
  const change = suspectOf(ana.page, `CHG-${planned.number} Planned ${name}`);
  await change.getByRole("button", { name: "Cause" }).click();
  await change.getByRole("button", { name: "Cause", pressed: true }).waitFor();
  await open(bo.page, `/app/changes/${planned.number}`);
  const caused = bo.page.getByRole("list", { name: "Caused incidents" });
  await caused.getByRole("link", { name: `#${number} Carts are empty ${name}` }).waitFor();
  await caused.getByText("no outage").waitFor();
  await wellMade(bo.page);
  await send(ana.page, `/changes/${planned.number}/finish`, { outcome: "success", note: "" });
  assert.match(staged.id, /^chg_/);
  await ana.context.close();
  await bo.context.close();
});

test("what tools report is listed as it comes, filtered, and tells what it caused", async () => {
  const ana = await signedIn(browser);
  const bo = await signedIn(browser, { as: "bo", size: PHONE });
  const name = mark();
  await open(bo.page, "/app/changes");
  await bo.page.getByRole("link", { name: "What tools report" }).tap();
  await bo.page.getByRole("heading", { name: "What tools report", level: 1 }).waitFor();
  const events = bo.page.getByRole("list", { name: "Change events" });
  const deploy = await reported(ana.page, `Deploy ${name}`, { environment: "production" });
  await reported(ana.page, `Flag ${name}`, { kind: "flag" });
  await events.getByText(`Deploy ${name}`).waitFor();
  await events.getByText(`Flag ${name}`).waitFor();
  await wellMade(bo.page);
  await bo.page.getByLabel("Kind").selectOption("flag");
  await bo.page.getByLabel("Service", { exact: true }).selectOption("checkout");
  await bo.page.getByLabel("Begun in").selectOption("day");
  await until(
    "flags alone to be listed",
    async () => (await events.getByText(`Deploy ${name}`).count()) === 0,
  );
  await events.getByText(`Flag ${name}`).waitFor();
  await bo.page.getByLabel("Kind").selectOption("infrastructure");
  await bo.page.getByText("Nothing matches").waitFor();
  await bo.page.getByRole("button", { name: "Show everything" }).tap();

  const { number } = await declare(ana.page, `Slow ${name}`, { service: "checkout", severity: 4 });
  await send(ana.page, `/incidents/${number}/changes/${deploy.id}/mark`, { mark: "cause" }, "PUT");
  const row = events.getByRole("listitem").filter({ hasText: `Deploy ${name}` });
  await row.getByRole("button", { name: `What came of it: Deploy ${name}` }).tap();
  await row.getByRole("link", { name: `#${number} Slow ${name}` }).waitFor();
  await wellMade(bo.page);

  await open(bo.page, "/app/services/checkout");
  const last = bo.page.getByRole("list", { name: "Last changes" });
  await last.getByText(`Deploy ${name}`).waitFor();
  await reported(ana.page, `Config ${name}`, { kind: "config", ended_at: ago(0) });
  await last.getByText(`Config ${name}`).waitFor();
  await ana.context.close();
  await bo.context.close();
});
