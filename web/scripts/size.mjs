// Fails when the app is heavier than its budget: what the first screen loads,
// and what each further screen adds, both as gzipped JavaScript.
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { gzipSync } from "node:zlib";

const FIRST_LOAD_KB_MAX = 170;
const CHUNK_KB_MAX = 60;

const dist = fileURLToPath(new URL("../dist", import.meta.url));
const assets = join(dist, "assets");
const scripts = readdirSync(assets).filter((name) => name.endsWith(".js"));
const sizes = new Map(
  scripts.map((name) => [name, gzipSync(readFileSync(join(assets, name))).length / 1000]),
);

const first = new Set();
for (const [, name] of readFileSync(join(dist, "index.html"), "utf8").matchAll(/assets\/([^"]+\.js)/g)) {
  follow(name);
}

/** A static import loads with its importer; `import()` does not. */
function follow(name) {
  if (first.has(name)) return;
  first.add(name);
  const text = readFileSync(join(assets, name), "utf8");
  for (const [, other] of text.matchAll(/(?:\bfrom|\bimport)\s*["']\.\/([^"']+\.js)["']/g)) follow(other);
}

let failed = false;
function check(label, size, max) {
  const over = size > max;
  failed ||= over;
  console.log(`${over ? "OVER " : "ok   "}${size.toFixed(1).padStart(7)} kB of ${max}  ${label}`);
}

check(
  "first load",
  [...first].reduce((sum, name) => sum + (sizes.get(name) ?? 0), 0),
  FIRST_LOAD_KB_MAX,
);
const lazy = [...sizes].filter(([name]) => !first.has(name)).sort(([, a], [, b]) => b - a);
for (const [name, size] of lazy) check(name, size, CHUNK_KB_MAX);
process.exitCode = failed ? 1 : 0;
