/** Groups that are kept tightly and engaged, and lists that anybody joins to hear of incidents and changes. */
import { useQuery, useQueryClient } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { useState } from "react";
import { get, put } from "@/api/client";
import * as queries from "@/api/queries";
import type { EngagementGroup, NotificationList } from "@/api/types";
import { offerUndo } from "@/shell/undo";
import { Code, Empty, ScreenHead, Shown, Tag } from "@/ui/block";
import { Button, CopyButton } from "@/ui/button";
import { FormDialog } from "@/ui/dialog";
import { CodeField, needed } from "@/ui/form";
import { ChangeLists } from "./change-lists";
import { Membership } from "./membership";

const GROUP_EXAMPLE = `engagement_groups:
  - name: ordering
    services: [checkout]
    members: [page-checkout-primary, page-ledger-db-primary]
    keepers: [ana]`;

const LIST_EXAMPLE = `notification_lists:
  - name: checkout-notify
    services: [checkout]
    core: [bo]`;

export default function Lists() {
  const groups = useQuery(queries.engagementGroups());
  const lists = useQuery(queries.notificationLists());
  return (
    <>
      <ScreenHead title="Groups and lists" />
      <section aria-labelledby="groups" className="mb-8">
        <h2 id="groups" className="mb-1 text-20 font-semibold">
          Engagement groups
        </h2>
        <p className="mb-3 max-w-prose text-muted">
          Whom to page for a kind of trouble. Aliases stand for whoever is on call at that moment.
        </p>
        <Shown read={groups} what="engagement groups">
          {({ items }) =>
            items.length === 0 ? (
              <Example what="engagement group" text={GROUP_EXAMPLE} />
            ) : (
              <ul className="grid gap-4 md:grid-cols-2 2xl:grid-cols-3">
                {items.map((group) => (
                  <Group key={group.name} group={group} />
                ))}
              </ul>
            )
          }
        </Shown>
      </section>
      <section aria-labelledby="lists">
        <h2 id="lists" className="mb-1 text-20 font-semibold">
          Notification lists
        </h2>
        <p className="mb-3 max-w-prose text-muted">
          Who hears that an incident began, changed its severity and ended, without being paged. Anybody joins
          and leaves; the core cannot leave. What they are told is written under{" "}
          <Link to="/templates" className="link">
            Wording
          </Link>
          .
        </p>
        <Shown read={lists} what="notification lists">
          {({ items }) =>
            items.length === 0 ? (
              <Example what="notification list" text={LIST_EXAMPLE} />
            ) : (
              <ul className="grid gap-4 md:grid-cols-2 2xl:grid-cols-3">
                {items.map((list) => (
                  <List key={list.name} list={list} />
                ))}
              </ul>
            )
          }
        </Shown>
      </section>
      <ChangeLists />
    </>
  );
}

function Example({ what, text }: { what: string; text: string }) {
  return (
    <div className="panel">
      <Empty title={`No ${what} yet`}>
        <p>
          Put one into your configuration file and run <code>muster apply -f org.yaml</code>:
        </p>
        <Code text={text} label={`Example of a ${what}`} />
        <CopyButton text={text} label={`Copy the example ${what}`} />
      </Empty>
    </div>
  );
}

function Group({ group }: { group: EngagementGroup }) {
  const session = useQuery(queries.session());
  const [editing, setEditing] = useState(false);
  const isAdmin = session.data?.user.role === "admin";
  return (
    <li className="panel flex flex-col gap-3 p-4">
      <div>
        <h3 className="font-semibold">{group.name}</h3>
        <p className="text-13 text-muted">for {group.services.join(", ") || "any service"}</p>
      </div>
      <ul className="flex flex-col gap-1">
        {group.members.map(({ name, users }) => (
          <li key={name}>
            <span className="font-mono text-13">{name}</span>{" "}
            <span className="text-muted">{users.join(", ") || "reaches nobody now"}</span>
          </li>
        ))}
      </ul>
      <p className="text-13 text-muted">
        {group.keepers.length > 0 ? `Kept by ${group.keepers.join(", ")}` : "Kept by administrators"}
      </p>
      {group.yours || isAdmin ? (
        <div>
          <Button onClick={() => setEditing(true)}>
            Change members<span className="sr-only"> of {group.name}</span>
          </Button>
        </div>
      ) : null}
      {editing ? <Members group={group} onClose={() => setEditing(false)} /> : null}
    </li>
  );
}

function Members({ group, onClose }: { group: EngagementGroup; onClose: () => void }) {
  const client = useQueryClient();
  const names = group.members.map(({ name }) => name);
  const save = async (members: string[]) => {
    const path = { name: group.name };
    const current = await get("/{collection}/{name}/document", {
      path: { collection: "engagement-groups", ...path },
    });
    await put("/engagement-groups/{name}", {
      path,
      body: { document: { ...current.document, members }, revision: current.revision },
    });
    await client.invalidateQueries({ queryKey: queries.engagementGroups().queryKey });
  };
  const submit = async (form: FormData) => {
    await save(needed(form, "members").split(/[\s,]+/));
    offerUndo(`${group.name} is changed.`, `${group.name} is as it was.`, () => save(names));
  };
  return (
    <FormDialog
      open
      onOpenChange={(open) => !open && onClose()}
      title={`Members of ${group.name}`}
      description="Aliases such as page-checkout-primary, and people by name."
      submit="Save"
      onSubmit={submit}
    >
      <CodeField
        label="Members, one a line"
        name="members"
        required
        rows={Math.max(4, names.length + 1)}
        defaultValue={names.join("\n")}
      />
    </FormDialog>
  );
}

function List({ list }: { list: NotificationList }) {
  return (
    <li className="panel flex flex-col gap-3 p-4">
      <div className="flex flex-wrap items-start justify-between gap-2">
        <div>
          <h3 className="font-semibold">{list.name}</h3>
          <p className="text-13 text-muted">covers {list.services.join(", ") || "every service"}</p>
        </div>
        {list.restricted ? <Tag>restricted</Tag> : null}
        {list.mandatory ? <Tag>you are in the core</Tag> : null}
      </div>
      {list.upstream || list.downstream ? (
        <p className="text-13 text-muted">
          hears of {list.upstream ? "what they depend on" : null}
          {list.upstream && list.downstream ? " and of " : null}
          {list.downstream ? "what depends on them" : null} as well
        </p>
      ) : null}
      {list.restricted ? (
        <p className="text-13 text-muted">
          {list.automatic
            ? "Hears by itself; an administrator says who is on it."
            : "Hears only what somebody decides to tell it; an administrator says who is on it."}
        </p>
      ) : null}
      <dl className="text-13">
        <dt className="text-muted">Core</dt>
        <dd className="mb-1">
          {list.core.join(", ") || (list.restricted && !list.trusted ? "not yours to see" : "nobody")}
        </dd>
        {list.restricted ? null : (
          <>
            <dt className="text-muted">Subscribed</dt>
            <dd>{list.subscribers.join(", ") || "nobody yet"}</dd>
          </>
        )}
      </dl>
      <Membership list={list} />
    </li>
  );
}
