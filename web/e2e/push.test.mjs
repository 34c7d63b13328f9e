// Notifications of the browser itself. No push service is asked: what one would
// deliver is handed to the service worker through the browser's own debugger.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { ask, declare, launch, requireServer, signIn, URL_BASE, until, visitor } from "./browser.mjs";

requireServer();
let browser;
before(async () => {
  browser = await launch();
});
after(() => browser?.close());

/** A page with the service worker in place, and a way to hand it a message. */
async function withWorker() {
  const context = await visitor(browser);
  await context.grantPermissions(["notifications"], { origin: URL_BASE });
  const page = await signIn(context, "/app/settings");
  const debug = await context.newCDPSession(page);
  const registered = new Promise((done) => {
    debug.on("ServiceWorker.workerRegistrationUpdated", ({ registrations }) => {
      const ours = registrations.find(({ scopeURL }) => scopeURL.endsWith("/app/"));
      if (ours) done(ours.registrationId);
    });
  });
  await debug.send("ServiceWorker.enable");
  await page.evaluate(async () => {
    await navigator.serviceWorker.register("/app/sw.js", { scope: "/app/" });
    await navigator.serviceWorker.ready;
  });
  const registrationId = await registered;
  const push = (said) =>
    debug.send("ServiceWorker.deliverPushMessage", {
      origin: URL_BASE,
      registrationId,
      data: typeof said === "string" ? said : JSON.stringify(said),
    });
  // A worker that is just starting may miss a message of the debugger, so it is handed over again;
  // the tag keeps it one notification.
  const shown = async (count, said) => {
    let last = [];
    for (let tries = 0; tries < 1200; tries += 1) {
      const notices = await page.evaluate(async () => {
        const registration = await navigator.serviceWorker.ready;
        const all = await registration.getNotifications();
        return all.map(({ title, body, tag, silent, requireInteraction, actions, data }) => ({
          title,
          body,
          tag,
          silent,
          requireInteraction,
          actions: actions.map(({ action }) => action),
          data,
        }));
      });
      last = notices;
      if (notices.length >= count) return notices;
      if (said && tries % 80 === 79) await push(said);
      await page.waitForTimeout(25);
    }
    throw new Error(`too few notifications: ${JSON.stringify(last)}`);
  };
  const worker = () => context.serviceWorkers()[0];
  return { context, page, push, shown, worker };
}

test("a pushed page is shown with its button, and news of the same incident takes its place", async () => {
  const { context, push, shown } = await withWorker();
  const page = {
    type: "page",
    title: "[SEV1] checkout: Überlast",
    body: "Incident 7 is triggered.",
    url: `${URL_BASE}/p/token`,
    ack_url: `${URL_BASE}/p/token`,
    tag: "inc_7",
    urgent: true,
    quiet: false,
  };
  await push(page);
  const [notice] = await shown(1, page);
  assert.equal(notice.title, page.title);
  assert.deepEqual(notice.actions, ["ack", "open"]);
  assert.equal(notice.requireInteraction, true);
  assert.deepEqual(notice.data, { ack: "/p/token", open: "/p/token", tag: "inc_7" });
  await push({ ...page, title: "Acknowledged by Bo", ack_url: null, quiet: true, urgent: false });
  const news = await until("the news of the incident", async () => {
    const notices = await shown(1);
    assert.equal(notices.length, 1, "one notification for one incident");
    return notices.find(({ title }) => title === "Acknowledged by Bo");
  });
  assert.equal(news.silent, true);
  assert.deepEqual(news.actions, ["open"]);
  await context.close();
});

test("a pushed message leads nowhere but to Muster, and an unreadable one is still shown", async () => {
  const { context, push, shown } = await withWorker();
  const elsewhere = {
    title: "x",
    tag: "a",
    ack_url: "https://elsewhere.example/api/x",
    url: "javascript:alert(1)",
  };
  await push(elsewhere);
  const [hostile] = await shown(1, elsewhere);
  assert.deepEqual(hostile.data, { ack: null, open: "/app/", tag: "a" });
  assert.ok(!hostile.actions.includes("ack"));
  await push("this is no JSON");
  const notices = await shown(2, "this is no JSON");
  assert.ok(notices.some(({ title }) => title === "Muster has something for you"));
  await context.close();
});

test("acknowledging on the notification acknowledges the incident", async () => {
  const { context, page, push, shown, worker } = await withWorker();
  const incident = await declare(page, `A page for the browser ${Date.now().toString(36)}`);
  const mine = await until("the page", async () => {
    const phone = await fetch(process.env.MUSTER_PHONE).then((answer) => answer.json());
    return phone.find(({ type, incident: about }) => type === "page" && about.number === incident.number);
  });
  const asked = { title: "page", tag: "t", url: mine.page.ack_url, ack_url: mine.page.ack_url, urgent: true };
  await push(asked);
  await shown(1, asked);
  await worker().evaluate(async () => {
    const [notification] = await self.registration.getNotifications();
    try {
      self.dispatchEvent(new NotificationEvent("notificationclick", { notification, action: "ack" }));
    } catch {
      // Only the browser's own events may be waited for; the handler has begun all the same.
    }
  });
  await until("the acknowledgement", async () => {
    const { status } = await ask(page, `/incidents/${incident.number}`);
    return status === "acknowledged";
  });
  await until("the words of thanks", async () =>
    (await shown(1)).some(({ title }) => title === "You have it"),
  );
  await context.close();
});

test("settings say how notifications are turned on, and what stands in the way", async () => {
  const context = await visitor(browser);
  const page = await signIn(context, "/app/settings");
  await page.getByRole("heading", { name: "Notified by browsers" }).waitFor();
  const denied = await page.evaluate(() => Notification.permission === "denied");
  if (denied) await page.getByText("Notifications of this site are blocked").waitFor();
  await context.grantPermissions(["notifications"], { origin: URL_BASE });
  await page.reload();
  await page.getByRole("button", { name: "Notify me in this browser" }).waitFor();
  const me = (await ask(page, "/session")).user.name;
  const known = await ask(page, `/users/${me}/push-devices`);
  assert.deepEqual(known.items, []);
  await context.close();
});
