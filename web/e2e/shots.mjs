// Takes a picture of every screen at three widths in both themes, for people to
// look at: `node shots.mjs [folder] [only-screens,by-name]`. Prints what axe
// finds and which screens scroll sideways or log errors.
import { mkdirSync } from "node:fs";
import { join } from "node:path";
import {
  DESK,
  launch,
  open,
  overflow,
  PHONE,
  requireServer,
  settled,
  signIn,
  THEMES,
  violations,
  visitor,
} from "./browser.mjs";
import { OVERLAYS, screens } from "./screens.mjs";

requireServer();
const folder = process.argv[2] ?? "shots";
const only = process.argv[3]?.split(",");
const sizes = [PHONE, { width: 768, height: 1024 }, DESK];
mkdirSync(folder, { recursive: true });

const browser = await launch();
try {
  for (const theme of THEMES) {
    for (const size of sizes) await picture(theme, size);
  }
} finally {
  await browser.close();
}

async function picture(theme, size) {
  const context = await visitor(browser, { theme, size });
  const page = await signIn(context);
  page.on("console", (message) => message.type() === "error" && console.log("console:", message.text()));
  page.on("pageerror", (error) => console.log("error:", error.message));
  const wanted = ([name]) => !only || only.includes(name);
  for (const [name, path] of (await screens(page)).filter(wanted)) {
    await open(page, path);
    await report(page, `${name}-${size.width}-${theme}`);
  }
  for (const [name, path, key] of OVERLAYS.filter(wanted)) {
    await open(page, path);
    await page.keyboard.press(key);
    await page.getByRole("dialog").waitFor();
    await settled(page);
    await report(page, `${name}-${size.width}-${theme}`);
  }
  await context.close();
}

async function report(page, name) {
  await page.screenshot({ path: join(folder, `${name}.png`), fullPage: true });
  const wide = await overflow(page);
  if (wide > 0) console.log(`${name}: ${wide} px too wide`);
  for (const violation of await violations(page)) console.log(`${name}: ${violation}`);
}
