// The app against a running server: each story starts with a fresh browser
// context and signs in through the lifeline form.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import {
  ask,
  declare,
  launch,
  open,
  PHONE,
  requireServer,
  settled,
  signIn,
  URL_BASE,
  visitor,
} from "./browser.mjs";

requireServer();
let browser;
before(async () => {
  browser = await launch();
});
after(() => browser?.close());

async function signedIn(options) {
  const context = await visitor(browser, options);
  return { context, page: await signIn(context) };
}

/** A title that no earlier run has used. */
function fresh(words) {
  return `${words} ${Date.now().toString(36)}`;
}

test("a stranger is sent to sign in and comes back to where they wanted to go", async () => {
  const context = await visitor(browser);
  const page = await context.newPage();
  await page.goto(`${URL_BASE}/app/incidents`);
  await page.waitForURL((url) => url.pathname === "/sign-in");
  assert.equal(new URL(page.url()).searchParams.get("next"), "/app/incidents");
  await context.close();
});

test("an incident is acknowledged by keyboard, undone, and acknowledged again", async () => {
  const { context, page } = await signedIn();
  const title = fresh("Keyboard story");
  const { number } = await declare(page, title);
  await open(page, `/app/incidents?q=${encodeURIComponent(`status:triggered ${title}`)}`);
  const status = async () => (await ask(page, `/incidents/${number}`)).status;

  await page.keyboard.press("j");
  await page.keyboard.press("a");
  await page.getByText(`You have #${number}`).waitFor();
  assert.equal(await status(), "acknowledged");

  await page.keyboard.press("z");
  await page.getByText(`#${number} is triggered again`).waitFor();
  assert.equal(await status(), "triggered");

  await open(page, `/app/incidents/${number}`);
  await page.keyboard.press("a");
  await page.getByText(`You have #${number}`).waitFor();
  assert.equal(await status(), "acknowledged");
  await context.close();
});

test("a note written in one browser appears in another without a reload", async () => {
  const writer = await signedIn();
  const reader = await signedIn();
  const { number } = await declare(writer.page, fresh("Live story"));
  await open(reader.page, `/app/incidents/${number}`);
  await reader.page.getByText("live", { exact: true }).waitFor();
  await open(writer.page, `/app/incidents/${number}`);

  const text = fresh("The pool is full");
  await writer.page.keyboard.press("n");
  await writer.page.keyboard.type(text);
  await writer.page.keyboard.press("Control+Enter");
  await reader.page.getByRole("log").getByText(text).waitFor({ timeout: 5_000 });
  await writer.context.close();
  await reader.context.close();
});

test("a note that was not sent survives a reload", async () => {
  const { context, page } = await signedIn();
  const { number } = await declare(page, fresh("Draft story"));
  await open(page, `/app/incidents/${number}`);
  const box = page.getByLabel("Note for the timeline");
  await box.fill("half a thought");
  await page.reload();
  await settled(page);
  assert.equal(await box.inputValue(), "half a thought");
  await context.close();
});

test("a test alert is followed from sent to incident to page", async () => {
  const { context, page } = await signedIn();
  const services = await ask(page, "/services");
  const service = services.items.find(({ integrations }) => integrations.length > 0);
  assert.ok(service, "the server needs a service with an integration");
  await open(page, `/app/services/${encodeURIComponent(service.name)}`);
  await page.getByRole("button", { name: "Send test alert" }).first().click();
  const progress = page.getByRole("status", { name: "Progress of the test alert" });
  await progress.getByText(/delivered to|pages nobody/).waitFor({ timeout: 20_000 });
  await progress.getByRole("link", { name: /Open incident/ }).click();
  await page.waitForURL(/\/app\/incidents\/\d+/);
  await context.close();
});

test("several incidents are selected with x and resolved at once", async () => {
  const { context, page } = await signedIn();
  const title = fresh("Bulk story");
  const numbers = [];
  for (const which of ["one", "two"]) numbers.push((await declare(page, `${title} ${which}`)).number);
  await open(page, `/app/incidents?q=${encodeURIComponent(`state:open ${title}`)}`);
  for (const key of ["j", "x", "j", "x", "r"]) await page.keyboard.press(key);
  await page.getByRole("dialog").getByRole("button", { name: "Resolve" }).click();
  await page.getByText("2 incidents resolved").waitFor();
  for (const number of numbers) {
    assert.match((await ask(page, `/incidents/${number}`)).status, /resolved|closed/);
  }
  await context.close();
});

test("the palette goes to an incident by its number", async () => {
  const { context, page } = await signedIn();
  const { number } = await declare(page, fresh("Palette story"));
  await open(page, "/app/");
  await page.keyboard.press("Control+k");
  await page.getByRole("dialog").waitFor();
  await page.keyboard.type(`#${number}`);
  await page.getByRole("option", { name: `Open incident #${number}` }).click();
  await page.waitForURL(`**/app/incidents/${number}`);
  await context.close();
});

test("on a phone the acknowledge button is under the thumb and big enough", async () => {
  const { context, page } = await signedIn({ size: PHONE, hasTouch: true });
  const { number } = await declare(page, fresh("Phone story"));
  await open(page, `/app/incidents/${number}`);
  const button = page.getByRole("toolbar").getByRole("button", { name: "Acknowledge" });
  const box = await button.boundingBox();
  assert.ok(box.height >= 44 && box.y > PHONE.height / 2, `found it at ${JSON.stringify(box)}`);
  await button.tap();
  await page.getByText(`You have #${number}`).waitFor();
  await context.close();
});

test("two tabs share one stream, and the second takes over when the first goes", async () => {
  const { context, page } = await signedIn();
  const { number } = await declare(page, fresh("Stream story"));
  await page.getByText("live", { exact: true }).waitFor();
  const streams = [];
  context.on("request", (request) => request.url().endsWith("/api/v1/stream") && streams.push(request));

  const other = await context.newPage();
  await open(other, `/app/incidents/${number}`);
  await other.getByText("live", { exact: true }).waitFor();
  assert.equal(streams.length, 0, "the second tab listens to the first");

  const opened = context.waitForEvent("response", (response) => response.url().endsWith("/api/v1/stream"));
  await page.close();
  await opened;
  const text = fresh("After the first tab");
  await ask(other, `/incidents/${number}/timeline`, { method: "POST", body: JSON.stringify({ text }) });
  await other.getByRole("log").getByText(text).waitFor({ timeout: 5_000 });
  await context.close();
});

test("a lost connection is said at once and mended by itself", async () => {
  const { context, page } = await signedIn();
  await page.getByText("live", { exact: true }).waitFor();
  await context.setOffline(true);
  await page.getByText(/stale since \d\d:\d\d/).waitFor();
  await context.setOffline(false);
  await page.getByText("live", { exact: true }).waitFor({ timeout: 20_000 });
  await context.close();
});

test("a pasted message is tried under a proposed configuration, and nothing happens", async () => {
  const { context, page } = await signedIn();
  const services = await ask(page, "/services");
  const service = services.items.find(({ integrations }) =>
    integrations.some(({ type }) => type === "generic"),
  );
  const integration = service.integrations.find(({ type }) => type === "generic");
  const incidents = async () => (await ask(page, "/incidents?q=&limit=500")).items.length;
  const before = await incidents();

  await open(page, `/app/services/${encodeURIComponent(service.name)}`);
  await page.getByRole("tab", { name: integration.name }).click();
  await page.getByRole("link", { name: /Try a message on the workbench/ }).click();
  await page.waitForURL("**/app/workbench?**");
  const key = fresh("workbench").replace(" ", "-");
  await page
    .getByLabel("Message", { exact: true })
    .fill(JSON.stringify({ summary: "The queue grows", dedup_key: key, severity: "critical" }));
  await page.getByRole("button", { name: "Try it" }).click();
  const outcome = page.getByRole("region", { name: "What would happen" });
  await outcome.getByText("1 signal", { exact: true }).waitFor();
  await outcome.getByText("it is a new alert").waitFor();
  await outcome.getByText("by phone").first().waitFor();
  await outcome.getByText("Mail", { exact: true }).click();
  await outcome.getByText(/Subject: \[SEV\d\] .*The queue grows/).waitFor();

  await page.getByRole("button", { name: "Start from the one in force" }).click();
  const proposal = page.getByLabel(/Proposed configuration/);
  await page.waitForFunction(() => document.querySelector('[name="config"]').value.includes("services"));
  await proposal.fill((await proposal.inputValue()).replaceAll("after: 15m", "after: 20m"));
  await page.getByRole("button", { name: "Try it" }).click();
  await outcome.getByText("1 signal; the proposal changes 1 signal").waitFor();
  await page.getByRole("group", { name: "Proposed", exact: true }).getByText("after 20 m").waitFor();
  await page.getByRole("group", { name: "Now", exact: true }).getByText("after 15 m").waitFor();

  await proposal.fill("services: [ { name: 7 } ]");
  await page.getByRole("button", { name: "Try it" }).click();
  await outcome
    .getByRole("alert")
    .getByText(/line 1/)
    .first()
    .waitFor();
  assert.equal(await incidents(), before);
  await context.close();
});

test("a change of the configuration is planned, then applied; a wrong one says where", async () => {
  const { context, page } = await signedIn();
  await open(page, "/app/configuration");
  await page.getByRole("button", { name: "Edit a copy" }).click();
  const box = page.getByLabel("The whole file, in YAML");
  const yaml = await box.inputValue();
  const plan = () => page.getByRole("button", { name: "Plan", exact: true }).click();

  await plan();
  await page.getByText("Nothing would change").waitFor();

  await box.fill(yaml.replace(/tier: \d/, "tier: many"));
  await plan();
  await page
    .getByRole("alert")
    .getByText(/line \d+/)
    .waitFor();

  const [, tier] = /tier: (\d)/.exec(yaml);
  const wanted = tier === "1" ? 2 : 1;
  await box.fill(yaml.replace(/tier: \d/, `tier: ${wanted}`));
  await plan();
  await page.getByRole("heading", { name: "1 change, none made yet" }).waitFor();
  await page.getByRole("button", { name: "Apply…" }).click();
  await page.getByRole("dialog").getByRole("button", { name: "Apply" }).click();
  await page.getByText("Applied: 1 change.").waitFor();
  const services = (await ask(page, "/services")).items;
  assert.ok(services.some((service) => service.tier === wanted));

  await open(page, "/app/audit");
  await page.getByText("config.apply").first().waitFor();
  await context.close();
});
