// What people see, and how soon: an incident that many watch, and a timeline of thousands. What is shown
// is asserted, how soon it is shown is only reported: `MUSTER_SPEED=full` measures at full size.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import {
  ask,
  DESK,
  declare,
  launch,
  open,
  requireServer,
  signedIn,
  signIn,
  URL_BASE,
  until,
  visitor,
} from "./browser.mjs";

const FULL = process.env.MUSTER_SPEED === "full";
const STREAMS = FULL ? 100 : 10;
const PAGES = 3;
const EVENTS = FULL ? 60 : 8;
const ENTRIES = FULL ? 5_000 : 600;
const WRITERS = 8;
/** What follows an entry at once is let pass before the next. */
const BETWEEN_MS = 300;

requireServer();
let browser;
before(async () => {
  browser = await launch();
});
after(() => browser?.close());

test("everybody who watches sees each entry", { timeout: 600_000 }, async (t) => {
  const { context, page } = await signedIn(browser);
  const { number } = await declare(page, "Watched by many", { severity: 4 });
  const streams = await Promise.all(Array.from({ length: STREAMS }, () => stream(context)));
  const watchers = [];
  for (let each = 0; each < PAGES; each += 1) {
    const watching = await visitor(browser);
    await watching.addInitScript(noteWhatIsDrawn);
    const watcher = await signIn(watching);
    await open(watcher, `/app/incidents/${number}`);
    await watcher.getByText("live", { exact: true }).first().waitFor();
    watchers.push({ watching, watcher });
  }
  const took = [];
  for (let each = 0; each < EVENTS; each += 1) {
    const text = `pixel ${each} of ${EVENTS}`;
    const written = Date.now();
    await write(page, number, text);
    for (const { watcher } of watchers) {
      const drawn = await until(`"${text}" to be drawn`, () =>
        watcher.evaluate((it) => window.drawn[it], text),
      );
      took.push(drawn - written);
    }
    await new Promise((done) => setTimeout(done, BETWEEN_MS));
  }
  t.diagnostic(`event to pixel, ${STREAMS} streams and ${PAGES} pages: ${spread(took)}`);
  for (const { watching } of watchers) await watching.close();
  for (const one of streams) one.abort();
  await context.close();
});

test("a long timeline opens at its newest entry and scrolls to its first", {
  timeout: 1_200_000,
}, async (t) => {
  const { context, page } = await signedIn(browser);
  const { number } = await declare(page, "A long night", { severity: 4 });
  await fill(page, number, ENTRIES);
  await write(page, number, "the newest of all");

  const reading = await visitor(browser, { size: DESK });
  await reading.addInitScript(noteWhatIsDrawn);
  const reader = await signIn(reading);
  const opened = [];
  for (let each = 0; each < (FULL ? 7 : 2); each += 1) {
    await reader.goto(`${URL_BASE}/app/incidents/${number}`);
    opened.push(
      await until("the newest entry to be drawn", () =>
        reader.evaluate(
          () => (window.drawn["the newest of all"] || Number.NaN) - performance.timeOrigin || null,
        ),
      ),
    );
  }
  t.diagnostic(`${ENTRIES} entries, from navigation to the newest on the screen: ${spread(opened)}`);

  await reader.evaluate(() => window.watchFrames());
  await reader.mouse.move(DESK.width / 2, DESK.height / 2);
  const log = reader.getByRole("log", { name: "Timeline, newest first" });
  await until("the first entry to be reached", async () => {
    for (let turn = 0; turn < 20; turn += 1) await reader.mouse.wheel(0, 1_500);
    return (await log.getByText("Declared").count()) > 0 || null;
  });
  const { frames, long } = await reader.evaluate(() => window.frames_);
  assert.ok(frames.length > 0, "frames were drawn while it scrolled");
  t.diagnostic(
    `scrolling through all of it: ${frames.length} frames, ${spread(frames)}; ` +
      `${long.length} tasks over 50 ms${long.length ? `, the longest ${Math.max(...long).toFixed(0)} ms` : ""}`,
  );
  await reading.close();
  await context.close();
});

/** In the page: when each entry of the timeline was first drawn, and how evenly frames come. */
function noteWhatIsDrawn() {
  window.drawn = {};
  const look = () => {
    for (const entry of document.querySelectorAll('[role="log"] li p')) {
      const text = entry.textContent;
      if (window.drawn[text] === undefined) window.drawn[text] = 0;
      else continue;
      // It is on the screen once the frame that holds it has been drawn.
      requestAnimationFrame(() => setTimeout(() => (window.drawn[text] = Date.now())));
    }
  };
  new MutationObserver(look).observe(document, { childList: true, subtree: true, characterData: true });
  window.watchFrames = () => {
    const seen = { frames: [], long: [] };
    window.frames_ = seen;
    let last = performance.now();
    const frame = (now) => {
      seen.frames.push(now - last);
      last = now;
      requestAnimationFrame(frame);
    };
    requestAnimationFrame(frame);
    new PerformanceObserver((list) => {
      for (const { duration } of list.getEntries()) seen.long.push(duration);
    }).observe({ type: "longtask" });
  };
}

function write(page, number, text) {
  return ask(page, `/incidents/${number}/timeline`, { method: "POST", body: JSON.stringify({ text }) });
}

async function fill(page, number, count) {
  // From a page that does not listen, so that it is not redrawn for each entry.
  await page.goto(`${URL_BASE}/readyz`);
  await page.evaluate(
    async ([number, count, writers]) => {
      const one = async (writer) => {
        for (let each = writer; each < count; each += writers) {
          const response = await fetch(`/api/v1/incidents/${number}/timeline`, {
            method: "POST",
            headers: { "content-type": "application/json" },
            body: JSON.stringify({ text: `entry ${each}: the queue is still growing on all nodes` }),
          });
          if (!response.ok) throw new Error(`entry ${each} answered ${response.status}`);
        }
      };
      await Promise.all(Array.from({ length: writers }, (_, writer) => one(writer)));
    },
    [number, count, WRITERS],
  );
}

/** One more that listens, without a browser around it. */
async function stream(context) {
  const cookies = await context.cookies();
  const leave = new AbortController();
  const response = await fetch(`${URL_BASE}/api/v1/stream`, {
    signal: leave.signal,
    headers: {
      accept: "text/event-stream",
      cookie: cookies.map(({ name, value }) => `${name}=${value}`).join("; "),
    },
  });
  assert.equal(response.status, 200);
  void response.body.pipeTo(new WritableStream()).catch(() => undefined);
  return leave;
}

/** The middle, nine and a half of ten, and the longest, in milliseconds. */
function spread(times) {
  const sorted = [...times].sort((a, b) => a - b);
  const at = (share) => sorted[Math.min(sorted.length - 1, Math.ceil(sorted.length * share) - 1)];
  return `p50 ${at(0.5).toFixed(0)} ms, p95 ${at(0.95).toFixed(0)} ms, longest ${at(1).toFixed(0)} ms`;
}
