/** Requests to cover or swap shifts: answering them, taking them back, undoing what came of them. */
import { useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { toast } from "sonner";
import { post } from "@/api/client";
import { explain } from "@/api/problem";
import * as queries from "@/api/queries";
import type { CoverRequest } from "@/api/types";
import { offerUndo } from "@/shell/undo";
import { Empty, Panel, ScreenHead, Shown, Tag } from "@/ui/block";
import { Button } from "@/ui/button";
import { SelectField } from "@/ui/form";
import { Time } from "@/ui/time";
import { useReplan } from "./replan";

const WORDS: Record<CoverRequest["state"], string> = {
  requested: "open",
  accepted: "taken",
  declined: "everybody said no",
  withdrawn: "withdrawn",
  undone: "put back",
  expired: "nobody took it",
};

type Verb = "accept" | "decline" | "reconsider" | "withdraw" | "undo";

type Answer = (verb: Verb, said: string, user?: string) => Promise<void>;

export default function RequestsScreen() {
  const session = useQuery(queries.session());
  const requests = useQuery(queries.allCoverRequests());
  const me = session.data?.user;
  const leads = me?.role === "admin" || me?.role === "manager";
  const split = (items: CoverRequest[]) => {
    const isOpen = ({ state }: CoverRequest) => state === "requested";
    return { open: items.filter(isOpen), settled: items.filter((request) => !isOpen(request)) };
  };
  return (
    <>
      <ScreenHead title="Shift requests" />
      <Shown read={requests} what="requests">
        {({ items }) => {
          const { open, settled } = split(items);
          const list = (of: CoverRequest[]) => (
            <ul className="divide-y">
              {of.map((request) => (
                <RequestRow key={request.id} request={request} me={me?.name ?? ""} leads={leads} />
              ))}
            </ul>
          );
          return (
            <div className="flex flex-col gap-4">
              <Panel title="Waiting for an answer" flush>
                {open.length === 0 ? (
                  <Empty title="Nobody asks for a shift">
                    <p>
                      Offer or swap one of yours in My on-call; leave offers the shifts it meets by itself.
                    </p>
                  </Empty>
                ) : (
                  list(open)
                )}
              </Panel>
              {settled.length > 0 ? (
                <Panel title="Settled" flush>
                  {list(settled)}
                </Panel>
              ) : null}
            </div>
          );
        }}
      </Shown>
    </>
  );
}

/** One request with what the reader may answer. */
export function RequestRow({
  request,
  me,
  leads = false,
}: {
  request: CoverRequest;
  me: string;
  /** Whether the reader answers for others, and takes back what is theirs. */
  leads?: boolean;
}) {
  const replan = useReplan();
  const send = async (verb: Verb, user?: string) => {
    const path = { id: request.id };
    try {
      if (verb === "withdraw" || verb === "undo") await post(`/cover-requests/{id}/${verb}`, { path });
      else await post(`/cover-requests/{id}/${verb}`, { path, body: user ? { user } : {} });
    } finally {
      await replan();
    }
  };
  const answer: Answer = async (verb, said, user) => {
    try {
      await send(verb, user);
      if (verb === "accept") offerUndo(said, "It is as it was.", () => send("undo"));
      else if (verb === "decline") offerUndo(said, "Asked as before.", () => send("reconsider", user));
      else toast.success(said);
    } catch (error) {
      toast.error(explain(error));
    }
  };
  const { requester, state } = request;
  return (
    <li className="flex flex-wrap items-center gap-x-3 gap-y-2 px-4 py-3">
      <div className="min-w-0 flex-1 basis-64">
        <p>
          <strong className="font-semibold">{requester === me ? "You ask" : `${requester} asks`}</strong> for{" "}
          {request.schedule} {request.in_return ? <Tag>swap</Tag> : null}{" "}
          {request.because_of_leave ? <Tag>leave</Tag> : null}{" "}
          {state === "requested" ? null : <Tag>{WORDS[state]}</Tag>}
        </p>
        <p className="text-13 text-muted">
          <Time at={request.from} show="clock" focusable /> to <Time at={request.to} show="clock" focusable />
          {request.reason ? ` · ${request.reason}` : ""}
        </p>
        {request.in_return ? (
          <p className="text-13 text-muted">
            in return: <Time at={request.in_return.from} show="clock" focusable /> to{" "}
            <Time at={request.in_return.to} show="clock" focusable />
          </p>
        ) : null}
        <p className="text-13 text-muted">
          {request.accepted_by
            ? `taken by ${request.accepted_by}`
            : `asked: ${request.asked.map(({ user, declined }) => (declined ? `${user} (no)` : user)).join(", ")}`}
        </p>
      </div>
      <Actions request={request} me={me} leads={leads} answer={answer} />
    </li>
  );
}

function Actions({
  request,
  me,
  leads,
  answer,
}: {
  request: CoverRequest;
  me: string;
  leads: boolean;
  answer: Answer;
}) {
  const { requester, accepted_by: taker, state } = request;
  const own = requester === me;
  if (state === "accepted" && Date.parse(request.to) > Date.now() && (own || taker === me || leads)) {
    return <Button onClick={() => void answer("undo", `${requester} has the shift again.`)}>Undo</Button>;
  }
  if (state !== "requested") return null;
  const asked = request.asked.some(({ user }) => user === me);
  return (
    <div className="flex flex-wrap items-end gap-2">
      {asked ? (
        <>
          <Button emphasis="primary" onClick={() => void answer("accept", "The shift is yours.")}>
            Take the shift
          </Button>
          <Button onClick={() => void answer("decline", "You said no.")}>Decline</Button>
        </>
      ) : null}
      {own || leads ? <Button onClick={() => void answer("withdraw", "Withdrawn.")}>Withdraw</Button> : null}
      {leads && !asked ? <ForOthers request={request} answer={answer} /> : null}
    </div>
  );
}

/** Those who lead answer for somebody who told them. */
function ForOthers({ request, answer }: { request: CoverRequest; answer: Answer }) {
  const [user, setUser] = useState(request.asked[0]?.user ?? "");
  if (!user) return null;
  return (
    <>
      <SelectField label="Answer for" value={user} onChange={(event) => setUser(event.target.value)}>
        {request.asked.map((person) => (
          <option key={person.user}>{person.user}</option>
        ))}
      </SelectField>
      <Button onClick={() => void answer("accept", `${user} has the shift.`, user)}>They take it</Button>
      <Button onClick={() => void answer("decline", `${user} said no.`, user)}>They decline</Button>
    </>
  );
}
