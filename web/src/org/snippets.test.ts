import { expect, it } from "vitest";
import type { Integration } from "@/api/types";
import { snippets } from "./snippets";

function integration(type: string): Integration {
  return { name: type, type, key: "KEY-12345678", url: "", last_received_at: null };
}

it("gives Prometheus a target with a port and the key in the prefix", () => {
  const [direct] = snippets(integration("prometheus"), "https://muster.example.com/");
  expect(direct?.text).toContain('targets: ["muster.example.com:443"]');
  expect(direct?.text).toContain("path_prefix: /ingest/prometheus/KEY-12345678");
  expect(direct?.text).toContain("scheme: https");
});

it("keeps an explicit port", () => {
  const [direct] = snippets(integration("prometheus"), "http://127.0.0.1:8080");
  expect(direct?.text).toContain('targets: ["127.0.0.1:8080"]');
});

it("writes the JSON in every curl so that it parses", () => {
  for (const type of ["pagerduty", "alertmanager", "prometheus", "generic"]) {
    for (const { text } of snippets(integration(type), "https://muster.example.com")) {
      const body = /-d '([\s\S]*)'$/.exec(text)?.[1];
      if (body) expect(() => JSON.parse(body)).not.toThrow();
    }
  }
});

it("prefers the address the server gave", () => {
  const own = { ...integration("generic"), url: "https://m.example.com/ingest/generic/abc" };
  expect(snippets(own, "https://other.example.com")[0]?.text).toContain(
    "https://m.example.com/ingest/generic/abc",
  );
});
