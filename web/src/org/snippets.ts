/**
 * What to paste into a monitoring system, with the real address and key. Pure
 * text from an integration; each snippet works as it stands.
 */
import type { Integration } from "@/api/types";

export interface Snippet {
  title: string;
  where: string;
  text: string;
}

export function snippets(integration: Integration, publicUrl: string): Snippet[] {
  const base = publicUrl.replace(/\/+$/, "");
  const { key, type } = integration;
  switch (type) {
    case "pagerduty":
      return [pagerdutyAlertmanager(base, key), pagerdutyCurl(base, key)];
    case "alertmanager":
      return [alertmanager(base, key), alertmanagerCurl(base, key)];
    case "prometheus":
      return [prometheus(base, key), prometheusCurl(base, key)];
    case "email":
      return email(integration.url, `${base}/ingest/email/${key}`);
    default:
      return [generic(integration.url || `${base}/ingest/${type}/${key}`)];
  }
}

function pagerdutyCurl(base: string, key: string): Snippet {
  return {
    title: "PagerDuty Events v2, by hand",
    where: "Run it in a shell. Any client of Events v2 works with this address and key.",
    text: `curl -sS ${base}/v2/enqueue -H 'content-type: application/json' -d '{
  "routing_key": "${key}",
  "event_action": "trigger",
  "dedup_key": "disk-db1",
  "payload": { "summary": "Disk almost full on db1", "source": "db1", "severity": "critical" }
}'`,
  };
}

function pagerdutyAlertmanager(base: string, key: string): Snippet {
  return {
    title: "Alertmanager, by pagerduty_configs",
    where: "In alertmanager.yml, under receivers; then route to it.",
    text: `receivers:
  - name: muster
    pagerduty_configs:
      - url: ${base}/v2/enqueue
        routing_key: ${key}
        send_resolved: true`,
  };
}

function alertmanager(base: string, key: string): Snippet {
  return {
    title: "Alertmanager, by webhook_configs",
    where: "In alertmanager.yml, under receivers; then route to it.",
    text: `receivers:
  - name: muster
    webhook_configs:
      - url: ${base}/ingest/alertmanager/${key}
        send_resolved: true
        max_alerts: 0`,
  };
}

function alertmanagerCurl(base: string, key: string): Snippet {
  return {
    title: "By hand",
    where: "Run it in a shell: one firing alert, as Alertmanager would send it.",
    text: `curl -sS ${base}/ingest/alertmanager/${key} -H 'content-type: application/json' -d '{
  "version": "4", "status": "firing", "receiver": "muster", "groupKey": "{}:{alertname=\\"DiskFull\\"}",
  "groupLabels": { "alertname": "DiskFull" }, "commonLabels": {}, "commonAnnotations": {}, "externalURL": "",
  "alerts": [ {
    "status": "firing", "fingerprint": "b3f1c0de00000001",
    "labels": { "alertname": "DiskFull", "instance": "db1", "severity": "critical" },
    "annotations": { "summary": "Disk almost full on db1" },
    "startsAt": "${STARTS_AT}", "endsAt": "0001-01-01T00:00:00Z"
  } ]
}'`,
  };
}

/** A fixed instant in the past, so that a pasted example is the same alert each time. */
const STARTS_AT = "2026-01-01T00:00:00Z";

function prometheus(base: string, key: string): Snippet {
  const url = new URL(base);
  const prefix = `${url.pathname.replace(/\/+$/, "")}/ingest/prometheus/${key}`;
  return {
    title: "Prometheus, directly",
    where: "In prometheus.yml. No Alertmanager is needed between.",
    text: `alerting:
  alertmanagers:
    - scheme: ${url.protocol.replace(":", "")}
      path_prefix: ${prefix}
      api_version: v2
      static_configs:
        - targets: ["${url.host}${defaultPort(url)}"]`,
  };
}

/** Prometheus assumes port 80 for http only when told nothing; saying it avoids the guess. */
function defaultPort(url: URL): string {
  if (url.port) return "";
  return url.protocol === "https:" ? ":443" : ":80";
}

function prometheusCurl(base: string, key: string): Snippet {
  return {
    title: "By hand",
    where: "Run it in a shell: one alert, as Prometheus would send it.",
    text: `curl -sS ${base}/ingest/prometheus/${key}/api/v2/alerts -H 'content-type: application/json' -d '[ {
  "labels": { "alertname": "DiskFull", "instance": "db1", "severity": "critical" },
  "annotations": { "summary": "Disk almost full on db1" }
} ]'`,
  };
}

function generic(url: string): Snippet {
  return {
    title: "Generic JSON",
    where: "Run it in a shell. Send the same dedup with action resolve when it is over.",
    text: `curl -sS ${url} -H 'content-type: application/json' -d '{
  "summary": "Disk almost full on db1",
  "action": "trigger",
  "dedup": "disk-db1",
  "severity": "critical",
  "details": { "free": "3 %" }
}'`,
  };
}

/** By mail where the server receives mail, and always by handing over the letter itself. */
function email(url: string, door: string): Snippet[] {
  const byHand: Snippet = {
    title: "A letter over HTTP",
    where: "Run it in a shell, or in a rule of your mail server. The body is the letter as it is.",
    text: `printf 'Subject: Disk almost full on db1\\nX-Muster-Severity: critical\\n\\n3 %% free\\n' |
  curl -sS ${door} -H 'content-type: message/rfc822' --data-binary @-`,
  };
  const [local, domain] = url.split("@");
  if (!local || !domain) return [byHand];
  return [
    {
      title: "Mail",
      where: "Where your monitoring mails to. What stands behind the + is the key of the alert.",
      text: `${local}@${domain}\n${local}+disk-db1@${domain}`,
    },
    byHand,
  ];
}
