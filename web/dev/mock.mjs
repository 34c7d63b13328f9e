// A stand-in for the server while the app is worked on: contract-shaped answers,
// a live stream, bare lifeline pages, and `dist` under /app/ with the real
// content security policy. `node dev/mock.mjs [port] [--empty]`.
import { readFile } from "node:fs/promises";
import { createServer } from "node:http";
import { extname, join, normalize } from "node:path";
import { fileURLToPath } from "node:url";
import { gzipSync } from "node:zlib";
import { ALIASES, at, id, REPORT, SCHEDULES, SERVICES, SESSION, SYSTEM, USERS } from "./fixtures.mjs";
import { act, add, emit, makeState, note, sendTest } from "./state.mjs";

const DIST = fileURLToPath(new URL("../dist", import.meta.url));
const CSP = "default-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:";
const TYPES = {
  ".html": "text/html",
  ".js": "text/javascript",
  ".css": "text/css",
  ".svg": "image/svg+xml",
  ".woff2": "font/woff2",
};

const port = Number(process.argv[2] ?? 8099);
const base = `http://127.0.0.1:${port}`;
const state = makeState(base, { empty: process.argv.includes("--empty") });

createServer((request, response) => {
  handle(request, response).catch((error) => {
    console.error(error);
    if (!response.headersSent) response.writeHead(500).end();
  });
}).listen(port, "127.0.0.1", () => console.log(`mock on ${base}/app/`));

async function handle(request, response) {
  const url = new URL(request.url, base);
  const path = url.pathname;
  if (path === "/sign-in") return signIn(request, response, url);
  if (path.startsWith("/p/")) return lifelinePage(request, response);
  if (path === "/api/v1/stream") return stream(request, response);
  if (path.startsWith("/api/v1/")) return api(request, response, url);
  if (path === "/" || path === "/app") return response.writeHead(302, { location: "/app/" }).end();
  return file(response, path);
}

async function file(response, path) {
  const inside = normalize(path.replace(/^\/app\//, ""));
  const name = extname(inside) ? inside : "index.html";
  try {
    const body = await readFile(join(DIST, name));
    const headers = { "content-type": TYPES[extname(name)] ?? "application/octet-stream" };
    const small = extname(name) === ".woff2" ? body : gzipSync(body);
    if (small !== body) headers["content-encoding"] = "gzip";
    response.writeHead(200, { ...headers, "content-security-policy": CSP }).end(small);
  } catch {
    response.writeHead(404).end("not found");
  }
}

async function signIn(request, response, url) {
  if (request.method === "POST") {
    const headers = {
      location: url.searchParams.get("next") ?? "/app/",
      "set-cookie": "muster_session=mock; Path=/",
    };
    return response.writeHead(303, headers).end();
  }
  html(
    response,
    "Sign in",
    `<form method="post"><p><label>Name <input name="name" required></label></p>
     <p><label>Password <input name="password" type="password" required></label></p><button>Sign in</button></form>`,
  );
}

async function lifelinePage(request, response) {
  const incident = state.incidents[0];
  if (request.method === "POST") {
    act(state, incident, "acknowledge", {});
    return html(response, incident.title, "<p role=status>You have it.</p>");
  }
  html(
    response,
    incident.title,
    `<form method="post"><button style="min-height: 64px">Acknowledge</button></form>`,
  );
}

function html(response, title, body) {
  response.writeHead(200, { "content-type": "text/html" }).end(
    `<!doctype html><html lang="en"><meta name="viewport" content="width=device-width"><title>${title}</title>
     <main><h1>${title}</h1>${body}</main></html>`,
  );
}

function stream(request, response) {
  response.writeHead(200, { "content-type": "text/event-stream", "cache-control": "no-store" });
  response.write(": hello\n\n");
  const listener = (event) =>
    response.write(`id: ${event.seq}\nevent: change\ndata: ${JSON.stringify(event)}\n\n`);
  const heartbeat = setInterval(() => response.write(": beat\n\n"), 15_000);
  state.listeners.add(listener);
  request.on("close", () => {
    clearInterval(heartbeat);
    state.listeners.delete(listener);
  });
}

async function api(request, response, url) {
  const body = await readJson(request);
  const signedIn = request.headers.cookie?.includes("muster_session=");
  if (!signedIn) return send(response, 401, { title: "Sign in first", status: 401 });
  const parts = url.pathname.slice("/api/v1/".length).split("/").map(decodeURIComponent);
  const answer =
    request.method === "GET" ? read(parts, url.searchParams) : write(request.method, parts, body);
  if (!answer)
    return send(response, 404, {
      title: "Not found",
      status: 404,
      detail: `${url.pathname} does not exist.`,
    });
  const status = answer.title && answer.status >= 400 ? answer.status : (answer.$status ?? 200);
  delete answer.$status;
  send(response, status, status === 204 ? null : answer);
}

function read([first, second, third], params) {
  const list = (items) => page(items, params);
  switch (first) {
    case "session":
      return SESSION(base);
    case "incidents":
      return second
        ? readIncident(find(second), third, list)
        : list(search(state.incidents, params.get("q") ?? ""));
    case "alerts":
      return second ? readAlert(second, third, list) : list(search(state.alerts, params.get("q") ?? ""));
    case "messages": {
      if (second) return state.messages.find((message) => message.id === second);
      return list(search(state.messages, params.get("q") ?? ""));
    }
    case "services": {
      const services = state.incidents.length > 0 ? SERVICES(base) : [];
      return second ? services.find(({ name }) => name === second) : list(services);
    }
    case "users":
      return second ? USERS.find(({ name }) => name === second) : list(USERS);
    case "on-call":
      return { at: at(0), items: state.incidents.length > 0 ? SCHEDULES() : [] };
    case "schedules":
      return { items: [] };
    case "aliases":
      return list(state.incidents.length > 0 ? ALIASES() : []);
    case "tokens":
      return list(state.tokens);
    case "system":
      return SYSTEM();
    case "reports":
      return REPORT(params.get("from"), params.get("to"));
    default:
      return null;
  }
}

function readIncident(incident, part, list) {
  if (!incident || !part) return incident;
  if (part === "timeline") return list(state.timelines.get(incident.number));
  if (part === "pages") return list(state.pages.get(incident.number));
  if (part === "alerts") return list(state.alerts.filter((alert) => alert.incident === incident.number));
  return null;
}

function readAlert(alertId, part, list) {
  if (part === "messages") return list(state.messages.filter((message) => message.state === "done"));
  return state.alerts.find((alert) => alert.id === alertId);
}

function write(method, [first, second, third, fourth, fifth], body) {
  if (first === "session" || (first === "tokens" && method === "DELETE")) return { $status: 204 };
  if (first === "tokens") {
    const token = { id: id("tok"), ...body, created_at: at(0), last_used_at: null };
    state.tokens.push(token);
    return { ...token, token: "mst_0123456789abcdef0123456789abcdef", $status: 201 };
  }
  if (first === "incidents") return writeIncident(second, third, body);
  if (first === "pages") return declare({ title: body.message, service: body.service });
  if (first === "services" && fifth === "test") return { ...sendTest(state, second, fourth), $status: 202 };
  if (first === "messages" && third === "replay") {
    const message = state.messages.find((each) => each.id === second);
    setTimeout(() => emit(state, "message.failed", null, message.id), 200);
    return { $status: 202 };
  }
  return { $status: method === "PUT" ? 204 : 202 };
}

function writeIncident(second, third, body) {
  if (!second) return declare(body);
  if (second === "bulk") {
    const items = body.incidents.map((number) => {
      const changed = act(state, find(number), body.action, {});
      return { incident: number, ok: !changed.title || changed.number > 0, detail: changed.detail ?? null };
    });
    return { items };
  }
  const incident = find(second);
  if (!incident) return null;
  if (third !== "timeline") return act(state, incident, third, body);
  note(state, incident, "note", body.text);
  return { ...state.timelines.get(incident.number).at(-1), $status: 201 };
}

function declare(body) {
  const number = Math.max(0, ...state.incidents.map((incident) => incident.number)) + 1;
  const incident = add(state, number, {
    severity: 1,
    ...body,
    service: body.service ?? null,
    created_at: at(0),
  });
  emit(state, "incident.declared", number, incident.id);
  return { ...incident, $status: 201 };
}

function find(reference) {
  return state.incidents.find(
    ({ number, id: own }) => String(number) === String(reference) || own === reference,
  );
}

/** Newest first where there is a number; the few words of the query language that the screens use. */
function search(items, query) {
  const words = query.split(/\s+/).filter(Boolean);
  return items
    .filter((item) => words.every((word) => matches(item, word)))
    .sort((a, b) => (b.number ?? 0) - (a.number ?? 0));
}

function matches(item, word) {
  const [, field, value] = /^([a-z]+):(.+)$/.exec(word) ?? [];
  if (!field) return JSON.stringify(item).toLowerCase().includes(word.toLowerCase());
  if (field === "state" && value === "open") return !["resolved", "closed"].includes(item.status);
  if (field === "state") return item.state === value;
  if (field === "sev")
    return value.startsWith("<=") ? item.severity <= Number(value.slice(2)) : item.severity === Number(value);
  return String(item[field]) === value;
}

function page(items, params) {
  const limit = Number(params.get("limit") ?? 50);
  const from = Number(params.get("cursor") ?? 0);
  const next = from + limit < items.length ? String(from + limit) : null;
  return { items: items.slice(from, from + limit), next };
}

function send(response, status, body) {
  const type = status >= 400 ? "application/problem+json" : "application/json";
  response.writeHead(status, { "content-type": type }).end(body === null ? undefined : JSON.stringify(body));
}

async function readJson(request) {
  let text = "";
  for await (const piece of request) text += piece;
  try {
    return text ? JSON.parse(text) : {};
  } catch {
    return {};
  }
}
