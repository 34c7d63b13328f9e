/** Kinds of changes that are held to less than the matrix asks for: nominated, agreed to, earned, ended. */
import { useInfiniteQuery, useQuery, useQueryClient } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { type ReactNode, useState } from "react";
import { toast } from "sonner";
import { post } from "@/api/client";
import * as queries from "@/api/queries";
import type { ChangeException, ExceptionAgreement } from "@/api/types";
import { Empty, ScreenHead, Shown, Tag } from "@/ui/block";
import { Button } from "@/ui/button";
import { FormDialog } from "@/ui/dialog";
import { filled, needed, SelectField, TextAreaField } from "@/ui/form";
import { More } from "@/ui/more";
import { Time } from "@/ui/time";
import { listed, words } from "./change";

const ROW_USUAL = "earned-exception";

export default function Exceptions() {
  const list = useInfiniteQuery(queries.changeExceptions());
  const rows = list.data?.pages.flatMap((page) => page.items) ?? [];
  const [nominating, setNominating] = useState(false);
  return (
    <>
      <ScreenHead title="Exceptions">
        <Link to="/changes" className="link tap">
          All changes
        </Link>
        <Button emphasis="primary" onClick={() => setNominating(true)}>
          Nominate one
        </Button>
      </ScreenHead>
      <p className="mb-3 max-w-prose text-muted">
        An exception asks for fewer approvals and less notice of one kind of change. A team nominates it, two
        people agree, and runs without trouble earn it. An incident that a change under it caused revokes it.
      </p>
      <Shown read={list} what="the exceptions">
        {() =>
          rows.length === 0 ? (
            <div className="panel">
              <Empty title="No exception yet">
                <p>Nominate what a machine does wholly and what has long gone well.</p>
              </Empty>
            </div>
          ) : (
            <>
              <ul className="panel divide-y overflow-hidden" aria-label="Exceptions">
                {rows.map((one) => (
                  <Row key={one.number} exception={one} />
                ))}
              </ul>
              <More list={list} />
            </>
          )
        }
      </Shown>
      <Nominate open={nominating} onOpenChange={setNominating} />
    </>
  );
}

export function standing(one: ChangeException): string {
  switch (one.standing) {
    case "asked":
    case "review_due": {
      const waits = one.agreements.filter(({ by }) => by === null || one.standing === "review_due");
      const whom = listed(waits.flatMap(({ people }) => people)) || "nobody: ask an administrator";
      return one.standing === "asked" ? `Waits for ${whom}` : `To be agreed to again: ${whom}`;
    }
    case "earning":
      return `To be earned: ${one.clean_runs} of ${one.clean_runs_needed} clean runs`;
    case "in_force":
      return `Holds, after ${one.clean_runs} clean runs`;
    default:
      return words(one.standing);
  }
}

function Row({ exception: one }: { exception: ChangeException }) {
  return (
    <li className="flex flex-col gap-1 px-4 py-3 [overflow-wrap:anywhere]">
      <p className="flex flex-wrap items-center gap-x-2 gap-y-1">
        <span className="font-mono text-muted">EXC-{one.number}</span>
        <span className="font-medium">
          {one.class} of {one.service ?? one.team ?? "a team that is gone"}
        </span>
        <Tag>held to {one.row}</Tag>
      </p>
      <p className="font-medium">{standing(one)}</p>
      <p className="max-w-prose">{one.justification}</p>
      <p className="text-13 text-muted">
        Nominated by {one.nominator} · <Time at={one.nominated_at} />
        {one.agreements.map((side) => (
          <Agreed key={side.side} agreement={side} />
        ))}
        {one.review_at && !one.end ? (
          <>
            {" "}
            · agreed to again by <Time at={one.review_at} show="clock" />
          </>
        ) : null}
      </p>
      {one.end ? (
        <p>
          {words(one.standing)} by {one.end.by}: {one.end.reason}{" "}
          {one.end.incident ? (
            <Link to="/incidents/$number" params={{ number: String(one.end.incident) }} className="link">
              incident {one.end.incident}
            </Link>
          ) : null}{" "}
          <span className="text-13 text-muted">
            <Time at={one.end.at} />
          </span>
        </p>
      ) : (
        <Actions exception={one} />
      )}
    </li>
  );
}

function Agreed({ agreement }: { agreement: ExceptionAgreement }): ReactNode {
  if (!agreement.by) return null;
  return <> · agreed to by {agreement.by}</>;
}

function Actions({ exception: one }: { exception: ChangeException }) {
  const client = useQueryClient();
  const [ending, setEnding] = useState<"reject" | "withdraw" | null>(null);
  const [agreeing, setAgreeing] = useState(false);
  const path = { exception: String(one.number) };
  const done = async (words: string) => {
    toast.success(words);
    await client.invalidateQueries({ queryKey: ["changes"] });
  };
  return (
    <div className="flex flex-wrap gap-2 pt-1">
      {one.yours ? (
        <>
          <Button emphasis="primary" onClick={() => setAgreeing(true)}>
            Agree
          </Button>
          <Button onClick={() => setEnding("reject")}>Reject</Button>
        </>
      ) : null}
      <Button onClick={() => setEnding("withdraw")}>Withdraw</Button>
      <FormDialog
        open={agreeing}
        onOpenChange={setAgreeing}
        title={`Agree to EXC-${one.number}`}
        description="Once both agree, the team is told, and it holds as soon as it is earned."
        submit="Agree"
        onSubmit={async () => {
          await post("/changes/exceptions/{exception}/agree", { path });
          await done("You agreed to it.");
        }}
      >
        <p className="max-w-prose">{one.justification}</p>
      </FormDialog>
      <FormDialog
        open={ending !== null}
        onOpenChange={(open) => {
          if (!open) setEnding(null);
        }}
        title={`${ending === "reject" ? "Reject" : "Withdraw"} EXC-${one.number}`}
        description="What has not begun under it is asked about anew. This cannot be taken back; it can be nominated again."
        submit={ending === "reject" ? "Reject" : "Withdraw"}
        onSubmit={async (form) => {
          const body = { reason: needed(form, "reason") };
          if (ending === "reject") await post("/changes/exceptions/{exception}/reject", { path, body });
          else await post("/changes/exceptions/{exception}/withdraw", { path, body });
          await done(ending === "reject" ? "It is rejected." : "It is withdrawn.");
        }}
      >
        <TextAreaField label="Why?" name="reason" path="reason" required rows={3} maxLength={2000} />
      </FormDialog>
    </div>
  );
}

function Nominate({ open, onOpenChange }: { open: boolean; onOpenChange: (open: boolean) => void }) {
  const client = useQueryClient();
  const policy = useQuery({ ...queries.changePolicy(), enabled: open }).data;
  const teams = useQuery({ ...queries.teams(), enabled: open }).data?.items ?? [];
  const services = useQuery({ ...queries.services(), enabled: open }).data?.items ?? [];
  const [team, setTeam] = useState("");
  return (
    <FormDialog
      open={open}
      onOpenChange={onOpenChange}
      title="Nominate an exception"
      description="The team's manager and whoever answers for the policy are asked to agree."
      submit="Nominate"
      onSubmit={async (form) => {
        const body = {
          team: needed(form, "team"),
          class: needed(form, "class"),
          service: filled(form, "service"),
          row: filled(form, "row"),
          justification: needed(form, "justification"),
        };
        await post("/changes/exceptions", { body });
        toast.success("Nominated; those who must agree are asked.");
        await client.invalidateQueries({ queryKey: ["changes"] });
      }}
    >
      <SelectField
        label="Team"
        name="team"
        path="team"
        required
        value={team}
        onChange={({ target }) => setTeam(target.value)}
      >
        <option value="" disabled>
          Choose one
        </option>
        {teams.map(({ name }) => (
          <option key={name}>{name}</option>
        ))}
      </SelectField>
      <SelectField label="Kind of change" name="class" path="class" required defaultValue="">
        <option value="" disabled>
          Choose one
        </option>
        {(policy?.classes ?? []).map((name) => (
          <option key={name}>{name}</option>
        ))}
      </SelectField>
      <SelectField label="Service" name="service" path="service" defaultValue="">
        <option value="">All of the team</option>
        {services
          .filter((one) => one.team === team)
          .map(({ name }) => (
            <option key={name}>{name}</option>
          ))}
      </SelectField>
      <SelectField label="Held to" name="row" path="row" defaultValue={ROW_USUAL}>
        <option value={ROW_USUAL}>No approval and no notice</option>
        {(policy?.rows ?? [])
          .filter(({ name }) => name !== "otherwise" && name !== ROW_USUAL)
          .map((row) => (
            <option key={row.name} value={row.name}>
              {row.name}: {listed(row.approvals) || "nobody"}, {row.notice}
            </option>
          ))}
      </SelectField>
      <TextAreaField
        label="Why? In three or four sentences"
        name="justification"
        path="justification"
        required
        rows={5}
        maxLength={2000}
      />
    </FormDialog>
  );
}
