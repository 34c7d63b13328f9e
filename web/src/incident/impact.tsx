/** How bad it is for whom, whom customer service has to talk to, and what it costs while it lasts. */
import { useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { toast } from "sonner";
import { patch, post } from "@/api/client";
import { explain } from "@/api/problem";
import * as queries from "@/api/queries";
import type { Impact, Incident, Money } from "@/api/types";
import { Empty, Fact, Facts } from "@/ui/block";
import { Button } from "@/ui/button";
import { nowMs, useTicking } from "@/ui/clock";
import { FormDialog } from "@/ui/dialog";
import { filled, needed, SelectField, TextAreaField, TextField } from "@/ui/form";
import { count, money } from "@/ui/format";
import { useCommands } from "./commands";

export function ImpactPanel({ incident }: { incident: Incident }) {
  const { impact } = incident;
  const [telling, setTelling] = useState(false);
  const [losing, setLosing] = useState(false);
  const known = impact.summary !== "" || impact.contact !== null;
  return (
    <div className="flex flex-col gap-4 p-4">
      {known ? (
        <Facts>
          {impact.users !== null ? <Fact name="Users">{impact.users.toLocaleString("en-GB")}</Fact> : null}
          {impact.hosts !== null ? <Fact name="Hosts">{impact.hosts.toLocaleString("en-GB")}</Fact> : null}
          {impact.services.length > 0 ? <Fact name="Also affected">{impact.services.join(", ")}</Fact> : null}
          {impact.customers.length > 0 ? <Fact name="Customers">{impact.customers.join(", ")}</Fact> : null}
          {impact.how_bad ? <Fact name="How bad">{impact.how_bad}</Fact> : null}
          {impact.contact ? (
            <Fact name="Customer service">
              {impact.contact.name}
              {impact.contact.reach ? <span className="text-muted">, {impact.contact.reach}</span> : null}
            </Fact>
          ) : null}
        </Facts>
      ) : (
        <Empty title="Nobody has said how bad it is">
          <p>Who notices, how many, which customers: a guess helps, and it can be known better later.</p>
        </Empty>
      )}
      <div>
        <Button onClick={() => setTelling(true)}>{known ? "Change impact" : "Say how bad it is"}</Button>
      </div>
      <Costs incident={incident} onAdd={() => setLosing(true)} />
      <TellDialog incident={incident} open={telling} onOpenChange={setTelling} />
      <LossDialog incident={incident} open={losing} onOpenChange={setLosing} />
    </div>
  );
}

/** What it costs so far, counted on every second while customers are not well. */
export function RunningCost({ impact }: { impact: Impact }) {
  const [since] = useState({ impact, at: nowMs() });
  // The figure is that of the moment at which it was read.
  if (since.impact !== impact) Object.assign(since, { impact, at: nowMs() });
  const text = useTicking((now) => {
    const minutes = Math.max(0, now - since.at) / 60_000;
    const running = (sum: Money) => {
      const rate = impact.cost_per_minute.find(({ currency }) => currency === sum.currency);
      return money(sum.amount + Math.floor((rate?.amount ?? 0) * minutes), sum.currency);
    };
    return impact.cost.map(running).join(", ");
  });
  const rates = impact.cost_per_minute.map(({ amount, currency }) => money(amount, currency));
  return (
    <span className="tabular-nums">
      <strong>{text}</strong>
      {rates.length > 0 ? <span className="text-muted"> and {rates.join(", ")} a minute</span> : null}
    </span>
  );
}

function Costs({ incident, onAdd }: { incident: Incident; onAdd: () => void }) {
  const { impact } = incident;
  const { changed } = useCommands();
  const strike = async (number: number) => {
    try {
      const path = { incident: incident.number, number };
      changed(await post("/incidents/{incident}/losses/{number}/strike", { path }));
    } catch (error) {
      toast.error(explain(error));
    }
  };
  return (
    <section aria-label="Cost" className="border-t pt-4">
      <h2 className="font-semibold">Cost</h2>
      <p className="mt-1">
        {impact.cost.length > 0 ? (
          <RunningCost impact={impact} />
        ) : (
          <span className="text-muted">
            Nothing is counted: no affected service says what a minute costs, and no loss is listed.
          </span>
        )}
      </p>
      {impact.losses.length > 0 ? (
        <ul className="mt-2 divide-y border-y">
          {impact.losses.map(({ number, what, amount, struck }) => (
            <li key={number} className="flex flex-wrap items-center gap-x-3 py-2">
              <span className={struck ? "text-muted line-through" : undefined}>
                {money(amount.amount, amount.currency)} · {what}
              </span>
              {struck ? (
                <span className="text-13 text-muted">struck</span>
              ) : (
                <Button emphasis="quiet" onClick={() => void strike(number)} aria-label={`Strike ${what}`}>
                  Strike
                </Button>
              )}
            </li>
          ))}
        </ul>
      ) : null}
      <div className="mt-3">
        <Button onClick={onAdd}>Add a loss</Button>
      </div>
    </section>
  );
}

interface DialogProps {
  incident: Incident;
  open: boolean;
  onOpenChange: (open: boolean) => void;
}

function TellDialog({ incident, open, onOpenChange }: DialogProps) {
  const { impact } = incident;
  const { changed } = useCommands();
  const services = useQuery(queries.services());
  const submit = async (form: FormData) => {
    const number = (name: string) => {
      const text = filled(form, name);
      return text === undefined ? null : Number(text);
    };
    const names = (name: string) =>
      (filled(form, name) ?? "")
        .split(/[\n,]/)
        .map((one) => one.trim())
        .filter(Boolean);
    const contact = filled(form, "contact");
    const body = {
      users: number("users"),
      hosts: number("hosts"),
      services: form.getAll("services").map(String),
      customers: names("customers"),
      how_bad: filled(form, "how_bad") ?? null,
      contact: contact ? { name: contact, reach: filled(form, "reach") ?? null } : null,
    };
    changed(await patch("/incidents/{incident}/impact", { path: { incident: incident.number }, body }));
  };
  const others = (services.data?.items ?? []).filter(({ name }) => name !== incident.service);
  return (
    <FormDialog
      open={open}
      onOpenChange={onOpenChange}
      title="How bad is it?"
      description="Guesses are welcome. Everybody sees what changed on the timeline."
      submit="Save"
      onSubmit={submit}
    >
      <div className="grid grid-cols-2 gap-4">
        <TextField
          label="Users"
          name="users"
          type="number"
          min={0}
          inputMode="numeric"
          defaultValue={impact.users ?? ""}
        />
        <TextField
          label="Hosts"
          name="hosts"
          type="number"
          min={0}
          inputMode="numeric"
          defaultValue={impact.hosts ?? ""}
        />
      </div>
      <TextAreaField
        label="How bad"
        name="how_bad"
        rows={2}
        maxLength={2000}
        defaultValue={impact.how_bad ?? ""}
      />
      <TextField
        label="Customers"
        name="customers"
        hint="Separated by commas."
        defaultValue={impact.customers.join(", ")}
      />
      {others.length > 0 ? (
        <SelectField
          label="Other services"
          name="services"
          multiple
          size={Math.min(others.length, 5)}
          className="[&_select]:h-auto"
          hint={`${count(others.length, "service")}; hold Ctrl or ⌘ to pick several.`}
          defaultValue={impact.services}
        >
          {others.map(({ name }) => (
            <option key={name}>{name}</option>
          ))}
        </SelectField>
      ) : null}
      <div className="grid gap-4 sm:grid-cols-2">
        <TextField label="Customer service" name="contact" defaultValue={impact.contact?.name ?? ""} />
        <TextField label="Reached by" name="reach" defaultValue={impact.contact?.reach ?? ""} />
      </div>
    </FormDialog>
  );
}

function LossDialog({ incident, open, onOpenChange }: DialogProps) {
  const { changed } = useCommands();
  const known = incident.impact.cost[0]?.currency ?? "EUR";
  const submit = async (form: FormData) => {
    const body = {
      what: needed(form, "what"),
      amount: Number(needed(form, "amount")),
      currency: needed(form, "currency").toUpperCase(),
    };
    changed(await post("/incidents/{incident}/losses", { path: { incident: incident.number }, body }));
  };
  return (
    <FormDialog
      open={open}
      onOpenChange={onOpenChange}
      title="What else was lost?"
      description="People's time, a penalty, goods. It is added to what the outage costs."
      submit="Add"
      onSubmit={submit}
    >
      <TextField label="What" name="what" required maxLength={200} placeholder="Six people for two hours" />
      <div className="grid grid-cols-2 gap-4">
        <TextField label="Amount" name="amount" type="number" required min={1} inputMode="numeric" />
        <TextField label="Currency" name="currency" required maxLength={3} defaultValue={known} />
      </div>
    </FormDialog>
  );
}
