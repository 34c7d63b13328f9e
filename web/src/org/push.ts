/**
 * What it takes to be notified by this browser: whether it can, whether the
 * reader lets it, and the subscription that the server is told of. The words
 * for each state are here too, so that they can be tested.
 */

export type PushState =
  | { kind: "unsupported"; why: string }
  | { kind: "denied" }
  | { kind: "off" }
  | { kind: "on"; endpoint: string };

interface Surroundings {
  isSecureContext: boolean;
  hasServiceWorker: boolean;
  hasPush: boolean;
  hasNotifications: boolean;
  isStandalone: boolean;
  userAgent: string;
}

export function surroundings(): Surroundings {
  return {
    isSecureContext: window.isSecureContext,
    hasServiceWorker: "serviceWorker" in navigator,
    hasPush: "PushManager" in window,
    hasNotifications: "Notification" in window,
    isStandalone: window.matchMedia("(display-mode: standalone)").matches,
    userAgent: navigator.userAgent,
  };
}

/** Why this browser cannot be notified, in words; null where it can. */
export function obstacle(around: Surroundings): string | null {
  if (!around.isSecureContext) {
    return "Browsers allow notifications only over https. Ask an administrator to serve Muster that way.";
  }
  if (around.hasServiceWorker && around.hasPush && around.hasNotifications) return null;
  if (/iPhone|iPad/.test(around.userAgent) && !around.isStandalone) {
    return "On an iPhone or iPad, first add Muster to the home screen (Share, then Add to Home Screen) and open it from there.";
  }
  return "This browser cannot be notified. Use a current Firefox, Chrome, Edge or Safari, and no private window.";
}

/** A name for this browser that its owner recognises. */
export function browserName(userAgent: string): string {
  const known: [RegExp, string][] = [
    [/Edg\//, "Edge"],
    [/Firefox\//, "Firefox"],
    [/Chrome\//, "Chrome"],
    [/Safari\//, "Safari"],
  ];
  const places: [RegExp, string][] = [
    [/iPhone/, "iPhone"],
    [/iPad/, "iPad"],
    [/Android/, "Android"],
    [/Mac OS X/, "Mac"],
    [/Windows/, "Windows"],
    [/Linux/, "Linux"],
  ];
  const find = (list: [RegExp, string][]) => list.find(([pattern]) => pattern.test(userAgent))?.[1];
  const place = find(places);
  return `${find(known) ?? "A browser"}${place ? ` on ${place}` : ""}`;
}

/** The server's key as the Push API wants it. */
export function keyBytes(base64url: string): Uint8Array<ArrayBuffer> {
  const text = atob(base64url.replace(/-/g, "+").replace(/_/g, "/"));
  return Uint8Array.from(text, (char) => char.charCodeAt(0));
}

const WORKER = "/app/sw.js";

async function worker(): Promise<ServiceWorkerRegistration> {
  await navigator.serviceWorker.register(WORKER, { scope: "/app/" });
  return navigator.serviceWorker.ready;
}

export async function state(): Promise<PushState> {
  const why = obstacle(surroundings());
  if (why) return { kind: "unsupported", why };
  if (Notification.permission === "denied") return { kind: "denied" };
  const registration = await navigator.serviceWorker.getRegistration("/app/");
  const subscription = await registration?.pushManager.getSubscription();
  return subscription ? { kind: "on", endpoint: subscription.endpoint } : { kind: "off" };
}

/** Asks the reader and subscribes; null where the reader says no. */
export async function subscribe(publicKey: string): Promise<PushSubscriptionJSON | null> {
  if ((await Notification.requestPermission()) !== "granted") return null;
  const registration = await worker();
  const options = { userVisibleOnly: true, applicationServerKey: keyBytes(publicKey) };
  try {
    return (await registration.pushManager.subscribe(options)).toJSON();
  } catch (error) {
    // An older subscription with another key stands in the way.
    const old = await registration.pushManager.getSubscription();
    if (!old) throw error;
    await old.unsubscribe();
    return (await registration.pushManager.subscribe(options)).toJSON();
  }
}

export async function unsubscribe(): Promise<void> {
  const registration = await navigator.serviceWorker.getRegistration("/app/");
  const subscription = await registration?.pushManager.getSubscription();
  await subscription?.unsubscribe();
}
