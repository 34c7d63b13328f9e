/** How the reader is reached: methods with their codes, which is tried when, language and quiet hours. */
import { useQuery, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { toast } from "sonner";
import { post, put, remove } from "@/api/client";
import { explain } from "@/api/problem";
import * as queries from "@/api/queries";
import type { ContactRule, Contacts, OwnMethod } from "@/api/types";
import { Empty, Fact, Facts, Panel, Shown, Tag } from "@/ui/block";
import { Button } from "@/ui/button";
import { FormDialog } from "@/ui/dialog";
import { filled, needed, SelectField, TextField } from "@/ui/form";
import { duration } from "@/ui/format";
import { OkGlyph } from "@/ui/glyph";

/** The delays that can be chosen, in seconds. */
const DELAYS = [0, 60, 120, 180, 300, 600, 900, 1800];

export function ReachPanel({ me }: { me: string }) {
  const client = useQueryClient();
  const contacts = useQuery(queries.contacts(me));
  const [adding, setAdding] = useState(false);
  const refresh = async () => {
    await client.invalidateQueries({ queryKey: ["users", me] });
  };
  return (
    <Panel
      title="How you are reached"
      flush
      aside={<Button onClick={() => setAdding(true)}>Add a method</Button>}
    >
      <Shown read={contacts} what="your contact methods">
        {(data) => (
          <>
            {data.methods.length === 0 ? (
              <Empty title="You cannot be paged">
                <p>Add a method, and give the code that arrives there.</p>
              </Empty>
            ) : (
              <ul className="divide-y">
                {data.methods.map((method) => (
                  <MethodRow key={method.name} me={me} method={method} changed={refresh} />
                ))}
              </ul>
            )}
            <Rules me={me} contacts={data} changed={refresh} />
            {adding ? (
              <AddMethod me={me} contacts={data} done={() => setAdding(false)} changed={refresh} />
            ) : null}
          </>
        )}
      </Shown>
    </Panel>
  );
}

function MethodRow({ me, method, changed }: { me: string; method: OwnMethod; changed: () => Promise<void> }) {
  const [busy, setBusy] = useState(false);
  const [verifying, setVerifying] = useState(false);
  const path = { name: me, method: method.name };
  const act = async (what: () => Promise<unknown>, said: string) => {
    setBusy(true);
    try {
      await what();
      await changed();
      toast.success(said);
    } catch (error) {
      toast.error(explain(error));
    } finally {
      setBusy(false);
    }
  };
  const verify = async (form: FormData) => {
    await post("/users/{name}/contact-methods/{method}/verify", {
      path,
      body: { code: needed(form, "code") },
    });
    await changed();
    toast.success(`Pages can reach you by ${method.name} now.`);
  };
  const hidden = <span className="sr-only"> by {method.name}</span>;
  return (
    <li className="flex flex-wrap items-center gap-x-3 gap-y-2 px-4 py-3">
      <div className="min-w-0 flex-1 basis-60">
        <p className="flex flex-wrap items-center gap-2">
          <span className="font-semibold">{method.name}</span>
          <Tag>{method.type}</Tag>
          {method.critical ? <Tag>critical</Tag> : null}
          {method.own ? null : <Tag>from the configuration</Tag>}
        </p>
        <p className="text-13 break-all text-muted">{method.address}</p>
        <p className="text-13 text-muted">At night: {method.at_night}</p>
      </div>
      <span className="inline-flex items-center gap-1 text-13">
        {method.disabled ? (
          `gets nothing: ${method.disabled}`
        ) : method.verified ? (
          <>
            <OkGlyph /> verified
          </>
        ) : (
          "waits for its code"
        )}
      </span>
      {method.disabled ? (
        <Button
          disabled={busy}
          onClick={() =>
            void act(
              () => post("/users/{name}/contact-methods/{method}/enable", { path }),
              `${method.name} gets pages again.`,
            )
          }
        >
          Enable<span className="sr-only"> {method.name}</span>
        </Button>
      ) : null}
      {method.verified ? (
        <Button
          disabled={busy}
          onClick={() =>
            void act(
              () => post("/users/{name}/contact-methods/{method}/test", { path }),
              `A test is on its way by ${method.name}. Check that it arrived.`,
            )
          }
        >
          Send test{hidden}
        </Button>
      ) : (
        <>
          <Button onClick={() => setVerifying(true)}>
            Enter the code<span className="sr-only"> of {method.name}</span>
          </Button>
          <Button
            disabled={busy}
            onClick={() =>
              void act(
                () => post("/users/{name}/contact-methods/{method}/code", { path }),
                "Another code is on its way.",
              )
            }
          >
            Send again{hidden}
          </Button>
        </>
      )}
      {method.own ? (
        <Button
          disabled={busy}
          onClick={() =>
            void act(
              () => remove("/users/{name}/contact-methods/{method}", { path }),
              `${method.name} is removed.`,
            )
          }
        >
          Remove<span className="sr-only"> {method.name}</span>
        </Button>
      ) : null}
      {verifying ? (
        <FormDialog
          open
          onOpenChange={setVerifying}
          title={`The code of ${method.name}`}
          description={`Six digits were sent to ${method.address}. They are good for ten minutes.`}
          submit="Verify"
          onSubmit={verify}
        >
          <TextField label="Code" name="code" inputMode="numeric" autoComplete="one-time-code" required />
        </FormDialog>
      ) : null}
    </li>
  );
}

interface Editing {
  me: string;
  contacts: Contacts;
  changed: () => Promise<void>;
}

function AddMethod({ me, contacts, changed, done }: Editing & { done: () => void }) {
  const [type, setType] = useState(contacts.channels[0]?.type ?? "");
  const chosen = contacts.channels.find((channel) => channel.type === type);
  const add = async (form: FormData) => {
    await post("/users/{name}/contact-methods", {
      path: { name: me },
      body: { name: needed(form, "name"), type, address: needed(form, "address") },
    });
    await changed();
    toast.success("A code is on its way. Enter it once it arrived.");
  };
  return (
    <FormDialog
      open
      onOpenChange={(open) => !open && done()}
      title="Add a method"
      submit="Send a code"
      onSubmit={add}
    >
      <SelectField
        label="Way"
        value={type}
        onChange={(event) => setType(event.target.value)}
        hint={chosen ? `At night: ${chosen.at_night}.` : "Nobody carries messages here yet."}
      >
        {contacts.channels.map((channel) => (
          <option key={channel.type}>{channel.type}</option>
        ))}
      </SelectField>
      <TextField label="Name" name="name" required placeholder="phone" />
      <TextField label="Address" name="address" required placeholder="+4915112345678" />
    </FormDialog>
  );
}

function Rules({ me, contacts, changed }: Editing) {
  const [editing, setEditing] = useState<"high" | "low" | null>(null);
  const [choosing, setChoosing] = useState(false);
  const said = (rules: ContactRule[]) =>
    rules
      .map(
        ({ after_seconds, method }) =>
          `${method} ${after_seconds === 0 ? "at once" : `after ${duration(after_seconds)}`}`,
      )
      .join(", then ") || "every method at once";
  const quiet = contacts.quiet_hours;
  const language = contacts.languages.find(({ code }) => code === contacts.language);
  return (
    <div className="border-t p-4">
      <Facts>
        <Fact name="When high">{said(contacts.high)}</Fact>
        <Fact name="When low">{said(contacts.low)}</Fact>
        <Fact name="Quiet hours">{quiet ? `${quiet.from} to ${quiet.to}; what can wait does` : "none"}</Fact>
        <Fact name="Texts and calls">{language?.name ?? contacts.language}</Fact>
      </Facts>
      <div className="mt-4 flex flex-wrap gap-2">
        <Button onClick={() => setEditing("high")}>Change urgent</Button>
        <Button onClick={() => setEditing("low")}>Change what can wait</Button>
        <Button onClick={() => setChoosing(true)}>Quiet hours and language</Button>
      </div>
      {editing ? (
        <RulesDialog
          me={me}
          contacts={contacts}
          changed={changed}
          urgency={editing}
          done={() => setEditing(null)}
        />
      ) : null}
      {choosing ? (
        <Preferences me={me} contacts={contacts} changed={changed} done={() => setChoosing(false)} />
      ) : null}
    </div>
  );
}

function RulesDialog({
  me,
  contacts,
  changed,
  urgency,
  done,
}: Editing & { urgency: "high" | "low"; done: () => void }) {
  const usable = contacts.methods.filter((method) => method.verified && !method.disabled);
  const now = new Map(contacts[urgency].map(({ method, after_seconds }) => [method, after_seconds]));
  const save = async (form: FormData) => {
    const rules = usable.flatMap(({ name }) => {
      const after = filled(form, `after-${name}`);
      return after === undefined ? [] : [{ method: name, after_seconds: Number(after) }];
    });
    await put("/users/{name}/notification-rules", { path: { name: me }, body: { [urgency]: rules } });
    await changed();
    toast.success("Your rules are kept.");
  };
  return (
    <FormDialog
      open
      onOpenChange={(open) => !open && done()}
      title={urgency === "high" ? "When it is urgent" : "When it can wait"}
      description="Each method is tried that long after the page, until you answer."
      submit="Save"
      onSubmit={save}
    >
      {usable.map(({ name, type }) => (
        <SelectField
          key={name}
          label={`${name} (${type})`}
          name={`after-${name}`}
          defaultValue={now.has(name) ? String(now.get(name)) : ""}
        >
          <option value="">not at all</option>
          {[...new Set([...DELAYS, ...(now.has(name) ? [now.get(name) ?? 0] : [])])]
            .sort((a, b) => a - b)
            .map((seconds) => (
              <option key={seconds} value={seconds}>
                {seconds === 0 ? "at once" : `after ${duration(seconds)}`}
              </option>
            ))}
        </SelectField>
      ))}
    </FormDialog>
  );
}

function Preferences({ me, contacts, changed, done }: Editing & { done: () => void }) {
  const save = async (form: FormData) => {
    const [from, to] = [filled(form, "from"), filled(form, "to")];
    await put("/users/{name}/preferences", {
      path: { name: me },
      body: {
        language: filled(form, "language") ?? null,
        quiet_hours: from && to ? { from, to } : null,
      },
    });
    await changed();
    toast.success("Kept.");
  };
  return (
    <FormDialog
      open
      onOpenChange={(open) => !open && done()}
      title="Quiet hours and language"
      description="Pages that can wait do wait until your quiet hours end. Urgent ones never do."
      submit="Save"
      onSubmit={save}
    >
      <div className="grid grid-cols-2 gap-3">
        <TextField label="Quiet from" name="from" type="time" defaultValue={contacts.quiet_hours?.from} />
        <TextField label="Quiet to" name="to" type="time" defaultValue={contacts.quiet_hours?.to} />
      </div>
      <SelectField label="Texts and calls in" name="language" defaultValue={contacts.language}>
        {contacts.languages.map(({ code, name }) => (
          <option key={code} value={code}>
            {name}
          </option>
        ))}
      </SelectField>
    </FormDialog>
  );
}
