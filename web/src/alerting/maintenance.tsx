/** Planned work: what is muted now, what is planned, by day, and a form that shows what it would mute. */
import { useInfiniteQuery, useQuery, useQueryClient } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { useState } from "react";
import { toast } from "sonner";
import { post } from "@/api/client";
import { explain } from "@/api/problem";
import * as queries from "@/api/queries";
import type { MaintenanceWindow, WindowPreview } from "@/api/types";
import { Empty, Panel, ScreenHead, Shown, Tag } from "@/ui/block";
import { Button } from "@/ui/button";
import { nowMs } from "@/ui/clock";
import { FormDialog } from "@/ui/dialog";
import { filled, needed, SelectField, TextField } from "@/ui/form";
import { count } from "@/ui/format";
import { More } from "@/ui/more";
import { Time, useZone } from "@/ui/time";
import { daysFrom, instantOf } from "@/ui/zoned";

const LENGTHS = ["30m", "1h", "2h", "4h", "8h", "1d", "3d", "1w"];
const DAYS_AHEAD = 14;

export default function Maintenance() {
  const [over, setOver] = useState(false);
  const [planning, setPlanning] = useState(false);
  const list = useInfiniteQuery(queries.maintenance(over));
  return (
    <>
      <ScreenHead title="Maintenance">
        <Button onClick={() => setOver(!over)} aria-pressed={over}>
          {over ? "Hide what is over" : "Show what is over"}
        </Button>
        <Button emphasis="primary" onClick={() => setPlanning(true)}>
          Plan a window
        </Button>
      </ScreenHead>
      <Shown read={list} what="maintenance windows">
        {({ pages }) => {
          const windows = pages.flatMap((page) => page.items);
          if (windows.length === 0) {
            return (
              <div className="panel">
                <Empty title="Nothing is planned">
                  <p>
                    During a window alerts are recorded and page nobody. What still fires at its end pages
                    then.
                  </p>
                  <Button onClick={() => setPlanning(true)}>Plan a window</Button>
                </Empty>
              </div>
            );
          }
          return (
            <div className="grid items-start gap-4 lg:grid-cols-[minmax(0,2fr)_minmax(0,1fr)]">
              <div>
                <ul className="panel divide-y" aria-label="Maintenance windows">
                  {windows.map((window) => (
                    <WindowRow key={window.id} window={window} />
                  ))}
                </ul>
                <More list={list} />
              </div>
              <Ahead windows={windows} />
            </div>
          );
        }}
      </Shown>
      {planning ? <Plan onOpenChange={setPlanning} /> : null}
    </>
  );
}

const STATES = { planned: "Planned", in_force: "In force", over: "Over" };

function WindowRow({ window }: { window: MaintenanceWindow }) {
  const client = useQueryClient();
  const [extending, setExtending] = useState(false);
  const refresh = async () => {
    await client.invalidateQueries({ queryKey: ["maintenance"] });
    await client.invalidateQueries({ queryKey: ["alerts"] });
  };
  const end = async () => {
    try {
      await post("/maintenance/{id}/end", { path: { id: window.id } });
      await refresh();
      toast.success("The window is over. What still fires pages now.");
    } catch (error) {
      toast.error(explain(error));
    }
  };
  const extend = async (form: FormData) => {
    await post("/maintenance/{id}/extend", { path: { id: window.id }, body: { by: needed(form, "by") } });
    await refresh();
  };
  return (
    <li className="flex flex-wrap items-center gap-x-4 gap-y-2 px-4 py-3">
      <div className="min-w-0 flex-1 basis-64">
        <p className="flex flex-wrap items-center gap-2">
          <span className="font-semibold">{window.reason}</span> <Tag>{STATES[window.state]}</Tag>
        </p>
        <p className="text-13 text-muted">
          <About window={window} />
        </p>
        {window.public_title ? (
          <p className="text-13 text-muted">on status pages as “{window.public_title}”</p>
        ) : null}
        <p className="text-13 text-muted">
          <Time at={window.from} show="clock" /> to <Time at={window.to} />, planned by {window.created_by}
          {window.ended_by ? `, ended by ${window.ended_by}` : null}
        </p>
        {window.muted > 0 ? (
          <Link to="/alerts" search={{ q: "held:maintenance status:suppressed" }} className="link text-13">
            {count(window.muted, "alert")} muted now
          </Link>
        ) : null}
      </div>
      {window.state === "over" ? null : (
        <div className="flex gap-2">
          <Button onClick={() => setExtending(true)}>
            Extend<span className="sr-only"> {window.reason}</span>
          </Button>
          <Button onClick={() => void end()}>
            End now<span className="sr-only">: {window.reason}</span>
          </Button>
        </div>
      )}
      {extending ? (
        <FormDialog
          open
          onOpenChange={setExtending}
          title={`Extend "${window.reason}"`}
          submit="Extend"
          onSubmit={extend}
        >
          <Length name="by" label="By" />
        </FormDialog>
      ) : null}
    </li>
  );
}

function About({ window }: { window: MaintenanceWindow }) {
  return (
    <>
      {window.services.length > 0 ? window.services.join(", ") : "any service"}
      {window.when ? (
        <>
          {" "}
          where <code className="break-words">{window.when}</code>
        </>
      ) : null}
    </>
  );
}

function Length({ name, label }: { name: string; label: string }) {
  return (
    <SelectField label={label} name={name} defaultValue="2h">
      {LENGTHS.map((length) => (
        <option key={length}>{length}</option>
      ))}
    </SelectField>
  );
}

/** The next days that have a window in them. */
function Ahead({ windows }: { windows: MaintenanceWindow[] }) {
  const zone = useZone();
  const days = daysFrom(nowMs(), zone, DAYS_AHEAD)
    .map((day) => ({
      ...day,
      windows: windows.filter(({ from, to }) => Date.parse(from) < day.to && Date.parse(to) > day.from),
    }))
    .filter((day) => day.windows.length > 0);
  return (
    <Panel title="The next 14 days">
      {days.length === 0 ? (
        <p className="text-muted">Nothing is planned in this time.</p>
      ) : (
        <ul className="flex flex-col gap-3">
          {days.map((day) => (
            <li key={day.date}>
              <h3 className="font-semibold">{dayName(day.date)}</h3>
              <ul>
                {day.windows.map((window) => (
                  <li key={window.id} className="text-13">
                    <Time at={window.from} show="clock" /> to <Time at={window.to} show="clock" />:{" "}
                    {window.reason}
                  </li>
                ))}
              </ul>
            </li>
          ))}
        </ul>
      )}
    </Panel>
  );
}

function dayName(date: string): string {
  const options = { weekday: "long", day: "numeric", month: "long", timeZone: "UTC" } as const;
  return new Date(`${date}T12:00Z`).toLocaleDateString("en-GB", options);
}

function Plan({ onOpenChange }: { onOpenChange: (open: boolean) => void }) {
  const client = useQueryClient();
  const zone = useZone();
  const services = useQuery(queries.services());
  const [preview, setPreview] = useState<WindowPreview | null>(null);
  const wanted = (form: FormData) => {
    const from = filled(form, "from");
    const service = filled(form, "service");
    return {
      reason: needed(form, "reason"),
      services: service ? [service] : [],
      when: filled(form, "when"),
      public_title: filled(form, "public_title"),
      from: from ? new Date(instantOf(from, zone)).toISOString() : undefined,
      for: needed(form, "for"),
    };
  };
  const submit = async (form: FormData) => {
    if (filled(form, "seen") !== "yes") {
      setPreview(await post("/maintenance/preview", { body: wanted(form) }));
      throw new Error("Look at what it would mute, then plan it.");
    }
    await post("/maintenance", { body: wanted(form) });
    await client.invalidateQueries({ queryKey: ["maintenance"] });
    toast.success("The window is planned.");
  };
  return (
    <FormDialog
      open
      onOpenChange={onOpenChange}
      title="Plan a maintenance window"
      description="Alerts that begin during it are recorded as suppressed and page nobody."
      submit={preview ? "Plan it" : "Show what it would mute"}
      onSubmit={submit}
    >
      <TextField label="Why" name="reason" required maxLength={500} placeholder="New disks in eu-1" />
      <SelectField label="Service" name="service" defaultValue="" onChange={() => setPreview(null)}>
        <option value="">Any, by the rule below</option>
        {(services.data?.items ?? []).map(({ name }) => (
          <option key={name}>{name}</option>
        ))}
      </SelectField>
      <TextField
        label="Only alerts that match (optional)"
        name="when"
        placeholder={'labels.cluster == "eu-1"'}
        hint="A rule as in the configuration."
        onChange={() => setPreview(null)}
      />
      <TextField label="From" name="from" type="datetime-local" hint={`In ${zone} time; empty means now.`} />
      <Length name="for" label="For" />
      <TextField
        label="Public title (optional)"
        name="public_title"
        maxLength={120}
        hint="What status pages call it; they show no window without."
      />
      <input type="hidden" name="seen" value={preview ? "yes" : ""} />
      {preview ? <Muted preview={preview} /> : null}
    </FormDialog>
  );
}

function Muted({ preview }: { preview: WindowPreview }) {
  return (
    <div role="status" className="rounded-sm border p-3">
      <p className="font-semibold">
        {count(preview.count, "alert")} of the last seven days would have been muted
        {preview.more ? ", as far as could be looked at" : ""}.
      </p>
      {preview.firing > 0 ? (
        <p className="text-13 text-muted">
          {count(preview.firing, "of them still fires", "of them still fire")}; their incidents go on.
        </p>
      ) : null}
      <ul className="mt-2 text-13">
        {preview.alerts.slice(0, 8).map((alert) => (
          <li key={alert.id} className="line-clamp-1">
            {alert.service}: {alert.summary}
          </li>
        ))}
      </ul>
    </div>
  );
}
