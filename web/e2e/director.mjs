// Plays what people do in their browsers while a story elsewhere keeps the clock. Each line of the
// input is an order, `{ "as": PERSON, "phone": BOOLEAN, "steps": [[STEP, ...], ...] }`; each is
// answered by a line: `ok`, or what went wrong. With MUSTER_SHOTS set, `shot` steps keep pictures there.
import { join } from "node:path";
import { createInterface } from "node:readline";
import { DESK, launch, open, PHONE, settled, signIn, URL_BASE, visitor, wellMade } from "./browser.mjs";

const STEP_MS = 20_000;
const browser = await launch();
const windows = new Map();

/** A person's window; signed in unless they first open something that needs no account. */
async function windowOf({ as, phone }, first) {
  const key = `${as} ${phone}`;
  const known = windows.get(key);
  if (known) return known;
  const context = await visitor(browser, { size: phone ? PHONE : DESK });
  context.setDefaultTimeout(STEP_MS);
  const page = first === "follow" ? await context.newPage() : await signIn(context, "/app/", as);
  windows.set(key, page);
  return page;
}

const STEPS = {
  /** Opens a screen of the app. */
  open: (page, path) => open(page, path),
  /** Opens a link that arrived on a phone. */
  follow: (page, url) => page.goto(new URL(url, URL_BASE).href),
  press: (page, key) => page.keyboard.press(key),
  type: (page, text) => page.keyboard.type(text),
  fill: (page, label, text) => page.getByLabel(label, { exact: true }).first().fill(text),
  check: (page, label) => page.getByLabel(label).check(),
  click: (page, role, name) => page.getByRole(role, { name, exact: true }).first().click(),
  /** Waits until the text is on the page, without loading it again. */
  see: (page, text) => page.getByText(text).first().waitFor(),
  gone: (page, text) => page.getByText(text).first().waitFor({ state: "hidden" }),
  /** Nothing runs off the side, and axe has nothing to say. */
  sound: async (page) => {
    await settled(page);
    await wellMade(page);
  },
  shot: async (page, name) => {
    if (process.env.MUSTER_SHOTS) {
      await page.screenshot({ path: join(process.env.MUSTER_SHOTS, `${name}.png`), fullPage: true });
    }
  },
};

for await (const line of createInterface({ input: process.stdin })) {
  let at = "";
  try {
    const order = JSON.parse(line);
    const page = await windowOf(order, order.steps[0]?.[0]);
    for (const [step, ...rest] of order.steps) {
      at = JSON.stringify([step, ...rest]);
      await STEPS[step](page, ...rest);
    }
    process.stdout.write("ok\n");
  } catch (error) {
    const words = String(error?.message ?? error);
    process.stdout.write(`${at}: ${words.replaceAll("\n", " / ").slice(0, 2_000)}\n`);
  }
}
await browser.close();
