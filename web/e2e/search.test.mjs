// The search: from the key, with completions and the keyboard alone; what is not understood; kinds on
// a phone.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { ask, declare, launch, open, PHONE, requireServer, signedIn, until, wellMade } from "./browser.mjs";

requireServer();
let browser;
before(async () => {
  browser = await launch();
});
after(() => browser?.close());

const box = (page) => page.getByRole("combobox", { name: "Search incidents, alerts, timelines and changes" });

test("an incident is found by keyboard alone, with its keys and values completed", async () => {
  const { context, page } = await signedIn(browser);
  const word = `Überlauf${Date.now().toString(36)}`;
  const incident = await declare(page, `${word} im Keller`, { service: "ledger-db", severity: 4 });
  await open(page, "/app/alerts");
  await page.keyboard.press("/");
  await box(page).waitFor();
  await page.getByText("Look for words, or narrow by what you know").waitFor();
  await page.keyboard.type("serv");
  await page.getByRole("option", { name: /^service:/ }).waitFor();
  await page.keyboard.press("ArrowDown");
  await page.keyboard.press("Enter");
  await page.keyboard.type("ledger-d");
  await page.getByRole("option", { name: /ledger-db/ }).waitFor();
  await page.keyboard.press("ArrowDown");
  await page.keyboard.press("Enter");
  assert.equal(await box(page).inputValue(), "service:ledger-db ");
  await page.keyboard.type(word.toUpperCase());
  const hit = page.getByRole("list", { name: "Found" }).getByRole("link", { name: new RegExp(word) });
  await hit.first().waitFor();
  assert.equal(await page.locator("mark").first().textContent(), word);
  await wellMade(page);
  await page.getByRole("tab", { name: "Incidents" }).click();
  await until("the tab to be in the address", async () => page.url().includes("kind=incident"));
  await hit.first().click();
  await page.waitForURL(new RegExp(`/incidents/${incident.number}`));
  await context.close();
});

test("what is not understood is shown at its place", async () => {
  const { context, page } = await signedIn(browser, { size: PHONE });
  await open(page, "/app/search");
  await page.getByRole("button", { name: "state:open sev:<=2" }).tap();
  await until(
    "the example to be in the box",
    async () => (await box(page).inputValue()) === "state:open sev:<=2",
  );
  await box(page).fill("state:open svc:x");
  const said = page.getByRole("alert");
  await said.getByText("is nothing to search by").waitFor();
  assert.equal(await said.locator("mark").textContent(), "svc:x");
  assert.equal(await box(page).getAttribute("aria-invalid"), "true");
  await wellMade(page);
  await context.close();
});

test("a note is found in its timeline, and the tab of alerts is empty of it", async () => {
  const { context, page } = await signedIn(browser, { size: PHONE });
  const word = `kettle${Date.now().toString(36)}`;
  const { number } = await declare(page, "Somebody forgot something", { severity: 4 });
  const text = `The ${word} was on`;
  await ask(page, `/incidents/${number}/timeline`, { method: "POST", body: JSON.stringify({ text }) });
  await until("the note to be found", async () => (await ask(page, `/search?q=${word}`)).items.length === 1);
  await open(page, `/app/search?q=${word}`);
  await page.getByRole("list", { name: "Found" }).getByText(word).first().waitFor();
  await wellMade(page);
  await page.getByRole("tab", { name: "Alerts" }).tap();
  await page.getByText("Nothing was found").waitFor();
  await context.close();
});

test("an incident is tagged by keyboard, found by its tag, and the tag is put back", async () => {
  const { context, page } = await signedIn(browser, { size: PHONE });
  const tag = `leak${Date.now().toString(36)}`;
  const { number } = await declare(page, "The cellar is wet", { severity: 4 });
  const tags = async () => (await ask(page, `/incidents/${number}`)).tags;
  await open(page, `/app/incidents/${number}`);
  await page.getByRole("button", { name: "Add tags" }).focus();
  await page.keyboard.press("Enter");
  await page.getByRole("combobox", { name: "Tags" }).fill(`${tag} Water`);
  await page.keyboard.press("Enter");
  await page.getByRole("button", { name: `Take off the tag ${tag}` }).waitFor();
  assert.deepEqual(await tags(), [tag, "water"]);
  await wellMade(page);
  await page.getByRole("button", { name: `Take off the tag ${tag}` }).tap();
  await until("the tag to be off", async () => (await tags()).length === 1);
  await page.keyboard.press("z");
  await until("the tag to be back", async () => (await tags()).length === 2);
  await page.getByRole("region", { name: "Tags" }).getByRole("link", { name: tag }).tap();
  await page.getByRole("list", { name: "Found" }).getByText("The cellar is wet").first().waitFor();
  await context.close();
});

test("the tabs say how many there are, and a hit in a timeline opens at its entry", async () => {
  const { context, page } = await signedIn(browser);
  const word = `Zisterne${Date.now().toString(36)}`;
  const { number } = await declare(page, `${word} overflows`, { severity: 4 });
  const say = (text) =>
    ask(page, `/incidents/${number}/timeline`, { method: "POST", body: JSON.stringify({ text }) });
  await say(`the pump of the ${word} is off`);
  for (let each = 0; each < 230; each += 1) await say(`note ${each}`);
  await open(page, `/app/search?q=${encodeURIComponent(`${word} pump`)}`);
  await until("the entry to be counted", async () => {
    await page.reload();
    const name = await page.getByRole("tab", { name: /^Timelines/ }).textContent();
    return /Timelines ?1$/.test(name);
  });
  assert.match(await page.getByRole("tab", { name: /^Incidents/ }).textContent(), /Incidents ?0$/);
  const hit = page.getByRole("list", { name: "Found" }).getByRole("link", { name: /the pump of the/ });
  await hit.first().click();
  const entry = page.locator('[role="log"] li[aria-current="true"]');
  await entry.getByText(`the pump of the ${word} is off`).waitFor();
  await until("the entry to be in sight", () =>
    entry.evaluate((it) => {
      const { top, bottom } = it.getBoundingClientRect();
      return top >= 0 && bottom <= window.innerHeight;
    }),
  );
  await context.close();
});

test("a change is found by what is typed in its plan, and leads to it", async () => {
  const { context, page } = await signedIn(browser, { size: PHONE });
  const word = `umbau${Date.now().toString(36)}`;
  const plan = {
    title: "Rebuild the index",
    service: "ledger-db",
    class: "database",
    timeline: [{ at: "T+00:00", phase: "during", text: "Rebuild", command: `reindex --name ${word}` }],
  };
  const change = await ask(page, "/changes", { method: "POST", body: JSON.stringify({ plan }) });
  await open(page, `/app/search?q=${word}&kind=change`);
  const hit = page.getByRole("list", { name: "Found" }).getByRole("listitem");
  await hit.getByText(`CHG-${change.number}`).waitFor();
  assert.equal(await hit.locator("mark").textContent(), word);
  await wellMade(page);
  await hit.getByRole("link", { name: "Rebuild the index" }).tap();
  await page.waitForURL(new RegExp(`/changes/${change.number}$`));
  await context.close();
});
