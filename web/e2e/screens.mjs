// Every screen of the app, with real names from the server for those that need one.
import { ask, declare } from "./browser.mjs";

/** A complete plan of a change to the checkout, so many days ahead. */
export function changePlan(title, days = 20) {
  const start = new Date(Date.now() + days * 86_400_000).toISOString();
  const end = new Date(Date.parse(start) + 2 * 3_600_000).toISOString();
  const step = (at, phase, command) => ({
    at,
    phase,
    monitoring: command === "",
    text: command === "" ? "Look at the dashboard" : "Switch over",
    command,
    hosts: ["sw1", "sw2"],
    environment: "production",
  });
  return {
    title,
    service: "checkout",
    class: "deploy",
    technician: null,
    start,
    end,
    impact: "customer",
    worst_case: "Nobody pays, which is highly unlikely",
    confidence: "high",
    benefit: "Twice the bandwidth for everybody",
    without: "The links are full in June",
    timeline: [
      step("T+00:00", "before", ""),
      step("T+00:10", "during", "switchctl apply --config /etc/switches/core-2026.conf"),
      step("T+00:20", "during", ""),
      step("T+01:00", "after", ""),
    ],
    rollback: [step("T+00:00", "during", "switchctl restore --from backup"), step("T+00:10", "after", "")],
    rollback_takes: "15m",
    rollback_tested: true,
    customers: [],
    customers_told: "by mail on Monday",
    incident: null,
  };
}

export async function screens(page) {
  const incidents = await ask(page, "/incidents?limit=1");
  const incident =
    incidents.items[0]?.number ?? (await declare(page, "A screen needs an incident", { severity: 4 })).number;
  const service = (await ask(page, "/services")).items.find(({ integrations }) => integrations.length > 0);
  const alert = (await ask(page, "/alerts?limit=1")).items[0];
  const heartbeat = (await ask(page, "/heartbeats?limit=1")).items[0];
  const message = (await ask(page, "/messages?limit=1")).items[0];
  const policy = (await ask(page, "/escalation-policies?limit=1")).items[0];
  const statusPage = (await ask(page, "/status-pages?limit=1")).items[0];
  const schedule = (await ask(page, "/schedules?limit=1")).items[0];
  const change =
    (await ask(page, "/changes?limit=1")).items[0] ??
    (await ask(page, "/changes", {
      method: "POST",
      body: JSON.stringify({ plan: changePlan("A screen needs a change") }),
    }));
  return [
    ["home", "/app/"],
    ["incidents", "/app/incidents"],
    ["search", "/app/search"],
    ["search-found", "/app/search?q=state%3Aopen"],
    ["incidents-none", "/app/incidents?q=words-that-no-title-has"],
    ["incident", `/app/incidents/${incident}`],
    ["incident-pages", `/app/incidents/${incident}?tab=pages`],
    ["incident-synopsis", `/app/incidents/${incident}?tab=synopsis`],
    ["incident-roles", `/app/incidents/${incident}?tab=roles`],
    ["incident-checklist", `/app/incidents/${incident}?tab=checklist`],
    ["incident-prompts", `/app/incidents/${incident}?tab=prompts`],
    ["incident-gates", `/app/incidents/${incident}?tab=gates`],
    ["incident-updates", `/app/incidents/${incident}?tab=updates`],
    ["incident-impact", `/app/incidents/${incident}?tab=impact`],
    ["incident-plan", `/app/incidents/${incident}?tab=plan`],
    ["incident-helpers", `/app/incidents/${incident}?tab=helpers`],
    ["incident-alerts", `/app/incidents/${incident}?tab=alerts`],
    ["incident-changed", `/app/incidents/${incident}?tab=changed`],
    ["incident-nearby", `/app/incidents/${incident}?tab=nearby`],
    ["incident-figures", `/app/incidents/${incident}?tab=figures`],
    ["alerts", "/app/alerts"],
    ...(alert ? [["alert", `/app/alerts/${alert.id}`]] : []),
    ["heartbeats", "/app/heartbeats"],
    ...(heartbeat ? [["heartbeat", `/app/heartbeats/${encodeURIComponent(heartbeat.name)}`]] : []),
    ["maintenance", "/app/maintenance"],
    ["changes", "/app/changes"],
    ["changes-all", "/app/changes?tab=all"],
    ["change-events", "/app/changes/events"],
    ["change", `/app/changes/${change.number}`],
    ["change-new", "/app/changes/new"],
    ["change-clone", `/app/changes/new?from=${change.number}`],
    ["change-edit", `/app/changes/${change.number}/edit`],
    ["change-run", `/app/changes/${change.number}/run`],
    ["on-call", "/app/on-call"],
    ["my-on-call", "/app/my-on-call"],
    ["requests", "/app/requests"],
    ["fairness", "/app/fairness"],
    ...(schedule ? [["schedule", `/app/schedules/${encodeURIComponent(schedule.name)}`]] : []),
    ...(schedule ? [["schedule-edit", `/app/schedules/${encodeURIComponent(schedule.name)}/edit`]] : []),
    ["readiness", "/app/readiness"],
    ["policies", "/app/policies"],
    ["process", "/app/process"],
    ["workflows", "/app/workflows"],
    ["wording", "/app/templates"],
    ["lists", "/app/lists"],
    ...(policy ? [["policy", `/app/policies/${encodeURIComponent(policy.name)}`]] : []),
    ...(policy ? [["policy-edit", `/app/policies/${encodeURIComponent(policy.name)}/edit`]] : []),
    ["change-exceptions", "/app/changes/exceptions"],
    ["change-audit", "/app/changes/audit"],
    ["change-replay", "/app/changes/replay"],
    ["change-calendar", "/app/changes/calendar"],
    ["status-pages", "/app/status-pages"],
    ...(statusPage
      ? [["status-page-edit", `/app/status-pages/${encodeURIComponent(statusPage.name)}/edit`]]
      : []),
    ["services", "/app/services"],
    ...(service ? [["service", `/app/services/${service.name}`]] : []),
    ...(service ? [["shadow", `/app/services/${service.name}/shadow`]] : []),
    ["messages", "/app/messages"],
    ["workbench", "/app/workbench"],
    ...(message ? [["workbench-tried", `/app/workbench?message=${message.id}`]] : []),
    ["reports", "/app/reports"],
    ["configuration", "/app/configuration"],
    ["audit", "/app/audit"],
    ["providers", "/app/providers"],
    ["settings", "/app/settings"],
    ["nowhere", "/app/nowhere"],
  ];
}

/** Dialogs that open over a screen: a name, where, and the key that opens it. */
export const OVERLAYS = [
  ["palette", "/app/", "Control+k"],
  ["help", "/app/", "?"],
  ["declare", "/app/", "c"],
];
