// The schedule editor and the readiness board, by mouse, by keyboard and on a phone.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import {
  ask,
  drag,
  launch,
  open,
  overflow,
  PHONE,
  requireServer,
  settled,
  signedIn,
  violations,
} from "./browser.mjs";

requireServer();
let browser;
before(async () => {
  browser = await launch();
});
after(() => browser?.close());

/** A schedule of its own for each story, with Ana and Bo taking days in turn. */
async function schedule(page, name) {
  const rotation = { every: "1d", handoff: "09:00", start: "2026-01-05", participants: ["ana", "bo"] };
  const document = { team: "payments", timezone: "Europe/Berlin", layers: [{ name: "days", rotation }] };
  const body = JSON.stringify({ document });
  return (await ask(page, `/schedules/${name}`, { method: "PUT", body })).revision;
}

const participants = async (page, name) =>
  (await ask(page, `/schedules/${name}`)).layers[0].participants.flat();

test("people are reordered by keyboard, published and undone", async () => {
  const { context, page } = await signedIn(browser);
  await schedule(page, "by-key");
  await open(page, "/app/schedules/by-key");
  await page.getByRole("link", { name: "Edit", exact: true }).focus();
  await page.keyboard.press("Enter");
  await page.getByRole("heading", { name: "Edit by-key" }).waitFor();
  await page.getByRole("button", { name: "Move bo earlier" }).focus();
  await page.keyboard.press("Enter");
  await page.getByText("bo is now number 1 of 2").waitFor();
  await page.getByText(/shifts change/).waitFor();
  assert.deepEqual(await participants(page, "by-key"), ["ana", "bo"], "a draft pages nobody");

  await page.getByRole("button", { name: "Publish" }).focus();
  await page.keyboard.press("Enter");
  await page.getByText("This is what is in force.").waitFor();
  assert.deepEqual(await participants(page, "by-key"), ["bo", "ana"]);
  await page.getByRole("heading", { name: "Edit by-key" }).click();
  await page.keyboard.press("z");
  await page.getByText("It is as before").waitFor();
  assert.deepEqual(await participants(page, "by-key"), ["ana", "bo"]);
  await context.close();
});

test("people are dragged by mouse, and the draft waits for its publication", async () => {
  const { context, page } = await signedIn(browser);
  await schedule(page, "by-mouse");
  await open(page, "/app/schedules/by-mouse/edit");
  await drag(page, page.getByText("1. ana"), page.getByText("2. bo"));
  await page.getByText("1. bo").waitFor();
  await page.getByRole("button", { name: "Save draft" }).click();
  await page.getByText("Your draft is saved.").waitFor();
  await page.reload();
  await settled(page);
  await page.getByText("1. bo").waitFor();
  assert.deepEqual(await participants(page, "by-mouse"), ["ana", "bo"]);
  await page.getByRole("button", { name: "Drop draft" }).click();
  await page.getByText("1. ana").waitFor();
  await context.close();
});

test("a new schedule with gaps is begun on a phone and asks for consent", async () => {
  const { context, page } = await signedIn(browser, { size: PHONE });
  await open(page, "/app/on-call");
  await page.getByRole("button", { name: "New schedule" }).tap();
  await page.getByLabel("Name").fill("on-a-phone");
  await page.getByRole("button", { name: "Go on" }).tap();
  await page.getByRole("heading", { name: "Edit on-a-phone" }).waitFor();
  await page.getByRole("button", { name: "Add a layer" }).tap();
  await page.getByLabel("Add a person to layer 1").selectOption("ana");
  await page.getByRole("button", { name: "Restrict layer 1 to hours" }).tap();
  await page.getByText("Nobody is on call", { exact: true }).waitFor();
  assert.equal(await overflow(page), 0, "nothing is wider than the phone");
  await page.getByRole("button", { name: "Publish", exact: true }).tap();
  const dialog = page.getByRole("dialog", { name: "Nobody is on call at some times" });
  await dialog.getByRole("button", { name: "Publish with these gaps" }).tap();
  await page.getByText("This is what is in force.").waitFor();
  assert.deepEqual(await participants(page, "on-a-phone"), ["ana"]);
  await context.close();
});

test("turns of months, people together, planned changes and trainees are rows, not text", async () => {
  const { context, page } = await signedIn(browser);
  await schedule(page, "by-rows");
  await open(page, "/app/schedules/by-rows/edit");
  const days = page.getByRole("listitem", { name: "Layer days" });
  await days.getByLabel("Unit of length 1").selectOption("months");
  await days.getByLabel("Handoff on").selectOption("the first Mon");
  await days.getByLabel("Somebody together with ana").selectOption("zoe");
  await days.getByRole("button", { name: "Plan a change of days" }).click();
  await days.locator('[aria-invalid="true"]').waitFor();
  await days.getByLabel("From the first handoff on or after").fill("2027-02-01");
  await days.getByRole("button", { name: "Move bo earlier" }).last().click();
  await days.getByLabel("Other turns from then on").check();
  await days.getByLabel("Unit of length 1").last().selectOption("weeks");
  await days.getByLabel("Time zone of this layer").fill("Asia/Tokyo");
  await page.getByRole("button", { name: "Add a trainee" }).click();
  await page.getByLabel("Trainee", { exact: true }).selectOption("zoe");
  await page.getByLabel("With the shifts of").selectOption("bo");
  await page.getByLabel(/The trainee is paged/).check();
  await page.getByLabel("On call as").fill("scribe");

  await page.getByRole("button", { name: "Add a layer" }).click();
  const second = page.getByRole("listitem", { name: "Layer layer 1" });
  await second.getByLabel("Add a person to layer 1").selectOption("zoe");
  await second.getByLabel("Its people join").check();
  await drag(page, second.getByRole("heading"), days.getByRole("heading"));
  await page.getByText("layer layer 1 is now number 2 of 2").waitFor();
  assert.deepEqual(await violations(page), []);
  await page.getByRole("button", { name: "Publish", exact: true }).click();
  await page.getByText("This is what is in force.").waitFor();

  const { document } = await ask(page, "/schedules/by-rows/document");
  const [lower, upper] = document.layers;
  assert.equal(lower.name, "layer 1");
  assert.equal(lower.adds, true);
  assert.deepEqual(
    { ...upper.rotation, zone: upper.timezone },
    {
      every: "1mo",
      handoff: "first Mon 09:00",
      start: "2026-01-05",
      participants: [["ana", "zoe"], "bo"],
      changes: [
        { from: "2027-02-01", participants: ["bo", ["ana", "zoe"]], every: "1w", handoff: "Mon 09:00" },
      ],
      zone: "Asia/Tokyo",
    },
  );
  assert.deepEqual(document.shadows, [{ user: "zoe", follows: "bo", reverse: true }]);
  assert.equal(document.role, "scribe");
  await context.close();
});

test("two people who change the same see both texts, and choose", async () => {
  const { context, page } = await signedIn(browser);
  const revision = await schedule(page, "by-two");
  await open(page, "/app/schedules/by-two/edit");
  await page.getByRole("button", { name: "Remove ana from days" }).click();
  const theirs = await ask(page, "/schedules/by-two/document");
  theirs.document.layers[0].rotation.participants = ["bo", "ana"];
  await ask(page, "/schedules/by-two", {
    method: "PUT",
    body: JSON.stringify({ document: theirs.document, revision }),
  });
  await page.getByRole("button", { name: "Publish", exact: true }).click();
  const conflict = page.getByRole("region", { name: /Somebody else changed the same/ });
  await conflict.getByLabel("Theirs, in force").first().check();
  await conflict.getByRole("button", { name: "Keep what I chose" }).click();
  await page.getByText("1. bo").waitFor();
  await page.getByText("2. ana").waitFor();
  await context.close();
});

test("a version with gaps comes back only by somebody who says that they are meant", async () => {
  const { context, page } = await signedIn(browser, { size: PHONE });
  const revision = await schedule(page, "by-history");
  const { document } = await ask(page, "/schedules/by-history/document");
  const [layer] = document.layers;
  const hours = [{ from: "09:00", to: "17:00" }];
  const put = (layers, base) =>
    ask(page, "/schedules/by-history", {
      method: "PUT",
      body: JSON.stringify({ document: { ...document, layers }, revision: base, consent: true }),
    });
  const gappy = (await put([{ ...layer, restrict: hours }], revision)).revision;
  await put([layer], gappy);
  const isWhole = async () =>
    (await ask(page, "/schedules/by-history/document")).document.layers[0].restrict === undefined;

  await open(page, "/app/schedules/by-history/edit");
  const restore = page.getByRole("button", { name: `Restore version ${gappy} of ana` });
  await restore.tap();
  const dialog = page.getByRole("dialog", { name: "Nobody is on call at some times" });
  await dialog.getByText("more times in eight weeks").waitFor();
  assert.deepEqual(await violations(page), []);
  await dialog.getByRole("button", { name: "Back to the draft" }).tap();
  assert.equal(await isWhole(), true, "asking changes nothing");
  await restore.tap();
  await dialog.getByRole("button", { name: "Restore with these gaps" }).tap();
  await page.getByText(`Version ${gappy} is in force again`).waitFor();
  assert.equal(await isWhole(), false);
  await page.getByRole("button", { name: "Undo (z)" }).tap();
  await page.getByText("It is as before").waitFor();
  assert.equal(await isWhole(), true);
  await context.close();
});

test("the board says what is not covered, and leads there", async () => {
  const { context, page } = await signedIn(browser);
  await open(page, "/app/readiness");
  await page.getByRole("heading", { name: "Readiness" }).waitFor();
  await page.getByText("people would be woken by an urgent page").waitFor();
  const people = page.getByRole("region", { name: "People" });
  await people.getByText("Ana Example").waitFor();
  await context.close();
});
