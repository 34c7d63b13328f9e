// What one shift tells the next, how heavy it was, and what that makes of the table of fairness.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { ask, launch, open, PHONE, requireServer, signedIn, until, wellMade } from "./browser.mjs";

requireServer();
let browser;
before(async () => {
  browser = await launch();
});
after(() => browser?.close());

/** A schedule of Bo alone whose handoffs are drafted, until somebody takes it. */
async function schedule(page, name) {
  const rotation = { every: "1w", handoff: "Mon 09:00", start: "2026-01-05", participants: ["bo"] };
  const layers = [{ name: "weeks", rotation }];
  const document = { team: "payments", timezone: "Europe/Berlin", handoff: true, layers };
  await ask(page, `/schedules/${name}`, { method: "PUT", body: JSON.stringify({ document }) });
}

function give(page, name, rest) {
  const body = JSON.stringify({ user: "ana", reason: "planned", ...rest });
  return ask(page, `/schedules/${name}/overrides`, { method: "POST", body });
}

const handoff = async (page, name) =>
  (await ask(page, "/handoffs?limit=100")).items.find((each) => each.schedule === name);

const row = (page, name) => page.getByRole("listitem").filter({ hasText: name }).first();

test("a handoff is drafted ahead, given with a note on a phone, and accepted by keyboard", async () => {
  const ana = await signedIn(browser);
  await schedule(ana.page, "to-hand-over");
  const at = new Date(Date.now() + 20_000);
  await give(ana.page, "to-hand-over", { from: at.toISOString(), for: "1h" });
  const drafted = await until("a draft ahead of the change", () => handoff(ana.page, "to-hand-over"));
  assert.deepEqual([drafted.outgoing, drafted.incoming], [["bo"], ["ana"]]);

  const bo = await signedIn(browser, { as: "bo", size: PHONE });
  await open(bo.page, "/app/my-on-call");
  await row(bo.page, "to-hand-over")
    .getByRole("button", { name: "Add a note to the handoff of to-hand-over" })
    .tap();
  await bo.page.getByLabel("Notes").fill("The vendor calls back at ten");
  await wellMade(bo.page);
  await bo.page.getByRole("button", { name: "Save the notes" }).tap();
  await bo.page.getByRole("dialog").waitFor({ state: "detached" });
  await row(bo.page, "to-hand-over").getByText("The vendor calls back at ten").waitFor();
  await wellMade(bo.page);
  assert.equal((await handoff(ana.page, "to-hand-over")).notes, "The vendor calls back at ten");

  await until("the change of people", async () => (await handoff(ana.page, "to-hand-over")).state === "open");
  await open(ana.page, "/app/my-on-call");
  const mine = row(ana.page, "to-hand-over");
  await mine.getByText("The vendor calls back at ten").waitFor();
  await wellMade(ana.page);
  await mine.getByRole("button", { name: "Accept the handoff of to-hand-over" }).focus();
  await ana.page.keyboard.press("Enter");
  await ana.page.getByText("Accepted.").waitFor();
  const accepted = await handoff(ana.page, "to-hand-over");
  assert.deepEqual([accepted.state, accepted.accepted_by], ["accepted", "ana"]);
  await bo.context.close();
  await ana.context.close();
});

test("a shift that is over is rated with one tap, commented, and stands in the table of fairness", async () => {
  const ana = await signedIn(browser);
  await schedule(ana.page, "to-rate");
  await give(ana.page, "to-rate", { for: "1h" });
  const bo = await signedIn(browser, { as: "bo", size: PHONE });
  const survey = async () =>
    (await ask(bo.page, "/load-surveys")).items.find((each) => each.schedule === "to-rate");
  await until("bo to be asked", survey);

  await open(bo.page, "/app/my-on-call");
  await wellMade(bo.page);
  const surveys = bo.page.getByRole("region", { name: "How heavy was your shift?" });
  await surveys
    .getByRole("listitem")
    .filter({ hasText: "to-rate" })
    .getByRole("button", { name: "4 hard" })
    .tap();
  await bo.page.getByText("You said: 4, hard.").waitFor();
  assert.equal((await survey()).score, 4);
  await bo.page.getByRole("button", { name: "Add a comment" }).tap();
  await bo.page.getByLabel("Comment").fill("Two false alarms at night");
  await wellMade(bo.page);
  await bo.page.getByRole("button", { name: "Save", exact: true }).tap();
  await bo.page.getByText("Saved.").waitFor();
  assert.deepEqual([(await survey()).score, (await survey()).comment], [4, "Two false alarms at night"]);

  await open(bo.page, "/app/fairness");
  await bo.page.getByText("Figures of others are left out").waitFor();
  await wellMade(bo.page);
  const zoe = await signedIn(browser, { as: "zoe" });
  await open(zoe.page, "/app/fairness");
  await zoe.page.getByLabel("Schedule").selectOption("to-rate");
  const figures = zoe.page.getByRole("row", { name: /Bo Example/ });
  await figures.getByRole("cell").last().getByText("4", { exact: true }).waitFor();
  await wellMade(zoe.page);
  const { name, text } = await download(zoe.page);
  assert.equal(name, "fairness.csv");
  assert.match(text, /^bo,Bo Example,.*4 Two false alarms at night/m);
  await bo.context.close();
  await zoe.context.close();
  await ana.context.close();
});

/** What the button that exports writes. */
async function download(page) {
  const waiting = page.waitForEvent("download");
  await page.getByRole("button", { name: "CSV" }).focus();
  await page.keyboard.press("Enter");
  const file = await waiting;
  const chunks = [];
  for await (const chunk of await file.createReadStream()) chunks.push(chunk);
  return { name: file.suggestedFilename(), text: Buffer.concat(chunks).toString("utf8") };
}
