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
  wellMade,
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

test("an override is drawn on a lane, moved, made longer, nudged by keys, undone and published", async () => {
  const { context, page } = await signedIn(browser);
  await schedule(page, "by-lane");
  await open(page, "/app/schedules/by-lane/edit");
  const overrides = async (of) => (await ask(page, "/schedules/by-lane/document"))[of];
  const lanes = page.getByRole("region", { name: "The weeks ahead, lane by lane" });
  const lane = lanes.getByRole("list", { name: "On call", exact: true });
  await lane.getByText("ana").first().waitFor();
  await page.getByLabel("Drawn").selectOption("one week");
  const across = async (list, from, to) => {
    const { x, y, width, height } = await list.boundingBox();
    await page.mouse.move(x + from * width, y + height / 2);
    await page.mouse.down();
    await page.mouse.move(x + to * width, y + height / 2, { steps: 8 });
    await page.mouse.up();
  };
  await across(lane, 0.4, 0.55);
  const dialog = page.getByRole("dialog", { name: "New override" });
  await dialog.getByLabel("On call").selectOption("zoe");
  const drawn = {
    from: await dialog.getByLabel("From").inputValue(),
    to: await dialog.getByLabel("Until").inputValue(),
  };
  const hours = ({ from, to }) => (Date.parse(`${to}Z`) - Date.parse(`${from}Z`)) / 3_600_000;
  assert.ok(hours(drawn) > 20 && hours(drawn) < 31, `about a day is drawn: ${JSON.stringify(drawn)}`);
  assert.match(drawn.from, /:00$/);
  await dialog.getByRole("button", { name: "Add to the draft" }).click();
  await dialog.waitFor({ state: "detached" });

  const bar = lanes
    .getByRole("list", { name: "Overrides", exact: true })
    .getByRole("button", { name: /^zoe/ });
  const listed = page.getByRole("region", { name: "Overrides", exact: true }).getByRole("listitem");
  const inDraft = async () => {
    const [, from, to] = /(\d{4}-\d\d-\d\d \d\d:\d\d) to (\d{4}-\d\d-\d\d \d\d:\d\d)/.exec(
      await listed.textContent(),
    );
    return { from: from.replace(" ", "T"), to: to.replace(" ", "T") };
  };
  assert.deepEqual(await inDraft(), drawn);
  await lane.getByText("zoe").waitFor();
  assert.equal((await overrides("document")).overrides, undefined, "a draft pages nobody");
  assert.deepEqual(await violations(page), []);

  const box = await bar.boundingBox();
  await page.mouse.move(box.x + box.width / 2, box.y + box.height / 2);
  await page.mouse.down();
  await page.mouse.move(box.x + box.width / 2 + box.width * 1.5, box.y + box.height / 2, { steps: 8 });
  await page.mouse.up();
  const moved = await inDraft();
  assert.equal(hours(moved), hours(drawn), "it keeps its length");
  assert.ok(moved.from > drawn.from, `it is later: ${JSON.stringify(moved)}`);

  const end = await bar.boundingBox();
  await page.mouse.move(end.x + end.width - 3, end.y + end.height / 2);
  await page.mouse.down();
  await page.mouse.move(end.x + end.width + 60, end.y + end.height / 2, { steps: 8 });
  await page.mouse.up();
  const longer = await inDraft();
  assert.equal(longer.from, moved.from);
  assert.ok(longer.to > moved.to, `it is longer: ${JSON.stringify(longer)}`);

  await page.getByRole("heading", { name: "Edit by-lane" }).click();
  await page.keyboard.press("z");
  await page.getByText("The overrides are as before.").waitFor();
  assert.deepEqual(await inDraft(), moved);

  const hourLater = (wall, by) =>
    new Date(Date.parse(`${wall}Z`) + by * 3_600_000).toISOString().slice(0, 16);
  await bar.focus();
  await page.keyboard.press("ArrowRight");
  await page.keyboard.press("Shift+ArrowRight");
  await page.keyboard.press("Shift+ArrowRight");
  const nudged = { from: hourLater(moved.from, 1), to: hourLater(moved.to, 3) };
  assert.deepEqual(await inDraft(), nudged);
  await page.keyboard.press("Delete");
  await listed.waitFor({ state: "detached" });
  await page.getByRole("heading", { name: "Edit by-lane" }).click();
  await page.keyboard.press("z");
  assert.deepEqual(await inDraft(), nudged);

  await page.getByRole("button", { name: "Publish", exact: true }).click();
  await page.getByText("This is what is in force.").waitFor();
  assert.deepEqual((await overrides("document")).overrides, [{ user: "zoe", ...nudged }]);
  const { on_call } = await ask(page, `/schedules/by-lane/on-call?at=${encodeURIComponent(middle(nudged))}`);
  assert.deepEqual(
    on_call.map(({ user }) => user),
    ["zoe"],
  );
  await context.close();
});

/** An instant well within a stretch of Berlin's clocks, which are an hour or two ahead. */
function middle({ from, to }) {
  return new Date((Date.parse(`${from}Z`) + Date.parse(`${to}Z`)) / 2).toISOString();
}

test("an override is written on a phone, and one that overlaps says so at its row", async () => {
  const { context, page } = await signedIn(browser, { size: PHONE });
  await schedule(page, "by-thumb");
  await open(page, "/app/schedules/by-thumb/edit");
  const panel = page.getByRole("region", { name: "Overrides", exact: true });
  const dialog = page.getByRole("dialog");
  for (const user of ["zoe", "bo"]) {
    await panel.getByRole("button", { name: "Add an override" }).tap();
    await dialog.getByLabel("On call").selectOption(user);
    await wellMade(page);
    await dialog.getByRole("button", { name: "Add to the draft" }).tap();
    await dialog.waitFor({ state: "detached" });
  }
  await panel.getByText(/this overlaps/).waitFor();
  const lanes = page.getByRole("region", { name: "The weeks ahead, lane by lane" });
  assert.ok((await lanes.getByRole("list", { name: "On call", exact: true }).textContent()).includes("ana"));
  await panel.getByRole("button", { name: /^bo, / }).tap();
  await dialog.getByLabel("Until").fill("2026-01-01T00:00");
  await dialog.getByRole("button", { name: "Change the draft" }).tap();
  await dialog.getByRole("alert").getByText("It would end before it begins.").waitFor();
  await dialog.getByRole("button", { name: "Cancel" }).tap();
  await panel.getByRole("button", { name: /^Remove the override of bo/ }).tap();
  await panel.getByText(/this overlaps/).waitFor({ state: "detached" });
  await wellMade(page);
  await lanes
    .getByRole("list", { name: "Overrides", exact: true })
    .getByRole("button", { name: /^zoe/ })
    .tap();
  await page.getByRole("dialog", { name: "Override", exact: true }).waitFor();
  await dialog.getByRole("button", { name: "Cancel" }).tap();
  await page.getByRole("button", { name: "Publish", exact: true }).tap();
  await page.getByText("This is what is in force.").waitFor();
  const { document } = await ask(page, "/schedules/by-thumb/document");
  assert.deepEqual(
    document.overrides.map(({ user }) => user),
    ["zoe"],
  );
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
