// Starts a real server with a small organisation and a phone that answers, and runs the browser's
// stories against it. Everything it makes is in a temporary directory and gone afterwards.
//   node run.mjs [FILE.test.mjs...]
import { spawn, spawnSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:http";
import { tmpdir } from "node:os";
import { dirname, join, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { chat } from "./chat.mjs";

const here = dirname(fileURLToPath(import.meta.url));
const muster = resolve(process.env.MUSTER_BIN ?? join(here, "../../target/debug/muster"));
const PASSWORD = "correct horse battery staple";
const PATIENCE_MS = 60_000;
const dir = mkdtempSync(join(tmpdir(), "muster-e2e-"));
const data = join(dir, "data");

const SLACK = "/slack/api/";
const slack = chat();
const pages = [];
const phone = createServer((request, response) => {
  if (request.method === "GET") {
    if (request.url === "/slack/allow") slack.allow();
    response.end(JSON.stringify(pages));
    return;
  }
  let body = "";
  request.on("data", (chunk) => {
    body += chunk;
  });
  request.on("end", () => {
    if (request.url.startsWith(SLACK)) {
      const answer = slack.answer(request.url.slice(SLACK.length), JSON.parse(body));
      response.writeHead(200, { "content-type": "application/json" }).end(JSON.stringify(answer));
      return;
    }
    pages.push({ ...JSON.parse(body), to: request.url.slice(1) });
    response.writeHead(202).end();
  });
});

function listen(server) {
  return new Promise((done) => server.listen(0, "127.0.0.1", () => done(server.address().port)));
}

async function freePort() {
  const probe = createServer();
  const port = await listen(probe);
  await new Promise((done) => probe.close(done));
  return port;
}

function organization(phonePort) {
  const person = (name, role) => `
  - name: ${name}
    full_name: ${name[0].toUpperCase()}${name.slice(1)} Example
    email: ${name}@example.com
    role: ${role}
    timezone: Europe/Berlin${name === "zoe" ? "\n    reports_to: ana" : ""}
    contact_methods: [ { name: phone, type: webhook, url: "http://127.0.0.1:${phonePort}/${name}" } ]
    notification_rules: { high: [ { after: 0m, method: phone } ], low: [ { after: 0m, method: phone } ] }`;
  const policy = (name) => `
  - { name: ${name}, repeat: 1, steps: [ { after: 0m, targets: [ { user: ${name} } ] }, { after: 15m, targets: [ { user: zoe } ] } ] }`;
  // The stories declare many incidents a minute; digests have stories of their own.
  return `organization: { name: Example Shop, timezone: Europe/Berlin, paging: { usual: { singles: 100, window: 1m } } }
users:${person("ana", "admin")}${person("bo", "responder")}${person("zoe", "manager")}
teams:
  - { name: payments, manager: zoe, members: [ana, bo] }
schedules:
  - name: payments-primary
    team: payments
    timezone: Europe/Berlin
    layers:
      - { name: weekly, rotation: { every: 1w, handoff: "Mon 09:00", start: 2026-01-05, participants: [ana, bo] } }
  - { name: nobody-yet, team: payments, timezone: America/New_York, layers: [] }
escalation_policies:${policy("ana")}${policy("bo")}${policy("zoe")}
services:
  - name: checkout
    team: payments
    tier: 1
    escalation_policy: ana
    depends_on: [ledger-db]
    runbook: https://wiki.example.com/checkout
    integrations:
      - { name: events, type: pagerduty, key: 0123456789abcdef0123456789abcdef }
      - { name: alertmanager, type: alertmanager, key: am-checkout-key }
  - name: ledger-db
    team: payments
    tier: 1
    escalation_policy: bo
    integrations: [ { name: anything, type: generic, key: generic-ledger-key } ]
service_groups:
  - { name: shop, description: What customers see, services: [checkout, ledger-db] }
  - { name: ledgers, services: [ledger-db] }
heartbeats: [ { name: nightly backup, service: ledger-db, every: 1d } ]
catch_all: { escalation_policy: zoe }
workflows:
  - name: answer-the-story
    description: Answers whoever asks in a story
    on: [decision]
    when: text.contains("workflow, please")
    do: [ { post: "Heard, on {{ title }}" }, { webhook: warehouse } ]
fields:
  - { name: cause, title: Cause, kind: choice, choices: [deploy, configuration, a supplier], required: closed }
  - { name: customers_hit, title: Customers hit, kind: number }
providers:
  - { name: topics, type: ntfy, url: "http://127.0.0.1:${phonePort}" }
  - { name: chat, type: slack, token: xoxb-stories, signing_secret: stories, url: "http://127.0.0.1:${phonePort}/slack" }
webhooks: [ { name: warehouse, url: "http://127.0.0.1:${phonePort}/warehouse", events: [incident.merged] } ]
`;
}

function run(...args) {
  const { status, stderr } = spawnSync(muster, ["--data", data, ...args], {
    input: `${PASSWORD}\n`,
    encoding: "utf8",
  });
  if (status !== 0) throw new Error(`muster ${args.join(" ")}: ${stderr}`);
}

async function until(what, look) {
  const end = Date.now() + PATIENCE_MS;
  while (Date.now() < end) {
    const found = await look();
    if (found) return found;
    await new Promise((done) => setTimeout(done, 50));
  }
  throw new Error(`waited in vain for ${what}`);
}

let server;
let status = 1;
try {
  const phonePort = await listen(phone);
  const config = join(dir, "org.yaml");
  writeFileSync(config, organization(phonePort));
  run("apply", "--yes", "-f", config);
  for (const name of ["ana", "bo", "zoe"]) run("user", "password", name, "--stdin");
  const url = `http://127.0.0.1:${await freePort()}`;
  const listenAt = url.replace("http://", "");
  server = spawn(
    muster,
    ["--data", data, "serve", "--listen", listenAt, "--public-url", url, "--network-allow", "127.0.0.0/8"],
    { stdio: ["ignore", "ignore", process.env.MUSTER_E2E_LOG ? "inherit" : "ignore"] },
  );
  await until("the server to be ready", async () => {
    const answer = await fetch(`${url}/readyz`).catch(() => null);
    return answer?.status === 200;
  });
  await fetch(`${url}/ingest/generic/generic-ledger-key`, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({
      summary: "Replication of ledger-db lags 40 s",
      dedup_key: "lag",
      severity: "critical",
    }),
  });
  const page = await until("a page", () => pages.find((each) => each.type === "page"));
  const tests = process.argv.slice(2);
  const args = [
    "--test",
    "--test-concurrency=1",
    "--test-timeout=600000",
    ...(tests.length
      ? tests
      : [
          "app.test.mjs",
          "calendar.test.mjs",
          "change-life.test.mjs",
          "change-audit.test.mjs",
          "changed.test.mjs",
          "changes.test.mjs",
          "declare.test.mjs",
          "family.test.mjs",
          "fields.test.mjs",
          "handoff.test.mjs",
          "helpers.test.mjs",
          "lifeline.test.mjs",
          "head.test.mjs",
          "lists.test.mjs",
          "people.test.mjs",
          "policy.test.mjs",
          "push.test.mjs",
          "quiet.test.mjs",
          "requests.test.mjs",
          "timeline.test.mjs",
          "process.test.mjs",
          "schedule.test.mjs",
          "screens.test.mjs",
          "search.test.mjs",
          "services.test.mjs",
          "speed.test.mjs",
          "status.test.mjs",
          "templates.test.mjs",
          "workflows.test.mjs",
        ]),
  ];
  const env = {
    ...process.env,
    MUSTER_URL: url,
    MUSTER_USER: "ana",
    MUSTER_PASSWORD: PASSWORD,
    MUSTER_ACK_URL: page.page.ack_url,
    MUSTER_PHONE: `http://127.0.0.1:${phonePort}/`,
  };
  const child = spawn(
    process.execPath,
    process.env.MUSTER_E2E_SCRIPT ? [process.env.MUSTER_E2E_SCRIPT] : args,
    {
      cwd: here,
      env,
      stdio: "inherit",
    },
  );
  status = await new Promise((done) => child.on("close", done));
} catch (error) {
  console.error(error);
} finally {
  server?.kill("SIGTERM");
  phone.closeAllConnections();
  phone.close();
  rmSync(dir, { recursive: true, force: true });
}
process.exit(status);
