/**
 * Who works on the incident: for which team and why, how their own services are, who is waited for
 * and who was let go. Whoever joins is asked how their services are at once.
 */
import { useQuery, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { post } from "@/api/client";
import * as queries from "@/api/queries";
import type { Engaged, Expected, HealthCheck, Incident, Roster as RosterOf } from "@/api/types";
import { Empty, Shown, Tag } from "@/ui/block";
import { Button } from "@/ui/button";
import { FormDialog } from "@/ui/dialog";
import { filled, needed, SelectField, TextField } from "@/ui/form";
import { Countdown, Time } from "@/ui/time";
import { useCommands } from "./commands";
import { isOpen } from "./moves";

const HEALTH_WORD: Record<HealthCheck["health"], string> = {
  healthy: "healthy",
  degraded: "degraded",
  unhealthy: "unhealthy",
  unknown: "nobody can tell",
};

export function Roster({ incident }: { incident: Incident }) {
  const number = String(incident.number);
  const roster = useQuery(queries.incidentRoster(number));
  const session = useQuery(queries.session());
  const me = session.data?.user.name;
  return (
    <Shown read={roster} what="the roster">
      {(data) => <Everybody incident={incident} roster={data} me={me} />}
    </Shown>
  );
}

function Everybody({
  incident,
  roster,
  me,
}: {
  incident: Incident;
  roster: RosterOf;
  me: string | undefined;
}) {
  const { run } = useCommands();
  const open = isOpen(incident);
  const { here, awaited, released } = roster;
  const join =
    open && me && !here.some(({ user }) => user === me) ? (
      <Button emphasis="primary" onClick={() => void run(incident, "check-in")}>
        I am here
      </Button>
    ) : null;
  if (here.length + awaited.length + released.length === 0) {
    return (
      <Empty title="Nobody is here yet">
        <p>Whoever checks in stands here, with their team and how their services are.</p>
        {join}
      </Empty>
    );
  }
  return (
    <>
      {join ? <div className="border-b px-4 py-3">{join}</div> : null}
      <ul className="divide-y">
        {here.map((one) => (
          <Here key={one.user} incident={incident} one={one} me={me} open={open} />
        ))}
        {awaited.map((one) => (
          <Awaited key={one.user} one={one} />
        ))}
        {released.map((one) => (
          <Gone key={`${one.user} ${one.released_at}`} one={one} />
        ))}
      </ul>
    </>
  );
}

interface HereProps {
  incident: Incident;
  one: Engaged;
  me: string | undefined;
  open: boolean;
}

function Here({ incident, one, me, open }: HereProps) {
  const client = useQueryClient();
  const [asking, setAsking] = useState<"health" | "release" | "team" | null>(null);
  const number = String(incident.number);
  const path = { incident: number, user: one.user };
  const keep = (answer: RosterOf) => {
    client.setQueryData(queries.incidentRoster(number).queryKey, answer);
    void client.invalidateQueries({ queryKey: ["incident", number] });
  };
  const mine = one.user === me;
  const ask = (what: typeof asking) => (next: boolean) => setAsking(next ? what : null);
  return (
    <li className="flex flex-col gap-1.5 px-4 py-3">
      <p className="flex flex-wrap items-baseline gap-x-2">
        <span className="font-semibold">{one.full_name}</span>
        <span className="text-muted">{one.team ?? "no team said"}</span>
        {one.roles.map((role) => (
          <Tag key={role}>{role}</Tag>
        ))}
      </p>
      <p className="text-13 text-muted">
        since <Time at={one.since} show="clock" focusable />
        {one.late ? ", later than asked for" : ""} · {one.why ?? "came by themselves"}
      </p>
      {one.checks.length > 0 ? (
        <Checks checks={one.checks} />
      ) : (
        <p className={mine ? "border-l-2 border-text pl-2 font-medium" : "text-13 text-muted"}>
          {mine
            ? `How is ${one.asked.join(", ")}? Look at once and say so.`
            : `asked how ${one.asked.join(", ")} is`}
        </p>
      )}
      {open ? (
        <div className="flex flex-wrap gap-2">
          <Button
            emphasis={mine && one.unchecked ? "primary" : "plain"}
            onClick={() => setAsking("health")}
            aria-label={`Record health of ${one.full_name}`}
          >
            Record health
          </Button>
          {mine && one.teams.length > 1 ? (
            <Button emphasis="quiet" onClick={() => setAsking("team")}>
              Another team
            </Button>
          ) : null}
          <Button
            emphasis="quiet"
            onClick={() => setAsking("release")}
            aria-label={`${mine ? "Leave:" : "Release"} ${one.full_name}`}
          >
            {mine ? "Leave" : "Release"}
          </Button>
        </div>
      ) : null}
      <FormDialog
        open={asking === "health"}
        onOpenChange={ask("health")}
        title={mine ? "How are your services?" : `How are the services of ${one.full_name}?`}
        submit="Record"
        onSubmit={async (form) => {
          const service = filled(form, "service");
          const health = needed(form, "health") as HealthCheck["health"];
          const body = { services: service ? [service] : [], health, note: filled(form, "note") ?? null };
          keep(await post("/incidents/{incident}/roster/{user}/health", { path, body }));
        }}
      >
        <SelectField label="Service" name="service">
          {one.asked.length > 1 ? <option value="">All of them</option> : null}
          {one.asked.map((service) => (
            <option key={service}>{service}</option>
          ))}
        </SelectField>
        <SelectField label="How it is" name="health">
          {Object.entries(HEALTH_WORD).map(([value, word]) => (
            <option key={value} value={value}>
              {word}
            </option>
          ))}
        </SelectField>
        <TextField label="What you see" name="note" maxLength={500} hint="May be left empty." />
      </FormDialog>
      <FormDialog
        open={asking === "team"}
        onOpenChange={ask("team")}
        title="For which team are you here?"
        submit="Say so"
        onSubmit={async (form) => {
          const body = { team: needed(form, "team") };
          await post("/incidents/{incident}/check-in", { path: { incident: number }, body });
          void client.invalidateQueries({ queryKey: ["incident", number] });
        }}
      >
        <SelectField label="Team" name="team" defaultValue={one.team ?? undefined}>
          {one.teams.map((team) => (
            <option key={team}>{team}</option>
          ))}
        </SelectField>
      </FormDialog>
      <FormDialog
        open={asking === "release"}
        onOpenChange={ask("release")}
        title={mine ? "Leave the incident?" : `Release ${one.full_name}?`}
        description={
          one.unchecked
            ? "No health check is recorded since they joined. Record one first, or say why none is needed."
            : "The time is written down. Whoever is released can come back at any time."
        }
        submit={mine ? "Leave" : "Release"}
        onSubmit={async (form) => {
          const body = { waive: filled(form, "waive") ?? null };
          keep(await post("/incidents/{incident}/roster/{user}/release", { path, body }));
        }}
      >
        {one.unchecked ? (
          <TextField label="Why no health check is needed" name="waive" required maxLength={500} />
        ) : null}
      </FormDialog>
    </li>
  );
}

function Checks({ checks }: { checks: HealthCheck[] }) {
  return (
    <ul className="text-13">
      {checks.map((check) => (
        <li key={check.service}>
          <span className={check.health === "healthy" ? undefined : "font-semibold"}>
            {check.service}: {HEALTH_WORD[check.health]}
          </span>
          {check.note ? `, ${check.note}` : ""}{" "}
          <Time at={check.at} show="clock" className="text-muted" focusable />
        </li>
      ))}
    </ul>
  );
}

function Awaited({ one }: { one: Expected }) {
  return (
    <li className="flex flex-wrap items-baseline justify-between gap-x-4 px-4 py-3">
      <span>
        <span className="font-semibold">{one.full_name}</span>{" "}
        <span className="text-muted">is waited for{one.why ? ` · ${one.why}` : ""}</span>
      </span>
      <span className="text-13">
        {one.late ? <strong>late, due </strong> : <Countdown to={one.due_at} passed="now" />}{" "}
        <Time at={one.due_at} show="clock" className="text-muted" focusable />
      </span>
    </li>
  );
}

function Gone({ one }: { one: Engaged }) {
  return (
    <li className="flex flex-col gap-1 px-4 py-3 text-muted">
      <p>
        <span className="font-semibold">{one.full_name}</span> released{" "}
        <Time at={one.released_at ?? one.since} show="clock" focusable />
        {one.released_by && one.released_by !== one.user ? ` by ${one.released_by}` : ""}
      </p>
      {one.waived ? (
        <p className="text-13">without a health check: {one.waived}</p>
      ) : (
        <Checks checks={one.checks} />
      )}
    </li>
  );
}
