// What stands in the head of an incident: its links, and its room in a chat with whatever trouble there is.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { ask, declare, launch, open, PHONE, requireServer, signedIn, until, wellMade } from "./browser.mjs";

requireServer();
let browser;
before(async () => {
  browser = await launch();
});
after(() => browser?.close());

test("a link is added by keyboard, taken off and brought back", async () => {
  const { context, page } = await signedIn(browser, { size: PHONE });
  const { number } = await declare(page, `Link story ${Date.now().toString(36)}`);
  await open(page, `/app/incidents/${number}`);
  await page.getByRole("button", { name: "Add a link" }).press("Enter");
  const dialog = page.getByRole("dialog");
  await dialog.getByLabel("Label").fill("Dashboard");
  await dialog.getByLabel("Address").fill("http://plain.example.com");
  await page.keyboard.press("Enter");
  assert.equal(await dialog.count(), 1, "an address that is not safe is not taken");
  await dialog.getByLabel("Address").fill("https://grafana.example.com/d/checkout");
  await page.keyboard.press("Enter");
  await dialog.waitFor({ state: "detached" });
  const link = page.getByRole("link", { name: "Dashboard", exact: true });
  await link.waitFor();
  assert.equal(await link.getAttribute("href"), "https://grafana.example.com/d/checkout");
  await wellMade(page);
  await page.getByRole("button", { name: "Take the link Dashboard off" }).press("Enter");
  await link.waitFor({ state: "detached" });
  await page.keyboard.press("z");
  await link.waitFor();
  await context.close();
});

test("the room of an incident is a link, and trouble with it is said and tried again", async () => {
  const { context, page } = await signedIn(browser);
  const room = { provider: "chat", name: "inc-{{ number }}-{{ title }}" };
  const levels = ["Outage", "Diminished", "Group", "Individual"];
  const document = { name: "severities" };
  for (const [index, name] of levels.entries()) {
    const process = name === "Individual" ? { process: { room } } : {};
    document[index + 1] = { level: index + 1, name, urgency: index === 0 ? "high" : "none", ...process };
  }
  const body = JSON.stringify({ document });
  const { revision } = await ask(page, "/severities/severities", { method: "PUT", body });
  try {
    const fine = await declare(page, "Room story", { severity: 4 });
    await open(page, `/app/incidents/${fine.number}`);
    const link = page.getByRole("link", { name: `#inc-${fine.number}-room-story` });
    await link.waitFor();
    assert.match(await link.getAttribute("href"), /app_redirect\?channel=C0ROOM\d+$/);

    const { number } = await declare(page, "Refused story", { severity: 4 });
    await open(page, `/app/incidents/${number}`);
    await page.getByText("Slack answered missing_scope").first().waitFor();
    await wellMade(page);
    await fetch(new URL("/slack/allow", process.env.MUSTER_PHONE));
    await page.getByRole("button", { name: "try again: the room" }).press("Enter");
    await page.getByRole("link", { name: `#inc-${number}-refused-story` }).waitFor();
    await until("no trouble to be left", async () => {
      const { room } = await ask(page, `/incidents/${number}`);
      return room.state === "open" && room.trouble === null;
    });
  } finally {
    const url = new URL("/api/v1/severities/severities", page.url());
    const headers = { origin: url.origin, "if-match": `"${revision}"` };
    assert.ok((await page.request.delete(url.href, { headers })).ok());
  }
  await context.close();
});
