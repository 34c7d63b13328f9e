/**
 * Sends a real test signal and follows it through the whole pipeline: received,
 * digested, incident, page. Live events move it on; a slow poll stands in for
 * them when the stream is down.
 */
import { useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { useState } from "react";
import { toast } from "sonner";
import { post } from "@/api/client";
import { explain } from "@/api/problem";
import * as queries from "@/api/queries";
import type { Page, TestSent } from "@/api/types";
import { Button } from "@/ui/button";
import { SelectField } from "@/ui/form";
import { OkGlyph } from "@/ui/glyph";
import { SEVERITIES } from "@/ui/severity";
import { progress, type Step } from "./test-progress";

const POLL_MS = 2_000;

export function TestAlert({ service, integration }: { service: string; integration: string }) {
  const [severity, setSeverity] = useState("");
  const [sent, setSent] = useState<TestSent | null>(null);
  const [busy, setBusy] = useState(false);
  const send = async (resolve: boolean) => {
    setBusy(true);
    try {
      const answer = await post("/services/{name}/integrations/{integration}/test", {
        path: { name: service, integration },
        body: { severity: severity ? Number(severity) : undefined, resolve },
      });
      if (resolve) toast.success("The test alert is over. Its incident resolves if nothing else holds it.");
      else setSent(answer);
    } catch (error) {
      toast.error(explain(error));
    } finally {
      setBusy(false);
    }
  };
  return (
    <section aria-label="Test" className="rounded-sm border p-4">
      <div className="flex flex-wrap items-end gap-3">
        <SelectField
          label="Severity of the test"
          value={severity}
          onChange={(event) => setSeverity(event.target.value)}
          className="min-w-52"
        >
          <option value="">As the service maps it</option>
          {SEVERITIES.map(({ level, name }) => (
            <option key={level} value={level}>
              {level} {name}
            </option>
          ))}
        </SelectField>
        <Button emphasis="primary" className="min-h-10" disabled={busy} onClick={() => void send(false)}>
          Send test alert
        </Button>
        {sent ? (
          <Button className="min-h-10" disabled={busy} onClick={() => void send(true)}>
            Resolve the test
          </Button>
        ) : null}
      </div>
      <p className="mt-2 text-13 text-muted">
        It takes the whole way, so it pages whoever is on call, as a real alert would.
      </p>
      {sent ? <Progress key={sent.message} sent={sent} /> : null}
    </section>
  );
}

function Progress({ sent }: { sent: TestSent }) {
  const message = useQuery({
    ...queries.message(sent.message),
    refetchInterval: (query) =>
      query.state.data?.state === "pending" || !query.state.data ? POLL_MS : false,
  });
  const number = message.data?.outcome.find((outcome) => outcome.incident !== null)?.incident ?? null;
  const incident = useQuery({ ...queries.incident(String(number)), enabled: number !== null });
  const pages = useQuery({
    ...queries.incidentPages(String(number)),
    enabled: number !== null,
    refetchInterval: (query) => (settled(query.state.data?.items) ? false : POLL_MS),
  });
  const steps = progress(message.data, incident.data, pages.data?.items);
  return (
    <div className="mt-4 border-t pt-4" role="status" aria-label="Progress of the test alert">
      <ol className="flex flex-col gap-2">
        {steps.map((step) => (
          <StepLine key={step.name} step={step} />
        ))}
      </ol>
      {incident.data ? (
        <Link
          to="/incidents/$number"
          params={{ number: String(incident.data.number) }}
          className="link tap mt-3 inline-flex items-center"
        >
          Open incident #{incident.data.number}
        </Link>
      ) : null}
    </div>
  );
}

function settled(pages: Page[] | undefined): boolean {
  return (pages ?? []).some((page) => page.state !== "pending");
}

function StepLine({ step }: { step: Step }) {
  return (
    <li className="flex items-center gap-2">
      {step.state === "done" ? (
        <OkGlyph />
      ) : (
        <svg viewBox="0 0 16 16" className="size-4 shrink-0 text-muted" aria-hidden="true">
          {step.state === "failed" ? (
            <path d="m4 4 8 8M12 4l-8 8" fill="none" stroke="currentColor" strokeWidth="2" />
          ) : (
            <circle
              cx="8"
              cy="8"
              r="5"
              fill="none"
              stroke="currentColor"
              strokeWidth="1.6"
              strokeDasharray="3 2.2"
            />
          )}
        </svg>
      )}
      <span className={step.state === "waiting" ? "text-muted" : undefined}>
        <span className="font-medium">{step.name}</span>
        {step.detail ? <span className="text-muted">: {step.detail}</span> : null}
      </span>
    </li>
  );
}
