// The calendar of changes: by month, by week and of one service; freezes hatched, what is at the same
// time said, and all of it by keyboard and on a phone.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { ask, launch, open, PHONE, requireServer, settled, signedIn, wellMade } from "./browser.mjs";
import { changePlan } from "./screens.mjs";

requireServer();
let browser;
before(async () => {
  browser = await launch();
});
after(() => browser?.close());

const HOUR_MS = 3_600_000;
/** Far from what other stories plan, at noon, so that no change of clocks moves it to another day. */
const NOON = new Date();
NOON.setUTCDate(NOON.getUTCDate() + 200);
NOON.setUTCHours(11, 0, 0, 0);
const DATE = NOON.toISOString().slice(0, 10);
const at = (hours) => new Date(NOON.getTime() + hours * HOUR_MS).toISOString();

const apply = (page, text) =>
  page.evaluate(async (body) => {
    const response = await fetch("/api/v1/config/apply", { method: "POST", body });
    if (!response.ok) throw new Error(await response.text());
  }, text);

const submitted = (page, title, service, from, to) => {
  const plan = { ...changePlan(title), service, start: at(from), end: at(to) };
  return ask(page, "/changes", { method: "POST", body: JSON.stringify({ plan, submit: true }) });
};

/** The cell of a day. */
const day = (page, date) => page.locator("li", { has: page.locator(`> time[datetime="${date}"]`) });

test("the calendar shows freezes hatched and what is at the same time, by month, week and service", async () => {
  const { context, page } = await signedIn(browser);
  await apply(
    page,
    `change_policy: { freezes: [ { name: the sale, from: "${at(-3)}", until: "${at(6)}", services: [ledger-db], reason: Everybody buys } ] }`,
  );
  const one = await submitted(page, "Grow the ledger", "ledger-db", -1, 1);
  const other = await submitted(page, "Mend the ledger", "ledger-db", 0, 2);
  const third = await submitted(page, "Paint the checkout", "checkout", 0, 1);

  await open(page, `/app/changes/calendar?at=${DATE}`);
  const cell = day(page, DATE);
  await cell.getByText(`At the same time as CHG-${other.number}`).waitFor();
  await cell.getByText(`At the same time as CHG-${one.number}`).waitFor();
  await cell.getByText("the sale", { exact: true }).waitFor();
  await cell.getByText("Everybody buys").waitFor();
  const hatched = (cell) => cell.evaluate((node) => getComputedStyle(node).backgroundImage);
  assert.match(await hatched(cell), /repeating-linear-gradient/);
  const before = new Date(NOON.getTime() - 24 * HOUR_MS).toISOString().slice(0, 10);
  const calm = day(page, before);
  if (await calm.count()) assert.equal(await hatched(calm), "none");
  await wellMade(page);

  // A week, chosen by keyboard; the address says so, and a reload shows the same.
  await page.getByLabel("View").focus();
  await page.keyboard.press("w");
  await page.waitForURL(/view=week/);
  await settled(page);
  assert.equal(await page.locator("ol > li > time").count(), 7);
  await cell.getByText(`CHG-${third.number} Paint the checkout`).waitFor();
  await wellMade(page);
  await page.reload();
  await settled(page);
  await cell.getByText(`CHG-${third.number} Paint the checkout`).waitFor();

  // One service: what is not its is gone, and the link for other programs is its own.
  await page.getByLabel("Service", { exact: true }).selectOption("ledger-db");
  await page.getByRole("heading", { name: /, ledger-db$/ }).waitFor();
  await cell.getByText("Paint the checkout").waitFor({ state: "detached" });
  await cell.getByText("Mend the ledger").waitFor();
  await page.getByLabel("Service", { exact: true }).selectOption("checkout");
  await cell.getByText("Mend the ledger").waitFor({ state: "detached" });
  assert.equal(await hatched(cell), "none", "the freeze holds for another service");

  // From week to week and back to today, then into a change, without a mouse.
  await page.getByRole("button", { name: "Next week" }).focus();
  await page.keyboard.press("Enter");
  await page.waitForURL((url) => !url.search.includes(DATE));
  await page.getByRole("button", { name: "Previous week" }).focus();
  await page.keyboard.press("Enter");
  await cell.getByRole("link", { name: /Paint the checkout/ }).focus();
  await page.keyboard.press("Enter");
  await page.getByRole("heading", { level: 1, name: "Paint the checkout" }).waitFor();
  await page.goBack();
  await page.getByRole("button", { name: "Today" }).press("Enter");
  await page.locator("time[aria-current=date]").waitFor();
  await context.close();

  // On a phone one day stands below the other, and those on which nothing is are left out.
  const phone = await signedIn(browser, { size: PHONE });
  await open(phone.page, `/app/changes/calendar?at=${DATE}`);
  await day(phone.page, DATE).getByText("the sale", { exact: true }).waitFor();
  assert.match(await hatched(day(phone.page, DATE)), /repeating-linear-gradient/);
  if (before.slice(0, 7) === DATE.slice(0, 7)) assert.equal(await day(phone.page, before).isVisible(), false);
  await wellMade(phone.page);
  for (const { number } of [one, other, third])
    await ask(phone.page, `/changes/${number}/cancel`, {
      method: "POST",
      body: JSON.stringify({ reason: "The story is over" }),
    });
  await apply(phone.page, "change_policy: {}");
  await phone.context.close();
});
