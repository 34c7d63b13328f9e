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

it("shows the mail address where the server has one, and always the way over HTTP", () => {
  const none = snippets(integration("email"), "https://m.example.com");
  expect(none.map(({ title }) => title)).toEqual(["A letter over HTTP"]);
  expect(none[0]?.text).toContain("https://m.example.com/ingest/email/KEY-12345678");
  const own = { ...integration("email"), url: "KEY-12345678@alerts.example.com" };
  expect(snippets(own, "https://m.example.com")[0]?.text).toContain(
    "KEY-12345678+disk-db1@alerts.example.com",
  );
});
