/** What belongs to the reader: how they are reached, how the app looks, their session; and the system for those who run it. */
import { useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { toast } from "sonner";
import { put, remove } from "@/api/client";
import { explain } from "@/api/problem";
import * as queries from "@/api/queries";
import type { Session } from "@/api/types";
import { useLetterKeys } from "@/shell/keys";
import { type Theme, useTheme } from "@/shell/theme";
import { Fact, Facts, Panel, ScreenHead, Shown } from "@/ui/block";
import { Button } from "@/ui/button";
import { FormDialog } from "@/ui/dialog";
import { SelectField, TextField } from "@/ui/form";
import { PushDevices } from "./push-devices";
import { ReachPanel } from "./reach";
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
              <ReachPanel me={data.user.name} />
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
