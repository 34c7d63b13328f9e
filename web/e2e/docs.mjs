// Retakes the pictures of the documentation from a demo that it starts: `node docs.mjs [folder]`.
import { spawn } from "node:child_process";
import { mkdirSync, statSync } from "node:fs";
import { dirname, join, resolve } from "node:path";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";

const here = dirname(fileURLToPath(import.meta.url));
const muster = resolve(process.env.MUSTER_BIN ?? join(here, "../../target/debug/muster"));
const folder = resolve(process.argv[2] ?? join(here, "../../docs/images"));
const PATIENCE_MS = 120_000;
/** Long enough for the trouble to have a history, short enough for nobody to have been called twice. */
const UNFOLDS_MS = 45_000;
const NOTE = "The payment provider answers slowly. Calling them; please watch the queue.";
const PICTURE_BYTES_MAX = 200_000;

const demo = spawn(muster, ["demo"], { stdio: ["ignore", "pipe", "inherit"] });
try {
  const said = await told();
  Object.assign(process.env, {
    MUSTER_URL: new URL(said.app).origin,
    MUSTER_USER: said.user,
    MUSTER_PASSWORD: said.password,
  });
  await new Promise((done) => setTimeout(done, UNFOLDS_MS));
  await takePictures(said.link);
} finally {
  demo.kill("SIGINT");
}

/** What the demo prints: where it is, how to sign in, and the link of the first page. */
async function told() {
  const found = {};
  const deadline = setTimeout(() => demo.kill("SIGINT"), PATIENCE_MS);
  for await (const line of createInterface({ input: demo.stdout })) {
    found.app ??= /^\s*app\s+(\S+)/.exec(line)?.[1];
    const account = /^\s*sign in\s+(\S+) \/ (\S+)/.exec(line);
    if (account) [, found.user, found.password] = account;
    found.link ??= /acknowledge:\s+(\S+)/.exec(line)?.[1];
    if (found.app && found.password && found.link) break;
  }
  clearTimeout(deadline);
  if (!found.link) throw new Error("the demo paged nobody");
  // Nobody reads on, and a full pipe would stop it.
  demo.stdout.resume();
  return found;
}

async function takePictures(link) {
  // It reads where the server is when it is loaded.
  const { ask, launch, open, signIn, visitor } = await import("./browser.mjs");
  mkdirSync(folder, { recursive: true });
  const browser = await launch();
  try {
    const desk = await signIn(await visitor(browser));
    const { items } = await ask(desk, "/incidents?q=state:open&limit=100");
    const [worst] = items.sort((a, b) => a.severity - b.severity || b.number - a.number);
    const service = worst.service ?? "checkout";
    await open(desk, "/app/");
    await picture(desk, "home");
    await open(desk, `/app/services/${encodeURIComponent(service)}`);
    await picture(desk, "service");
    await open(desk, "/app/on-call");
    await picture(desk, "on-call");

    const phone = await visitor(browser, { size: { width: 360, height: 740 }, javaScriptEnabled: false });
    const page = await phone.newPage();
    await page.goto(link);
    await picture(page, "lifeline");

    const incident = `/incidents/${worst.number}`;
    await ask(desk, `${incident}/escalate`, { method: "POST", body: "{}" });
    await ask(desk, `${incident}/timeline`, { method: "POST", body: JSON.stringify({ text: NOTE }) });
    await open(desk, `/app${incident}`);
    await desk.getByRole("log").getByText("bo's phone accepted").waitFor();
    await ask(desk, `${incident}/acknowledge`, { method: "POST", body: "{}" });
    await desk.getByRole("log").getByText("step 1").first().waitFor();
    await desk.getByText("Acknowledged", { exact: true }).first().waitFor();
    await new Promise((done) => setTimeout(done, 5_000));
    await picture(desk, "incident");
  } finally {
    await browser.close();
  }
}

async function picture(page, name) {
  await page.mouse.move(0, 0);
  const path = join(folder, `${name}.png`);
  await page.screenshot({ path });
  const { size } = statSync(path);
  console.log(`${name}: ${Math.round(size / 1000)} kB`);
  if (size > PICTURE_BYTES_MAX) throw new Error(`${path} is larger than ${PICTURE_BYTES_MAX / 1000} kB`);
}
