// Opens a fresh Chromium, signs in through the lifeline form and checks pages
// with axe. Shared by the tests and by the tool that takes the pictures.
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { chromium } from "playwright-core";

const AXE = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");

export const URL_BASE = (process.env.MUSTER_URL ?? "").replace(/\/+$/, "");
export const USER = process.env.MUSTER_USER ?? "";
export const PASSWORD = process.env.MUSTER_PASSWORD ?? "";

const FLAGS = [
  "--headless",
  "--no-sandbox",
  "--disable-gpu",
  "--disable-quic",
  "--no-first-run",
  "--disable-background-networking",
  "--disable-component-update",
  "--disable-sync",
];

export const PHONE = { width: 360, height: 780 };
export const DESK = { width: 1440, height: 900 };
export const THEMES = ["dark", "light"];

export function requireServer() {
  if (URL_BASE && USER && PASSWORD) return;
  throw new Error(
    "Set MUSTER_URL, MUSTER_USER and MUSTER_PASSWORD to a running server and its administrator.",
  );
}

export function launch() {
  return chromium.launch({ executablePath: process.env.CHROMIUM ?? "/usr/bin/chromium", args: FLAGS });
}

/** A browser context of its own: cookies, storage and cache are fresh. */
export function visitor(browser, { theme = "dark", size = DESK, ...rest } = {}) {
  return browser.newContext({
    viewport: size,
    colorScheme: theme,
    hasTouch: size.width < 768,
    bypassCSP: false,
    ...rest,
  });
}

/** Signs in; everybody of the small organisation has the same password. */
export async function signIn(context, next = "/app/", user = USER) {
  const page = await context.newPage();
  await page.goto(`${URL_BASE}/sign-in?next=${encodeURIComponent(next)}`);
  await page.locator('[name="name"]').fill(user);
  await page.locator('[name="password"]').fill(PASSWORD);
  await Promise.all([
    page.waitForURL((url) => url.pathname !== "/sign-in"),
    page.locator('[name="password"]').press("Enter"),
  ]);
  return page;
}

/** A signed-in visitor whose first screen has shown its data; the administrator unless named. */
export async function signedIn(browser, { as = USER, ...options } = {}) {
  const context = await visitor(browser, options);
  const page = await signIn(context, "/app/", as);
  await settled(page);
  return { context, page };
}

/** Goes to a screen of the app and waits until it has shown its data. */
export async function open(page, path) {
  await page.goto(`${URL_BASE}${path}`);
  await settled(page);
}

export async function settled(page) {
  await page.locator("h1").first().waitFor({ state: "attached" });
  await page.waitForFunction(() => !/Loading [a-z ]+…/.test(document.body.textContent));
  await page.evaluate(() => document.fonts.ready);
}

/** The violations of WCAG 2.2 AA on the page, in words. Empty is clean. */
export async function violations(page) {
  // The policy forbids foreign scripts, so axe is run in the debugger's own world.
  const session = await page.context().newCDPSession(page);
  const { result, exceptionDetails } = await session.send("Runtime.evaluate", {
    expression: `${AXE};axe.run(document, { runOnly: ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"] })
      .then((found) => JSON.stringify(found.violations.map((each) => ({ id: each.id, help: each.help, nodes: each.nodes.slice(0, 4).map((node) => node.html.slice(0, 220) + " | " + (node.any[0]?.message ?? node.all[0]?.message ?? "")) }))))`,
    awaitPromise: true,
  });
  await session.detach();
  if (exceptionDetails) throw new Error(exceptionDetails.exception?.description ?? exceptionDetails.text);
  return JSON.parse(result.value).map(({ id, help, nodes }) => `${id}: ${help}\n    ${nodes.join("\n    ")}`);
}

/** What the page's own API answers, with the page's own session. */
export function ask(page, path, init) {
  return page.evaluate(
    async ([path, init]) => {
      const response = await fetch(`/api/v1${path}`, {
        ...init,
        headers: { accept: "application/json", "content-type": "application/json" },
      });
      const text = await response.text();
      if (!response.ok) throw new Error(`${path} answered ${response.status}: ${text}`);
      return text ? JSON.parse(text) : null;
    },
    [path, init],
  );
}

/** What `look` finds in the end; a failure that says what was waited for when it finds nothing. */
export async function until(what, look) {
  const end = Date.now() + 30_000;
  while (Date.now() < end) {
    const found = await look();
    if (found) return found;
    await new Promise((done) => setTimeout(done, 25));
  }
  throw new Error(`waited in vain for ${what}`);
}

export function declare(page, title, rest = {}) {
  return ask(page, "/incidents", { method: "POST", body: JSON.stringify({ title, ...rest }) });
}

/** How far the page is wider than its window; anything above 0 scrolls sideways. */
export function overflow(page) {
  return page.evaluate(() => document.documentElement.scrollWidth - window.innerWidth);
}

/** What sticks out of the window to the right, innermost first. */
export function sticksOut(page) {
  return page.evaluate(() =>
    [...document.querySelectorAll("body *")]
      .filter((each) => each.getBoundingClientRect().right > window.innerWidth + 0.5)
      .reverse()
      .slice(0, 8)
      .map((each) => `${each.tagName} ${each.className}: ${each.textContent.slice(0, 80)}`),
  );
}

/** Whether the page is as it should be for everybody: nothing sticks out, axe finds nothing. */
export async function wellMade(page) {
  // A message that comes or goes is half seen.
  await page.waitForFunction(() =>
    document.getAnimations().every(({ playState }) => playState !== "running"),
  );
  const wider = await overflow(page);
  if (wider > 0) throw new Error(`${wider} px too wide: ${(await sticksOut(page)).join("\n")}`);
  const found = await violations(page);
  if (found.length > 0) throw new Error(found.join("\n"));
}

/** The pages and messages that the recorder of all webhooks has taken for somebody. */
export async function heardBy(user) {
  const all = await (await fetch(process.env.MUSTER_PHONE)).json();
  return all.filter(({ to }) => to === user);
}

/** Drags as a hand does: slowly enough that the browser takes it for a drag. */
export async function drag(page, from, to) {
  await from.hover();
  await page.mouse.down();
  const { x, y, height } = await to.boundingBox();
  await page.mouse.move(x + 8, y + height / 2, { steps: 8 });
  await to.hover();
  await page.mouse.up();
}
