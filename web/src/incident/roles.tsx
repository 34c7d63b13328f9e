/**
 * Who holds which role in one incident: the assignment table with each role's
 * duties and next action, hand-overs with a brief, and the boundaries that
 * somebody crosses. The server decides; warnings keep nobody from anything.
 */
import { useQuery, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { toast } from "sonner";
import { post } from "@/api/client";
import { explain } from "@/api/problem";
import * as queries from "@/api/queries";
import type { HandOverOffer, Incident, IncidentRole, IncidentRoles } from "@/api/types";
import { PersonField } from "@/oncall/person-field";
import { offerUndo } from "@/shell/undo";
import { Empty, Shown, Tag } from "@/ui/block";
import { Button } from "@/ui/button";
import { FormDialog } from "@/ui/dialog";
import { filled, needed, TextAreaField } from "@/ui/form";
import { Countdown, Time } from "@/ui/time";
import { isOpen } from "./moves";

type Verb = "leave" | "hand-over" | "accept" | "decline";

export function Roles({ incident }: { incident: Incident }) {
  const roles = useQuery(queries.incidentRoles(String(incident.number)));
  return (
    <Shown read={roles} what="the roles">
      {(read) => <Table incident={incident} read={read} />}
    </Shown>
  );
}

function Table({ incident, read }: { incident: Incident; read: IncidentRoles }) {
  const [all, setAll] = useState(false);
  const open = isOpen(incident);
  const concerns = (role: IncidentRole) => role.wanted || role.holders.length > 0;
  const shown = read.roles.filter((role) => all || concerns(role));
  const hidden = read.roles.length - shown.length;
  return (
    <>
      {read.warnings.length > 0 ? (
        <ul aria-label="Warnings" className="flex flex-col gap-1 border-b px-4 py-2.5">
          {read.warnings.map((warning) => (
            <li key={`${warning.boundary} ${warning.user}`} className="border-l-2 border-text pl-3">
              {warning.text}.
            </li>
          ))}
        </ul>
      ) : null}
      {shown.length === 0 ? (
        <Empty title="This severity wants no roles">
          <p>Small incidents need none. Whoever takes one decides when the incident is over.</p>
        </Empty>
      ) : (
        <ul className="divide-y">
          {shown.map((role) => (
            <Row key={role.role} incident={incident} role={role} open={open} />
          ))}
        </ul>
      )}
      {hidden > 0 && open ? (
        <div className="border-t px-4 py-2.5">
          <Button emphasis="quiet" onClick={() => setAll(true)}>
            Show {hidden} more {hidden === 1 ? "role" : "roles"}
          </Button>
        </div>
      ) : null}
    </>
  );
}

function Row({ incident, role, open }: { incident: Incident; role: IncidentRole; open: boolean }) {
  const session = useQuery(queries.session());
  const me = session.data?.user.name;
  const act = useRoleCommand(incident, role);
  const [asking, setAsking] = useState<"give" | "hand-over" | null>(null);
  const mine = role.holders.some(({ user }) => user === me);
  const held = role.holders.length > 0;
  const take = async () => {
    if (!(await act.quietly(null, {}))) return;
    offerUndo(`You are ${role.title}.`, `You are no longer ${role.title}.`, () => act.send("leave", {}));
  };
  return (
    <li className="flex flex-col gap-2 px-4 py-2.5">
      <div className="flex flex-wrap items-baseline gap-x-3 gap-y-1">
        <h2 className="font-semibold">{role.title}</h2>
        {role.required && !held ? <Tag>needed</Tag> : null}
      </div>
      <Holders role={role} />
      {held && open ? <p>Next: {role.next_action}</p> : null}
      {role.offers.map((offer) => (
        <Offer key={offer.to} incident={incident} role={role} offer={offer} me={me} open={open} />
      ))}
      {role.duties.length > 0 ? (
        <details className="text-13">
          <summary className="tap w-fit cursor-pointer text-muted">Duties of {role.title}</summary>
          <ul className="mt-1 list-disc pl-5">
            {role.duties.map((duty) => (
              <li key={duty}>{duty}</li>
            ))}
          </ul>
        </details>
      ) : null}
      {open ? (
        <div className="flex flex-wrap gap-2">
          {mine ? (
            <>
              <Button onClick={() => setAsking("hand-over")} aria-label={`Hand over ${role.title}`}>
                Hand over
              </Button>
              <Button
                emphasis="quiet"
                onClick={() => void act.quietly("leave", {})}
                aria-label={`Leave ${role.title}`}
              >
                Leave
              </Button>
            </>
          ) : (
            <Button onClick={() => void take()} aria-label={`Take ${role.title}`}>
              {held && !role.shared ? "Take over" : "Take"}
            </Button>
          )}
          <Button
            emphasis="quiet"
            onClick={() => setAsking("give")}
            aria-label={`Give ${role.title} to somebody`}
          >
            Give
          </Button>
        </div>
      ) : null}
      <FormDialog
        open={asking === "give"}
        onOpenChange={(shown) => setAsking(shown ? "give" : null)}
        title={`Who is ${role.title}?`}
        description="They are told at once, with their duties."
        submit="Give"
        onSubmit={(form) => act.send(null, { user: needed(form, "user") })}
      >
        <PersonField label="Person" name="user" usersOnly />
      </FormDialog>
      <FormDialog
        open={asking === "hand-over"}
        onOpenChange={(shown) => setAsking(shown ? "hand-over" : null)}
        title={`Hand over ${role.title}`}
        description="You keep it until they accept."
        submit="Ask them"
        onSubmit={(form) =>
          act.send("hand-over", { to: needed(form, "to"), brief: filled(form, "brief") ?? "" })
        }
      >
        <PersonField label="To" name="to" usersOnly />
        <TextAreaField
          label="Brief"
          name="brief"
          required
          maxLength={5000}
          rows={5}
          placeholder="What is known, what was tried, what comes next"
        />
      </FormDialog>
    </li>
  );
}

function Holders({ role }: { role: IncidentRole }) {
  if (role.holders.length > 0) {
    return (
      <ul>
        {role.holders.map((holder) => (
          <li key={holder.user}>
            {holder.user}{" "}
            <span className="text-13 text-muted">
              since <Time at={holder.since} show="clock" focusable />
            </span>
          </li>
        ))}
      </ul>
    );
  }
  if (role.engaged.length > 0) {
    return (
      <p className="text-muted">
        Asked to come: {role.engaged.map(({ user }) => user).join(", ")}
        {role.asks_next_at ? (
          <>
            ; somebody else is asked in <Countdown to={role.asks_next_at} passed="a moment" />
          </>
        ) : null}
      </p>
    );
  }
  return (
    <p className="text-muted">
      Nobody{role.on_call.length > 0 ? `; on call for it: ${role.on_call.join(", ")}` : ""}
    </p>
  );
}

interface OfferProps {
  incident: Incident;
  role: IncidentRole;
  offer: HandOverOffer;
  me: string | undefined;
  open: boolean;
}

function Offer({ incident, role, offer, me, open }: OfferProps) {
  const act = useRoleCommand(incident, role);
  const forMe = offer.to === me;
  return (
    <div className="flex flex-col gap-2 border-l-2 border-text pl-3">
      <p>
        {forMe ? `${offer.from} asks you to take over: ` : `Offered to ${offer.to}: `}
        <span className="whitespace-pre-wrap">{offer.brief}</span>
      </p>
      {open ? (
        <div className="flex flex-wrap gap-2">
          {forMe ? (
            <Button emphasis="primary" onClick={() => void act.quietly("accept", {})}>
              Accept {role.title}
            </Button>
          ) : null}
          <Button onClick={() => void act.quietly("decline", { user: offer.to })}>
            {forMe ? "Decline" : "Take the offer back"}
          </Button>
        </div>
      ) : null}
    </div>
  );
}

interface Body {
  user?: string;
  to?: string;
  brief?: string;
}

/** Does one thing about one role; `send` throws what is refused, `quietly` shows it. */
function useRoleCommand(incident: Incident, role: IncidentRole) {
  const client = useQueryClient();
  const send = async (verb: Verb | null, body: Body) => {
    const path = { incident: incident.number, role: role.role };
    const changed =
      verb === null
        ? await post("/incidents/{incident}/roles/{role}", { path, body })
        : verb === "hand-over"
          ? await post("/incidents/{incident}/roles/{role}/hand-over", {
              path,
              body: { to: body.to ?? "", brief: body.brief ?? "" },
            })
          : await post(`/incidents/{incident}/roles/{role}/${verb}`, { path, body });
    const number = String(incident.number);
    client.setQueryData(queries.incidentRoles(number).queryKey, changed);
    await client.invalidateQueries({ queryKey: ["incident", number] });
    return changed;
  };
  const quietly = async (verb: Verb | null, body: Body) => {
    try {
      await send(verb, body);
      return true;
    } catch (error) {
      toast.error(explain(error));
      return false;
    }
  };
  return { send, quietly };
}
