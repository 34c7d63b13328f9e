// Every screen of the app, with real names from the server for those that need one.
import { ask, declare } from "./browser.mjs";

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
    ["incident-nearby", `/app/incidents/${incident}?tab=nearby`],
    ["incident-figures", `/app/incidents/${incident}?tab=figures`],
    ["alerts", "/app/alerts"],
    ...(alert ? [["alert", `/app/alerts/${alert.id}`]] : []),
    ["heartbeats", "/app/heartbeats"],
    ...(heartbeat ? [["heartbeat", `/app/heartbeats/${encodeURIComponent(heartbeat.name)}`]] : []),
    ["maintenance", "/app/maintenance"],
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
    ["lists", "/app/lists"],
    ...(policy ? [["policy", `/app/policies/${encodeURIComponent(policy.name)}`]] : []),
    ...(policy ? [["policy-edit", `/app/policies/${encodeURIComponent(policy.name)}/edit`]] : []),
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
