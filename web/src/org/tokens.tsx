/** Tokens for programs. A token's text is shown once, when it is made. */
import { useQuery, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { toast } from "sonner";
import { post, remove } from "@/api/client";
import { explain } from "@/api/problem";
import * as queries from "@/api/queries";
import type { Role, Token } from "@/api/types";
import { Code, Empty, Panel, Shown, Tag } from "@/ui/block";
import { Button, CopyButton } from "@/ui/button";
import { Dialog, FormDialog } from "@/ui/dialog";
import { filled, needed, SelectField, TextField } from "@/ui/form";
import { Time } from "@/ui/time";

const ROLES: Role[] = ["admin", "manager", "responder", "stakeholder"];

export function TokensPanel() {
  const client = useQueryClient();
  const tokens = useQuery(queries.tokens());
  const [creating, setCreating] = useState(false);
  const [made, setMade] = useState<string | null>(null);
  const refresh = () => client.invalidateQueries({ queryKey: ["tokens"] });
  const create = async (form: FormData) => {
    const token = await post("/tokens", {
      body: {
        name: needed(form, "name"),
        role: ROLES.find((role) => role === filled(form, "role")) ?? "stakeholder",
      },
    });
    setMade(token.token);
    await refresh();
  };
  return (
    <Panel title="Tokens" flush aside={<Button onClick={() => setCreating(true)}>New token</Button>}>
      <Shown read={tokens} what="tokens">
        {({ items }) =>
          items.length === 0 ? (
            <Empty title="No token yet">
              <p>The command line and other programs sign in with one.</p>
            </Empty>
          ) : (
            <ul className="divide-y">
              {items.map((token) => (
                <TokenRow key={token.id} token={token} removed={refresh} />
              ))}
            </ul>
          )
        }
      </Shown>
      {creating ? (
        <FormDialog open onOpenChange={setCreating} title="New token" submit="Create" onSubmit={create}>
          <TextField label="Name" name="name" required placeholder="What will use it" />
          <SelectField label="Role" name="role" defaultValue="responder">
            {ROLES.map((role) => (
              <option key={role}>{role}</option>
            ))}
          </SelectField>
        </FormDialog>
      ) : null}
      <Dialog
        open={made !== null}
        onOpenChange={(open) => !open && setMade(null)}
        title="Your new token"
        description="Copy it now. It is not shown again."
      >
        <Code text={made ?? ""} label="The new token" />
        <div className="mt-4 flex justify-end gap-2">
          <CopyButton text={made ?? ""} label="Copy the token" />
          <Button emphasis="primary" onClick={() => setMade(null)}>
            I have it
          </Button>
        </div>
      </Dialog>
    </Panel>
  );
}

function TokenRow({ token, removed }: { token: Token; removed: () => Promise<void> }) {
  const [asking, setAsking] = useState(false);
  const revoke = async () => {
    try {
      await remove("/tokens/{id}", { path: { id: token.id } });
      await removed();
      toast.success(`${token.name} is revoked.`);
    } catch (error) {
      toast.error(explain(error));
      throw error;
    }
  };
  return (
    <li className="flex flex-wrap items-center gap-x-3 gap-y-1 px-4 py-2">
      <div className="min-w-0 flex-1">
        <p className="flex flex-wrap items-center gap-2">
          <span className="font-semibold">{token.name}</span> <Tag>{token.role}</Tag>
        </p>
        <p className="text-13 text-muted">
          {token.last_used_at ? (
            <>
              used <Time at={token.last_used_at} show="age" />
            </>
          ) : (
            "never used"
          )}
        </p>
      </div>
      <Button onClick={() => setAsking(true)}>
        Revoke<span className="sr-only"> {token.name}</span>
      </Button>
      {asking ? (
        <FormDialog
          open
          onOpenChange={setAsking}
          title={`Revoke ${token.name}?`}
          description="What uses it stops working at once."
          submit="Revoke"
          onSubmit={revoke}
        >
          {null}
        </FormDialog>
      ) : null}
    </li>
  );
}
