// The editor of escalation policies, by mouse, by keyboard and on a phone.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import {
  ask,
  DESK,
  drag,
  launch,
  open,
  overflow,
  PHONE,
  requireServer,
  signedIn,
  THEMES,
  URL_BASE,
  until,
  violations,
  wellMade,
} from "./browser.mjs";

requireServer();
let browser;
before(async () => {
  browser = await launch();
});
after(() => browser?.close());

/** A policy of its own for each story. */
async function policy(page, name, rest = {}) {
  const steps = [
    { after: "0m", targets: [{ user: "ana" }] },
    { after: "5m", targets: [{ user: "bo" }] },
    { after: "15m", targets: [{ user: "zoe" }] },
  ];
  const body = JSON.stringify({ document: { team: "payments", steps, ...rest } });
  return (await ask(page, `/escalation-policies/${name}`, { method: "PUT", body })).revision;
}

const steps = async (page, name) =>
  (await ask(page, `/escalation-policies/${name}`)).steps.map(({ after_seconds, targets }) => [
    after_seconds,
    targets[0]?.user,
  ]);

const preview = (page) => page.getByRole("region", { name: "Who is paged by this draft if nobody answers" });

/** Waits until the preview pages these people, in this order. */
const pages = (page, people) =>
  page.waitForFunction((wanted) => {
    const table = [...document.querySelectorAll("section table tbody")].at(0);
    const names = [...(table?.querySelectorAll("tr td:nth-child(2) span:first-child") ?? [])];
    return names.map((each) => each.textContent).join() === wanted;
  }, people.join());

const BEFORE = [
  [0, "ana"],
  [300, "bo"],
  [900, "zoe"],
];

test("steps are moved by keyboard and by mouse, published and undone", async () => {
  const { context, page } = await signedIn(browser);
  await policy(page, "by-key");
  await open(page, "/app/policies/by-key");
  await page.getByRole("link", { name: "Edit", exact: true }).click();
  await page.getByRole("heading", { name: "Edit by-key" }).waitFor();
  await pages(page, ["ana", "bo", "zoe", "zoe"]);

  await page.getByRole("listitem", { name: "Step 3", exact: true }).getByLabel("Waits").focus();
  await page.keyboard.press("Alt+ArrowUp");
  await page.getByRole("status").getByText("the step that asks zoe is now number 2 of 3").waitFor();
  await page.keyboard.press("Alt+ArrowUp");
  await page.getByRole("status").getByText("the step that asks zoe is now number 1 of 3").waitFor();
  const focused = await page.evaluate(() => document.activeElement.getAttribute("aria-label"));
  assert.match(focused, /^Move the step that asks zoe/, "the focus goes along");
  await pages(page, ["zoe", "ana", "bo", "zoe"]);

  const second = page.getByRole("listitem", { name: "Step 2", exact: true });
  await drag(page, page.getByRole("heading", { name: "Step 3" }), second.getByRole("heading"));
  await pages(page, ["zoe", "bo", "ana", "zoe"]);
  assert.deepEqual(await steps(page, "by-key"), BEFORE, "a draft pages nobody");

  await page.getByRole("button", { name: "Publish" }).click();
  await page.getByText("This is what is in force.").waitFor();
  assert.deepEqual(await steps(page, "by-key"), [
    [0, "zoe"],
    [300, "bo"],
    [900, "ana"],
  ]);
  await page.getByRole("heading", { name: "Edit by-key" }).click();
  await page.keyboard.press("z");
  await page.getByText("It is as before").waitFor();
  assert.deepEqual(await steps(page, "by-key"), BEFORE);
  await context.close();
});

test("a new policy is made on a phone, with a preview before it is in force", async () => {
  const { context, page } = await signedIn(browser, { size: PHONE });
  await open(page, "/app/policies");
  await page.getByRole("button", { name: "New escalation policy" }).tap();
  await page.getByLabel("Name").fill("on-a-phone");
  await page.getByRole("button", { name: "Go on" }).tap();
  await page.getByRole("heading", { name: "Edit on-a-phone" }).waitFor();
  await page.getByRole("button", { name: "Add a step" }).tap();
  await page.getByLabel("Add to step 1").selectOption({ label: "payments-primary" });
  await page.getByRole("button", { name: "Add a step" }).tap();
  await page.getByLabel("Add to step 2").selectOption({ label: "zoe" });
  await page.getByLabel("Waits").fill("10m");
  await preview(page).getByText("after 10 m").waitFor();
  await page.getByRole("button", { name: "Move the step that asks zoe earlier" }).tap();
  await preview(page).locator("tbody tr").first().getByText("zoe").waitFor();
  assert.equal(await overflow(page), 0, "nothing is wider than the phone");
  assert.deepEqual(await violations(page), []);
  await page.getByRole("button", { name: "Publish", exact: true }).tap();
  await page.getByText("This is what is in force.").waitFor();
  const made = await ask(page, "/escalation-policies/on-a-phone");
  assert.deepEqual(
    made.steps.map(({ targets }) => targets),
    [[{ user: "zoe" }], [{ schedule: "payments-primary" }]],
  );
  assert.deepEqual(
    made.steps.map(({ after_seconds }) => after_seconds),
    [0, 600],
  );
  await context.close();
});

test("what is wrong is said where it is, and leads there", async () => {
  const { context, page } = await signedIn(browser);
  await policy(page, "wrong");
  await open(page, "/app/policies/wrong/edit");
  const waits = page.getByRole("listitem", { name: "Step 2", exact: true }).getByLabel("Waits");
  await waits.fill("soon");
  await page.locator('input[aria-invalid="true"]').waitFor();
  const said = await waits.evaluate((field) =>
    field
      .getAttribute("aria-describedby")
      .split(" ")
      .map((id) => document.getElementById(id).textContent),
  );
  assert.match(said[0], /`soon`/);
  await page.getByRole("button", { name: "Publish", exact: true }).click();
  await page.getByText(/nothing was saved/).waitFor();
  await preview(page).getByRole("button", { name: "step 2, after" }).click();
  assert.equal(await waits.evaluate((field) => field === document.activeElement), true);
  await waits.fill("7m");
  await preview(page).getByText("after 7 m").waitFor();
  assert.equal(await page.getByText(/nothing was saved/).count(), 0);
  assert.deepEqual(await steps(page, "wrong"), BEFORE);
  await context.close();
});

test("conditions decide whom the draft pages, for every kind of target", async () => {
  const { context, page } = await signedIn(browser);
  await policy(page, "careful");
  await open(page, "/app/policies/careful/edit?severity=2&labels=env:test");
  const first = page.getByRole("listitem", { name: "Step 1", exact: true });
  await first.getByText("Always counts").click();
  await first.getByLabel("1 Outage").check();
  await preview(page).getByText("Step 1 is left out: it is for other severities").waitFor();
  await preview(page).getByLabel("With severity").selectOption("1");
  await pages(page, ["ana", "bo", "zoe", "zoe"]);
  await first.getByRole("button", { name: "Only with certain labels" }).click();
  await preview(page)
    .getByText(/Step 1 is left out: `labels.env/)
    .waitFor();
  await preview(page).getByLabel("With labels").fill("env:prod");
  await pages(page, ["ana", "bo", "zoe", "zoe"]);
  await first.getByRole("button", { name: "Only at certain hours" }).click();
  await first.getByLabel("Time zone of these hours").fill("Asia/Tokyo");
  await preview(page).getByLabel("If it happened").fill("2026-11-23T03:00");
  await pages(page, ["ana", "bo", "zoe", "zoe"]);
  await preview(page).getByLabel("If it happened").fill("2026-11-23T12:00");
  await preview(page)
    .getByText(/Step 1 is left out/)
    .waitFor();

  const picker = page.getByLabel("Add to step 2");
  for (const target of [
    { schedule: "payments-primary" },
    { team: "payments" },
    { team: "payments", round_robin: true },
    { manager_of: "payments" },
    { role: "primary" },
  ]) {
    await picker.selectOption(JSON.stringify(target));
  }
  await page.getByRole("listitem", { name: "Step 2", exact: true }).getByLabel("Everybody it asks").check();
  await page.getByLabel("A second policy takes over").selectOption("zoe");
  await preview(page).getByText("zoe takes over").waitFor();
  for (const theme of THEMES) {
    await page.emulateMedia({ colorScheme: theme });
    assert.deepEqual(await violations(page), []);
  }
  await page.getByRole("button", { name: "Publish", exact: true }).click();
  await page.getByText("This is what is in force.").waitFor();
  const made = await ask(page, "/escalation-policies/careful");
  assert.deepEqual(made.steps[0].when.severity, [1]);
  assert.equal(made.steps[0].when.matches, 'labels.env == "prod"');
  assert.match(made.steps[0].when.hours, /Asia\/Tokyo/);
  assert.deepEqual(made.steps[1].targets, [
    { user: "bo" },
    { schedule: "payments-primary" },
    { team: "payments" },
    { round_robin: "payments" },
    { manager_of: "payments" },
    { role: { role: "primary", team: "payments" } },
  ]);
  assert.equal(made.steps[1].all_acknowledge, true);
  assert.equal(made.second_set.escalation_policy, "zoe");
  await context.close();
});

test("a service brings its labels, and what a step tells is chosen from what is configured", async () => {
  const { context, page } = await signedIn(browser, { size: PHONE });
  const when = { matches: 'service == "ledger-db" && labels.shelf == "b7"' };
  const steps = [
    { after: "0m", targets: [{ user: "bo" }], when },
    { after: "5m", targets: [{ user: "ana" }] },
  ];
  await ask(page, "/escalation-policies/with-service", {
    method: "PUT",
    body: JSON.stringify({ document: { team: "payments", steps } }),
  });
  await page.request.post(`${URL_BASE}/ingest/generic/generic-ledger-key`, {
    data: { summary: "A disk is slow", dedup_key: "shelf", severity: "info", labels: { shelf: "b7" } },
  });
  await until("the alert", async () =>
    (await ask(page, "/alerts?q=service:ledger-db")).items.some(({ labels }) => labels.shelf === "b7"),
  );

  for (const path of ["/app/policies/with-service", "/app/policies/with-service/edit"]) {
    await open(page, path);
    await page.getByText("Step 1 is left out").waitFor();
    await page.getByLabel("About the service").selectOption("ledger-db");
    await page.getByText("Its last alerts had some: shelf:b7").waitFor();
    await page.getByText("Step 1 is left out").waitFor();
    await page.getByLabel("With labels").fill("shelf:b7");
    await page.getByText("Step 1 is left out").waitFor({ state: "detached" });
    await wellMade(page);
  }

  await page.getByRole("button", { name: "Add a step" }).tap();
  const step = page.getByRole("listitem", { name: "Step 3", exact: true });
  await page.getByLabel("Add to step 3").selectOption({ label: "a webhook" });
  await page.getByLabel("Add to step 3").selectOption({ label: "a channel: a room, a number, a topic" });
  await step.getByLabel("The outgoing event webhook").selectOption("warehouse");
  await step.getByLabel("Provider").selectOption("topics");
  await step.getByLabel("Where").fill("http://127.0.0.1:1/payments");
  await wellMade(page);
  await page.getByRole("button", { name: "Publish", exact: true }).tap();
  await page.getByText("This is what is in force.").waitFor();
  const { document } = await ask(page, "/escalation-policies/with-service/document");
  assert.deepEqual(document.steps[2].targets, [
    { webhook: "warehouse" },
    { channel: { provider: "topics", address: "http://127.0.0.1:1/payments" } },
  ]);
  await context.close();
});

test("whoever may not edit a policy is told so under its name, and led to look at it", async () => {
  const { context, page } = await signedIn(browser, { as: "zoe", size: PHONE });
  await open(page, "/app/policies/ana/edit");
  await page.getByRole("heading", { level: 1, name: "Edit ana" }).waitFor();
  await page.getByText("your role does not allow this").waitFor();
  await wellMade(page);
  await page.getByRole("link", { name: "Look at it" }).tap();
  await page.getByRole("heading", { level: 1, name: "ana" }).waitFor();
  await context.close();
});

test("two who change different steps are merged; a policy is removed and brought back", async () => {
  const { context, page } = await signedIn(browser, { size: DESK });
  const revision = await policy(page, "by-two");
  await open(page, "/app/policies/by-two/edit");
  await page.getByLabel("Go through them again").fill("2");
  const theirs = await ask(page, "/escalation-policies/by-two/document");
  theirs.document.team = undefined;
  await ask(page, "/escalation-policies/by-two", {
    method: "PUT",
    body: JSON.stringify({ document: theirs.document, revision }),
  });
  await page.getByRole("button", { name: "Publish", exact: true }).click();
  await page.getByText("Published, merged with what others changed").waitFor();
  const merged = await ask(page, "/escalation-policies/by-two");
  assert.deepEqual([merged.repeat, merged.team], [2, null]);

  await page.getByRole("button", { name: "Remove this escalation policy" }).click();
  await page.getByRole("dialog").getByRole("button", { name: "Remove", exact: true }).click();
  await page.getByRole("heading", { name: "Escalation policies" }).waitFor();
  await page.getByText("by-two is removed").waitFor();
  await page.keyboard.press("z");
  await page.getByText("by-two is back").waitFor();
  assert.equal((await ask(page, "/escalation-policies/by-two")).repeat, 2);
  await context.close();
});
