// Completes package-lock.json: npm leaves out optional builds for other
// platforms when the registry at hand does not carry them, and `npm ci` then
// refuses the lock file everywhere. The versions are the exact ones that their
// parents ask for. Run it after `npm install`.
import { readFileSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";

const path = fileURLToPath(new URL("../package-lock.json", import.meta.url));
const lock = JSON.parse(readFileSync(path, "utf8"));
let added = 0;

for (const parent of Object.values(lock.packages)) {
  for (const [name, version] of Object.entries(parent.optionalDependencies ?? {})) {
    const key = `node_modules/${name}`;
    if (lock.packages[key] || !/^\d/.test(version)) continue;
    lock.packages[key] = { version, ...platform(name), ...(parent.dev ? { dev: true } : {}), optional: true };
    added += 1;
  }
}

lock.packages = Object.fromEntries(Object.entries(lock.packages).sort(([a], [b]) => (a < b ? -1 : 1)));
writeFileSync(path, `${JSON.stringify(lock, null, 2)}\n`);
console.log(`${added} optional packages added`);

/** `linux-x64-musl`, `win32-arm64-msvc`, `wasm32-wasi`: what the name says it runs on. */
function platform(name) {
  const [, os, cpu] = /(android|darwin|freebsd|linux|win32)-(arm64|arm|x64|ia32)/.exec(name) ?? [];
  if (!os) return { cpu: ["wasm32"] };
  const libc = os !== "linux" ? {} : { libc: [name.endsWith("-musl") ? "musl" : "glibc"] };
  return { cpu: [cpu], os: [os], ...libc };
}
