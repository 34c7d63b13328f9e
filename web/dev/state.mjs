// The mock's memory: incidents, alerts, messages and what happens to them. It
// knows just enough of the rules for every screen and key to do something true.
import { at, entry, id, makeAlert, makeIncident, makeMessage, pages } from "./fixtures.mjs";

export function makeState(base, { empty = false } = {}) {
  const state = {
    base,
    seq: 100,
    listeners: new Set(),
    incidents: [],
    timelines: new Map(),
    pages: new Map(),
    alerts: [],
    messages: [],
    tokens: [
      { id: id("tok"), name: "terraform", role: "admin", created_at: at(-9000), last_used_at: at(-31) },
      {
        id: id("tok"),
        name: "grafana-annotations",
        role: "responder",
        created_at: at(-9000),
        last_used_at: null,
      },
    ],
  };
  if (!empty) fill(state);
  return state;
}

function fill(state) {
  const first = add(state, 42, {
    title: "Checkout answers slowly in eu-1: p99 above 4 s",
    summary: "Customers in Europe wait more than 4 s to pay. About one in eight gives up.",
    service: "checkout",
    severity: 1,
    alert_count: 3,
    open_alert_count: 3,
    created_at: at(-6),
    occurred_at: at(-7.5),
    statistics: {
      occurred_to_detected_seconds: 90,
      detected_to_acknowledged_seconds: null,
      detected_to_restored_seconds: null,
      detected_to_resolved_seconds: null,
    },
  });
  state.timelines.set(42, [
    entry(1, "opened", "Opened by an alert: p99 latency of checkout above 4 s in eu-1", -6, {
      kind: "integration",
      name: "checkout/alertmanager",
    }),
    entry(2, "step_entered", "Step 1 of payments: ana", -6),
    entry(3, "paged", "Paged ana by hook: step 1 of payments", -5.9),
    entry(4, "page_failed", "hook answered 503: Service Unavailable: upstream is restarting", -5.9),
    entry(5, "page_accepted", "hook accepted the page for ana: 202 queued as 8f31c", -5.7),
    entry(6, "alert_joined", "Error rate of checkout above 5 % joined", -4),
    entry(
      7,
      "note",
      "Looks like the connection pool of ledger-db is full.\nLooking at who holds the connections.",
      -1,
      {
        kind: "user",
        name: "bo",
      },
    ),
  ]);
  state.pages.set(42, pages());
  fillOthers(state);
  fillAlerts(state, first.number);
}

function fillOthers(state) {
  const hands = { state: "acknowledged", step: 1, round: 1, next_at: null };
  add(state, 41, {
    title: "Replica of ledger-db lags by 90 s",
    service: "ledger-db",
    severity: 2,
    status: "acknowledged",
    assignee: "ana",
    alert_count: 1,
    created_at: at(-40),
    acknowledged_at: at(-38),
    paging: hands,
    plan: [],
  });
  add(state, 40, {
    title: "Practice: the payment provider refuses every card",
    service: "checkout",
    severity: 2,
    practice: true,
    status: "identified",
    assignee: "bo",
    created_at: at(-75),
    acknowledged_at: at(-74),
    identified_at: at(-30),
    paging: hands,
    plan: [],
  });
  add(state, 39, {
    title: "Nobody in the Lisbon office can print, and the queue of the third floor grows by the hour",
    severity: 3,
    created_at: at(-190),
    paging: { state: "exhausted", step: null, round: null, next_at: null },
    plan: [],
  });
  add(state, 38, {
    title: "Certificate of staging expires in 12 days",
    severity: 4,
    snoozed_until: at(240),
    created_at: at(-1500),
    paging: { state: "snoozed", step: null, round: null, next_at: at(240) },
    plan: [],
  });
  add(state, 37, {
    title: "Search returned nothing for 4 minutes",
    service: "checkout",
    severity: 1,
    status: "restored",
    assignee: "cleo",
    created_at: at(-2900),
    acknowledged_at: at(-2899),
    restored_at: at(-2880),
    paging: hands,
    plan: [],
  });
  for (let number = 36; number > 0; number -= 1) {
    const began = -3000 - (36 - number) * 700;
    add(state, number, {
      title: `Disk of db${number} almost full`,
      service: number % 3 ? "ledger-db" : "checkout",
      severity: 2 + (number % 3),
      status: number % 2 ? "closed" : "resolved",
      assignee: number % 2 ? "ana" : "bo",
      alert_count: 1 + (number % 4),
      created_at: at(began),
      acknowledged_at: at(began + 2),
      resolved_at: at(began + 44),
      closed_at: number % 2 ? at(began + 60) : null,
      paging: { state: "finished", step: null, round: null, next_at: null },
      plan: [],
    });
  }
}

function fillAlerts(state, incident) {
  const alerts = [
    makeAlert({ incident, count: 12 }),
    makeAlert({
      incident,
      dedup_key: "checkout/errors/eu-1",
      summary: "Error rate of checkout above 5 % in eu-1",
      decision: "Joined incident #42, open and unacknowledged for less than 5 minutes.",
    }),
    makeAlert({
      incident,
      dedup_key: "checkout/probe",
      status: "resolved",
      resolved_at: at(-2),
      summary: "Probe of https://shop.example.com failed",
    }),
    makeAlert({
      incident: 41,
      dedup_key: "ledger-db/lag",
      service: "ledger-db",
      severity: 2,
      summary: "Replica lag above 60 s",
    }),
    makeAlert({
      dedup_key: "ledger-db/backup",
      status: "suppressed",
      service: "ledger-db",
      severity: 3,
      summary: "Backup older than a day",
      decision: "Suppressed: the service is in maintenance.",
    }),
  ];
  state.alerts.push(...alerts);
  state.messages.push(
    makeMessage({
      state: "failed",
      attempts: 3,
      body: '{"version":"4","alerts":"none"}',
      size: 31,
      error: "alerts: expected a list, found text at line 1 column 25",
    }),
    makeMessage({
      state: "failed",
      integration: "checkout/cron",
      content_type: "text/plain",
      body: "backup FAILED on db3 (exit 2)",
      size: 29,
      error: "the body is not JSON: expected value at line 1 column 1",
    }),
    makeMessage({
      outcome: [
        {
          dedup_key: alerts[0].dedup_key,
          action: "trigger",
          decision: alerts[0].decision,
          alert: alerts[0].id,
          incident,
        },
      ],
    }),
  );
}

export function add(state, number, fields) {
  const incident = makeIncident(number, state.base, fields);
  state.incidents.push(incident);
  state.timelines.set(number, [
    entry(1, incident.service ? "opened" : "declared", `Opened: ${incident.title}`, 0),
  ]);
  state.pages.set(number, []);
  return incident;
}

export function emit(state, type, incident, subject = "") {
  state.seq += 1;
  const event = { seq: state.seq, at: at(0), type, incident, subject };
  for (const listener of state.listeners) listener(event);
}

export function note(state, incident, kind, text, actor = { kind: "user", name: "ana" }) {
  const timeline = state.timelines.get(incident.number);
  timeline.push(entry(timeline.length + 1, kind, text, 0, actor));
  incident.version += 1;
  emit(state, `incident.${kind}`, incident.number, incident.id);
}

const STOPPED = { state: "acknowledged", step: 1, round: 1, next_at: null };

/** What each verb does: from which states, to which fields, with which line. */
const VERBS = {
  acknowledge: {
    from: ["triggered"],
    to: () => ({
      status: "acknowledged",
      assignee: "ana",
      acknowledged_at: at(0),
      paging: STOPPED,
      plan: [],
    }),
    kind: "acknowledged",
    text: () => "Acknowledged by ana",
  },
  unacknowledge: {
    from: ["acknowledged"],
    to: () => ({
      status: "triggered",
      assignee: null,
      acknowledged_at: null,
      paging: { state: "waiting", step: 1, round: 1, next_at: at(5) },
      plan: [{ at: at(5), step: 2, round: 1, users: ["bo"] }],
    }),
    kind: "unacknowledged",
    text: () => "ana took the acknowledgement back",
  },
  escalate: {
    to: () => ({ paging: { state: "waiting", step: 2, round: 1, next_at: at(15) } }),
    kind: "escalated",
    text: () => "Escalated to step 2: bo",
  },
  snooze: {
    to: () => ({
      snoozed_until: at(60),
      plan: [],
      paging: { ...STOPPED, state: "snoozed", next_at: at(60) },
    }),
    kind: "snoozed",
    text: (body) => `Snoozed for ${body.for}`,
  },
  unsnooze: { to: () => ({ snoozed_until: null }), kind: "unsnoozed", text: () => "Snooze ended" },
  research: {
    to: () => ({ status: "researching", researching_at: at(0) }),
    kind: "status_changed",
    text: () => "Research began",
  },
  identify: {
    to: () => ({ status: "identified", identified_at: at(0) }),
    kind: "status_changed",
    text: (body) => `Cause identified${body.cause ? `: ${body.cause}` : ""}`,
  },
  restore: {
    to: () => ({ status: "restored", restored_at: at(0) }),
    kind: "status_changed",
    text: () => "Service restored",
  },
  resolve: {
    to: () => ({
      status: "resolved",
      resolved_at: at(0),
      plan: [],
      paging: { state: "finished", step: null, round: null, next_at: null },
    }),
    kind: "resolved",
    text: (body) => `Resolved${body.note ? `: ${body.note}` : ""}`,
  },
  reopen: {
    from: ["resolved", "closed", "restored"],
    to: () => ({ status: "triggered", resolved_at: null, closed_at: null }),
    kind: "reopened",
    text: (body) => `Reopened${body.reason ? `: ${body.reason}` : ""}`,
  },
  close: {
    from: ["resolved"],
    to: () => ({ status: "closed", closed_at: at(0) }),
    kind: "status_changed",
    text: () => "Closed",
  },
  severity: {
    to: (body) => ({ severity: body.severity, severity_name: makeIncident(0, "", body).severity_name }),
    kind: "severity_changed",
    text: (body) => `Severity is now ${body.severity}: ${body.reason}`,
  },
  assign: {
    to: (body) => ({ assignee: body.user }),
    kind: "assigned",
    text: (body) => `Assigned to ${body.user}`,
  },
  page: { to: () => ({}), kind: "paged", text: (body) => `Paged ${body.to}` },
  merge: {
    to: (body) => ({ status: "closed", merged_into: body.into, plan: [] }),
    kind: "merged",
    text: (body) => `Merged into #${body.into}`,
  },
};

/** The changed incident, null for an unknown verb, or the problem with a wrong move. */
export function act(state, incident, verb, body) {
  const rule = VERBS[verb];
  if (!rule) return null;
  if (rule.from && !rule.from.includes(incident.status)) {
    return { title: "Wrong move", status: 409, detail: `#${incident.number} is ${incident.status} already.` };
  }
  Object.assign(incident, rule.to(body));
  note(state, incident, rule.kind, rule.text(body));
  return incident;
}

/** A test signal that goes the whole way, with the pauses that a real one has. */
export function sendTest(state, service, integration) {
  const message = makeMessage({
    state: "pending",
    integration: `${service}/${integration}`,
    received_at: at(0),
  });
  state.messages.push(message);
  setTimeout(() => {
    const number = Math.max(...state.incidents.map((incident) => incident.number), 0) + 1;
    const incident = add(state, number, {
      title: `Test alert for ${service}`,
      service,
      severity: 2,
      alert_count: 1,
      created_at: at(0),
    });
    message.state = "done";
    message.outcome = [
      {
        dedup_key: "test",
        action: "trigger",
        decision: `Opened incident #${number}.`,
        alert: null,
        incident: number,
      },
    ];
    emit(state, "incident.opened", number, incident.id);
    emit(state, "alert.opened", number, message.id);
    state.pages.set(number, pages(false));
    setTimeout(() => {
      state.pages.set(number, pages());
      note(state, incident, "page_accepted", "hook accepted the page for ana: 202", {
        kind: "system",
        name: "muster",
      });
    }, 700);
  }, 500);
  return { message: message.id, dedup_key: "test" };
}
