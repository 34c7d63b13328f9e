/** What belongs to the reader: how they are reached, how the app looks, their session; and the system for those who run it. */
import { useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { toast } from "sonner";
import { post, put, remove } from "@/api/client";
import { explain } from "@/api/problem";
import * as queries from "@/api/queries";
import type { ContactMethod, Session, User } from "@/api/types";
import { useLetterKeys } from "@/shell/keys";
import { type Theme, useTheme } from "@/shell/theme";
import { Empty, Fact, Facts, Panel, ScreenHead, Shown, Tag } from "@/ui/block";
import { Button } from "@/ui/button";
import { FormDialog } from "@/ui/dialog";
import { SelectField, TextField } from "@/ui/form";
import { duration } from "@/ui/format";
import { OkGlyph } from "@/ui/glyph";
import { PushDevices } from "./push-devices";
import { SystemPanel } from "./system";
import { TokensPanel } from "./tokens";

export default function Settings() {
  const session = useQuery(queries.session());
  return (
    <>
      <ScreenHead title="Settings" />
      <Shown read={session} what="your settings">
        {(data) => (
          <div className="grid items-start gap-4 lg:grid-cols-2">
            <div className="flex min-w-0 flex-col gap-4">
              <Reach me={data.user.name} />
              <PushDevices me={data.user.name} />
              <Looks />
            </div>
            <div className="flex min-w-0 flex-col gap-4">
              <Account session={data} />
              {data.user.role === "admin" ? (
                <>
                  <TokensPanel />
                  <SystemPanel />
                </>
              ) : null}
            </div>
          </div>
        )}
      </Shown>
    </>
  );
}

function Reach({ me }: { me: string }) {
  const user = useQuery(queries.user(me));
  return (
    <Panel title="How you are reached" flush>
      <Shown read={user} what="your contact methods">
        {(data) =>
          data.contact_methods.length === 0 ? (
            <Empty title="You cannot be paged">
              <p>
                Add a contact method to yourself in the configuration and run <code>muster apply</code>, or
                ask an administrator.
              </p>
            </Empty>
          ) : (
            <>
              <ul className="divide-y">
                {data.contact_methods.map((method) => (
                  <Method key={method.name} me={me} method={method} />
                ))}
              </ul>
              <Rules user={data} />
            </>
          )
        }
      </Shown>
    </Panel>
  );
}

function Method({ me, method }: { me: string; method: ContactMethod }) {
  const [busy, setBusy] = useState(false);
  const test = async () => {
    setBusy(true);
    try {
      await post("/users/{name}/contact-methods/{method}/test", {
        path: { name: me, method: method.name },
      });
      toast.success(`A test is on its way by ${method.name}. Check that it arrived.`);
    } catch (error) {
      toast.error(explain(error));
    } finally {
      setBusy(false);
    }
  };
  return (
    <li className="flex flex-wrap items-center gap-x-3 gap-y-2 px-4 py-3">
      <div className="min-w-0 flex-1">
        <p className="flex flex-wrap items-center gap-2">
          <span className="font-semibold">{method.name}</span>
          <Tag>{method.type}</Tag>
          {method.critical ? <Tag>critical</Tag> : null}
        </p>
        <p className="text-13 text-muted">{method.address}</p>
      </div>
      <span className="inline-flex items-center gap-1 text-13">
        {method.verified ? (
          <>
            <OkGlyph /> verified
          </>
        ) : (
          "not verified"
        )}
      </span>
      <Button disabled={busy} onClick={() => void test()}>
        Send test<span className="sr-only"> by {method.name}</span>
      </Button>
    </li>
  );
}

function Rules({ user }: { user: User }) {
  const said = (rules: { after_seconds: number; method: string }[]) =>
    rules
      .map(
        ({ after_seconds, method }) =>
          `${method} ${after_seconds === 0 ? "at once" : `after ${duration(after_seconds)}`}`,
      )
      .join(", then ");
  return (
    <div className="border-t p-4">
      <Facts>
        {Object.entries(user.notification_rules).map(([urgency, rules]) => (
          <Fact key={urgency} name={`When ${urgency}`}>
            {rules.length === 0 ? "nothing is sent" : said(rules)}
          </Fact>
        ))}
      </Facts>
    </div>
  );
}

function Looks() {
  const [theme, setTheme] = useTheme();
  const [letters, setLetters] = useLetterKeys();
  return (
    <Panel title="This browser">
      <div className="flex flex-col gap-4">
        <SelectField
          label="Theme"
          value={theme}
          onChange={(event) => setTheme(event.target.value as Theme)}
          className="max-w-xs"
        >
          <option value="system">As the system</option>
          <option value="dark">Dark</option>
          <option value="light">Light</option>
        </SelectField>
        <label className="tap flex items-center gap-2">
          <input
            type="checkbox"
            className="size-5"
            checked={letters}
            onChange={(event) => setLetters(event.target.checked)}
          />
          Single-letter keys are on
        </label>
      </div>
    </Panel>
  );
}

function Account({ session }: { session: Session }) {
  const [changing, setChanging] = useState(false);
  const { user, organization } = session;
  const signOut = async () => {
    try {
      await remove("/session");
      window.location.assign("/sign-in");
    } catch (error) {
      toast.error(explain(error));
    }
  };
  const change = async (form: FormData) => {
    // As typed: a space at the end of a password belongs to it.
    await put("/users/{name}/password", {
      path: { name: user.name },
      body: { password: String(form.get("password")), current: String(form.get("current")) },
    });
    toast.success("Your password is changed.");
  };
  return (
    <Panel title="You">
      <Facts>
        <Fact name="Name">
          {user.full_name} ({user.name})
        </Fact>
        <Fact name="Role">{user.role}</Fact>
        <Fact name="Time zone">{user.timezone}</Fact>
        <Fact name="Organization">{organization.name}</Fact>
        <Fact name="Version">{session.version}</Fact>
      </Facts>
      <div className="mt-4 flex flex-wrap gap-2">
        <Button onClick={() => setChanging(true)}>Change password</Button>
        <Button onClick={() => void signOut()}>Sign out</Button>
      </div>
      {changing ? (
        <FormDialog open onOpenChange={setChanging} title="Change password" submit="Change" onSubmit={change}>
          <TextField
            label="Current password"
            name="current"
            type="password"
            autoComplete="current-password"
            required
          />
          <TextField
            label="New password"
            name="password"
            type="password"
            autoComplete="new-password"
            required
          />
        </FormDialog>
      ) : null}
    </Panel>
  );
}
