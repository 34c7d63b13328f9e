// A believable organisation at ten past three in the morning, in the shapes of
// the public API. Only for looking at the app without a server.

let counter = 0;

/** Ids look like the server's; they are only unique, not random. */
export function id(prefix) {
  counter += 1;
  return `${prefix}_${counter.toString(16).padStart(32, "0")}`;
}

/** An instant so many minutes from now; negative is past. */
export function at(minutes) {
  return new Date(Date.now() + minutes * 60_000).toISOString();
}

const SEVERITY_NAMES = ["", "Outage", "Diminished", "Group", "Individual"];
const URGENCIES = ["", "high", "high", "low", "none"];

export function makeIncident(number, publicUrl, fields) {
  const severity = fields.severity ?? 1;
  return {
    id: id("inc"),
    number,
    title: "",
    status: "triggered",
    severity,
    severity_name: SEVERITY_NAMES[severity],
    urgency: URGENCIES[severity],
    service: null,
    team: fields.service ? "payments" : null,
    assignee: null,
    alert_count: 0,
    open_alert_count: 0,
    practice: false,
    runbook: fields.service ? `https://wiki.example.com/${fields.service}` : null,
    summary: null,
    created_at: at(0),
    occurred_at: null,
    acknowledged_at: null,
    researching_at: null,
    identified_at: null,
    restored_at: null,
    resolved_at: null,
    closed_at: null,
    snoozed_until: null,
    reopened_count: 0,
    merged_into: null,
    paging: { state: "waiting", step: 1, round: 1, next_at: at(4.2) },
    plan: [
      { at: at(4.2), step: 2, round: 1, users: ["bo"] },
      { at: at(19.2), step: 3, round: 1, users: ["cleo"] },
      { at: at(34.2), step: 1, round: 2, users: ["ana"] },
    ],
    statistics: {
      occurred_to_detected_seconds: null,
      detected_to_acknowledged_seconds: null,
      detected_to_restored_seconds: null,
      detected_to_resolved_seconds: null,
    },
    url: `${publicUrl}/app/incidents/${number}`,
    version: 1,
    ...fields,
  };
}

export function entry(seq, kind, text, minutes, actor = { kind: "system", name: "muster" }) {
  return { id: id("tml"), seq, at: at(minutes), recorded_at: at(minutes), kind, actor, text, data: {} };
}

export function makeAlert(fields) {
  return {
    id: id("alt"),
    dedup_key: "checkout/p99/eu-1",
    status: "open",
    service: "checkout",
    severity: 1,
    count: 1,
    incident: null,
    integration: "checkout/alertmanager",
    summary: "p99 latency of checkout above 4 s in eu-1",
    source: "prometheus-eu-1",
    component: "checkout-api",
    group: "eu-1",
    class: "latency",
    labels: { alertname: "CheckoutLatency", region: "eu-1", severity: "critical" },
    details: { value: 4.37, threshold: 4, query: "histogram_quantile(0.99, checkout_seconds)" },
    links: [{ href: "https://graphs.example.com/d/checkout?from=now-1h", text: "Graph" }],
    first_at: at(-6),
    last_at: at(-1),
    resolved_at: null,
    previous: null,
    informational: false,
    decision:
      'Opened incident #42, because no open, unacknowledged incident of checkout had begun in the last 5 minutes; severity 1 because severity == "critical" matched.',
    ...fields,
  };
}

export function pages(accepted = true) {
  const attempt = (number, outcome, status, detail, minutes) => ({
    number,
    started_at: at(minutes),
    finished_at: new Date(Date.parse(at(minutes)) + 184).toISOString(),
    outcome,
    status,
    detail,
    possible_repeat: number > 1,
  });
  return [
    {
      id: id("pag"),
      user: "ana",
      step: 1,
      round: 1,
      reason: "step 1 of payments",
      state: accepted ? "accepted" : "pending",
      created_at: at(-5.9),
      superseded_by: null,
      deliveries: [
        {
          id: id("dlv"),
          method: "hook",
          type: "webhook",
          due_at: at(-5.9),
          state: accepted ? "accepted" : "retrying",
          attempts: [
            attempt(1, "temporary", "503", "Service Unavailable: upstream is restarting", -5.9),
            ...(accepted ? [attempt(2, "accepted", "202", "queued as 8f31c", -5.7)] : []),
          ],
        },
        { id: id("dlv"), method: "mail", type: "email", due_at: at(0.9), state: "scheduled", attempts: [] },
      ],
    },
  ];
}

export const SESSION = (publicUrl) => ({
  user: { name: "ana", full_name: "Ana Ortiz", role: "admin", timezone: "Europe/Berlin" },
  organization: { name: "Example Shop", timezone: "Europe/Berlin" },
  version: "0.1.0",
  public_url: publicUrl,
  demo: true,
});

const method = (name, type, address, verified = true) => ({
  name,
  type,
  verified,
  critical: type === "webhook",
  address,
});

export const USERS = [
  ["ana", "Ana Ortiz", "admin", "Europe/Berlin", ["payments"], ["payments-primary"]],
  ["bo", "Bo Lind", "manager", "America/New_York", ["payments"], ["payments-secondary"]],
  ["cleo", "Cleo Marsh", "manager", "Europe/Berlin", ["platform"], []],
].map(([name, full_name, role, timezone, teams, on_call]) => ({
  name,
  full_name,
  role,
  timezone,
  teams,
  on_call,
  contact_methods: [
    method("hook", "webhook", `https://push.example.com/${name}`),
    method("mail", "email", `${name}@example.com`, name !== "ana"),
  ],
  notification_rules: {
    high: [
      { after_seconds: 0, method: "hook" },
      { after_seconds: 300, method: "mail" },
    ],
    low: [{ after_seconds: 0, method: "mail" }],
  },
}));

const shift = (user, full_name, from, to) => ({
  user,
  full_name,
  layer: "weekly",
  from: at(from),
  to: at(to),
});

export const SCHEDULES = () => [
  {
    schedule: "payments-primary",
    team: "payments",
    timezone: "Europe/Berlin",
    on_call: [shift("ana", "Ana Ortiz", -3000, 2480)],
    next: [{ user: "bo", from: at(2480) }],
  },
  {
    schedule: "payments-secondary",
    team: "payments",
    timezone: "Europe/Berlin",
    on_call: [shift("bo", "Bo Lind", -3000, 2480)],
    next: [{ user: "ana", from: at(2480) }],
  },
  {
    schedule: "platform-nights",
    team: "platform",
    timezone: "America/New_York",
    on_call: [],
    next: [{ user: "cleo", from: at(410) }],
  },
];

const integration = (base, name, type, key, path, heard) => ({
  name,
  type,
  key,
  url: base + path,
  last_received_at: heard === null ? null : at(heard),
});

export const SERVICES = (base) => [
  {
    name: "checkout",
    team: "payments",
    tier: 1,
    escalation_policy: "payments",
    depends_on: ["ledger-db"],
    runbook: "https://wiki.example.com/checkout",
    open_incidents: 2,
    worst_severity: 1,
    integrations: [
      integration(
        base,
        "alertmanager",
        "alertmanager",
        "am-checkout-key",
        "/ingest/alertmanager/am-checkout-key",
        -1,
      ),
      integration(
        base,
        "pagerduty-events",
        "pagerduty",
        "0123456789abcdef0123456789abcdef",
        "/v2/enqueue",
        -4000,
      ),
      integration(
        base,
        "prometheus",
        "prometheus",
        "prom-checkout-key",
        "/ingest/prometheus/prom-checkout-key",
        null,
      ),
      integration(base, "cron", "generic", "cron-checkout-key", "/ingest/generic/cron-checkout-key", null),
    ],
  },
  {
    name: "ledger-db",
    team: "payments",
    tier: 1,
    escalation_policy: "payments",
    depends_on: [],
    runbook: null,
    open_incidents: 1,
    worst_severity: 2,
    integrations: [
      integration(
        base,
        "alertmanager",
        "alertmanager",
        "am-ledger-key",
        "/ingest/alertmanager/am-ledger-key",
        -40,
      ),
    ],
  },
  {
    name: "newsletter",
    team: "platform",
    tier: 3,
    escalation_policy: null,
    depends_on: ["checkout"],
    runbook: null,
    open_incidents: 0,
    worst_severity: null,
    integrations: [],
  },
];

export const ALIASES = () =>
  ["checkout", "ledger-db"].flatMap((service) =>
    [
      ["primary", ["ana"]],
      ["secondary", ["bo"]],
      ["escalation", ["cleo"]],
    ].map(([role, users]) => ({ alias: `page-${service}-${role}`, service, at: at(0), users })),
  );

export const RAW_BODY = JSON.stringify({
  version: "4",
  status: "firing",
  groupKey: '{}:{alertname="CheckoutLatency"}',
  alerts: [
    { status: "firing", labels: { alertname: "CheckoutLatency", region: "eu-1", severity: "critical" } },
  ],
});

export function makeMessage(fields) {
  return {
    id: id("msg"),
    received_at: at(-6),
    integration: "checkout/alertmanager",
    state: "done",
    content_type: "application/json",
    body: RAW_BODY,
    body_base64: null,
    size: RAW_BODY.length,
    error: null,
    attempts: 1,
    outcome: [],
    ...fields,
  };
}

const spread = (count, mean, p50, p90, p95) => ({
  count,
  mean_seconds: mean,
  p50_seconds: p50,
  p90_seconds: p90,
  p95_seconds: p95,
});

export const REPORT = (from, to) => ({
  from,
  to,
  count: 61,
  open: 4,
  by_severity: [
    { severity: 1, count: 5 },
    { severity: 2, count: 17 },
    { severity: 3, count: 31 },
    { severity: 4, count: 8 },
  ],
  by_service: [
    { service: "checkout", count: 24, outage_seconds: 5400, cost: { amount: 108_000, currency: "EUR" } },
    { service: "ledger-db", count: 30, outage_seconds: 1260, cost: null },
    { service: null, count: 7, outage_seconds: 0, cost: null },
  ],
  time_to_acknowledge: spread(57, 118, 64, 260, 410),
  time_to_restore: spread(52, 1510, 840, 3600, 5200),
  time_to_resolve: spread(50, 3110, 1900, 7400, 11_000),
  time_to_detect: spread(57, 41, 30, 88, 120),
  mean_time_between_failures_seconds: 42_480,
});

export const SYSTEM = () => ({
  version: "0.1.0",
  store: { engine: "sqlite", schema: 1 },
  inbox: { backlog: 0, failed: 2 },
  timers: { oldest_due_at: null },
  outbox: { waiting: 1, last_failure_at: at(-6), last_failure: "hook of ana: 503" },
  held: false,
});
