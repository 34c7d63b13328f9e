/*
 * Shows what the server pushes, and answers a page from its notification. It
 * caches nothing and takes part in no request of the app. The messages come
 * sealed for this browser, so what is in them was said by the server.
 */

/** An address of the server as a path of this origin; nothing else is ever called or opened. */
function ownPath(address) {
  try {
    const { pathname } = new URL(address, self.location.origin);
    return pathname.startsWith("/p/") || pathname.startsWith("/app/") ? pathname : null;
  } catch {
    return null;
  }
}

function read(event) {
  try {
    return event.data.json();
  } catch {
    return { title: "Muster has something for you", body: "Open the app to see it.", url: "/app/" };
  }
}

self.addEventListener("install", () => self.skipWaiting());
self.addEventListener("activate", (event) => event.waitUntil(self.clients.claim()));

self.addEventListener("push", (event) => {
  const said = read(event);
  const ack = ownPath(said.ack_url ?? "");
  const actions = ack ? [{ action: "ack", title: "Acknowledge" }] : [];
  if (said.url) actions.push({ action: "open", title: "Open" });
  event.waitUntil(
    self.registration.showNotification(String(said.title ?? "Muster"), {
      body: String(said.body ?? ""),
      tag: String(said.tag ?? "muster"),
      renotify: said.quiet !== true,
      silent: said.quiet === true,
      requireInteraction: said.urgent === true,
      icon: "/app/icon.svg",
      actions,
      data: { ack, open: ownPath(said.url ?? "") ?? "/app/", tag: said.tag },
    }),
  );
});

self.addEventListener("notificationclick", (event) => {
  event.notification.close();
  const { ack, open } = event.notification.data ?? {};
  event.waitUntil(
    event.action === "ack" && ack ? acknowledge(event.notification, ack) : show(open ?? "/app/"),
  );
});

/** The link itself says who answers what; no cookie goes along. */
async function acknowledge(notification, path) {
  let answer = null;
  try {
    answer = await fetch(path, {
      method: "POST",
      credentials: "omit",
      headers: { accept: "application/json" },
    });
  } catch {
    // The same as an answer that is no yes: say so, for somebody relies on it.
  }
  const { title, data, tag } = notification;
  await self.registration.showNotification(answer?.ok ? "You have it" : "Not acknowledged", {
    body: answer?.ok ? title : `${title}\nThe server did not confirm it. Open the page and try again.`,
    tag,
    silent: answer?.ok === true,
    requireInteraction: answer?.ok !== true,
    icon: "/app/icon.svg",
    data: { ack: null, open: data?.open },
  });
}

async function show(path) {
  const windows = await self.clients.matchAll({ type: "window" });
  const known = windows.find((client) => new URL(client.url).pathname === path);
  await (known ? known.focus() : self.clients.openWindow(path));
}
