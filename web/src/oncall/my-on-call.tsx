/** My on-call: shifts of the next twelve weeks, what others ask of me, when I am away, my calendar. */
import { useQuery, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { toast } from "sonner";
import { post, remove } from "@/api/client";
import { explain } from "@/api/problem";
import * as queries from "@/api/queries";
import type { CoverRequest, PersonShift } from "@/api/types";
import { Empty, Panel, ScreenHead, Shown } from "@/ui/block";
import { Button, CopyButton } from "@/ui/button";
import { nowMs } from "@/ui/clock";
import { FormDialog } from "@/ui/dialog";
import { filled, needed, SelectField, TextField } from "@/ui/form";
import { Time, useZone } from "@/ui/time";
import { instantOf, wallClock } from "@/ui/zoned";
import { Handoffs } from "./handoff";
import { LeaveFeeds } from "./leave-feeds";
import { useReplan } from "./replan";
import { RequestRow } from "./requests";
import { Surveys } from "./survey";
import { TakeDialog } from "./take";

/** A quick rotation has dozens of shifts; these are the ones that matter first. */
const SHIFTS_SHOWN_FIRST = 8;

const HOUR_MS = 3_600_000;
const SWAP_AHEAD_MS = 12 * 7 * 24 * HOUR_MS;

export default function MyOnCallScreen() {
  const session = useQuery(queries.session());
  const [dialog, setDialog] = useState<"take" | "leave" | null>(null);
  const me = session.data?.user.name;
  return (
    <>
      <ScreenHead title="My on-call">
        <Button onClick={() => setDialog("take")}>Take on-call</Button>
        <Button onClick={() => setDialog("leave")}>Enter leave</Button>
      </ScreenHead>
      {me ? (
        <div className="grid items-start gap-4 lg:grid-cols-[minmax(0,1fr)_24rem]">
          <div className="flex flex-col gap-4">
            <Handoffs me={me} />
            <Surveys />
            <Requests me={me} />
            <Shifts me={me} />
          </div>
          <div className="flex flex-col gap-4">
            <Leave me={me} />
            <LeaveFeeds me={me} />
            <Calendars />
          </div>
        </div>
      ) : null}
      {dialog === "take" ? <TakeDialog me={me ?? ""} onOpenChange={() => setDialog(null)} /> : null}
      {dialog === "leave" && me ? <LeaveDialog me={me} onOpenChange={() => setDialog(null)} /> : null}
    </>
  );
}

function Requests({ me }: { me: string }) {
  const requests = useQuery(queries.coverRequests());
  const mine = ({ items }: { items: CoverRequest[] }) =>
    items.filter(({ requester, asked }) => requester === me || asked.some(({ user }) => user === me));
  return (
    <Panel title="Shifts that others ask about" flush>
      <Shown read={requests} what="requests">
        {(data) =>
          mine(data).length === 0 ? (
            <Empty title="Nobody asks you for a shift">
              <p>Offer one of yours with its button below.</p>
            </Empty>
          ) : (
            <ul className="divide-y">
              {mine(data).map((request) => (
                <RequestRow key={request.id} request={request} me={me} />
              ))}
            </ul>
          )
        }
      </Shown>
    </Panel>
  );
}

function Shifts({ me }: { me: string }) {
  const shifts = useQuery(queries.shiftsOf(me));
  const [offered, setOffered] = useState<PersonShift | null>(null);
  const [isWhole, setWhole] = useState(false);
  return (
    <Panel title="My shifts, the next twelve weeks" flush>
      <Shown read={shifts} what="your shifts">
        {({ items }) =>
          items.length === 0 ? (
            <Empty title="No shift of yours">
              <p>Take on-call above, or ask whoever plans the schedule.</p>
            </Empty>
          ) : (
            <>
              <ul className="divide-y">
                {(isWhole ? items : items.slice(0, SHIFTS_SHOWN_FIRST)).map((shift) => (
                  <li
                    key={`${shift.schedule} ${shift.from}`}
                    className="flex flex-wrap items-center gap-x-3 gap-y-1 px-4 py-2"
                  >
                    <div className="min-w-0 flex-1">
                      <p className="font-semibold">{shift.schedule}</p>
                      <p className="text-13 text-muted">
                        {shift.from ? <Time at={shift.from} show="clock" focusable /> : "for ever"} to{" "}
                        {shift.to ? <Time at={shift.to} show="clock" focusable /> : "no end"} · {shift.layer}
                      </p>
                    </div>
                    {shift.to ? (
                      <Button onClick={() => setOffered(shift)}>
                        Offer<span className="sr-only"> {shift.schedule}</span>
                      </Button>
                    ) : null}
                  </li>
                ))}
              </ul>
              {items.length > SHIFTS_SHOWN_FIRST && !isWhole ? (
                <div className="border-t px-4 py-2">
                  <Button onClick={() => setWhole(true)}>Show all {items.length} shifts</Button>
                </div>
              ) : null}
            </>
          )
        }
      </Shown>
      {offered ? <OfferDialog me={me} shift={offered} onOpenChange={() => setOffered(null)} /> : null}
    </Panel>
  );
}

function OfferDialog({
  me,
  shift,
  onOpenChange,
}: {
  me: string;
  shift: PersonShift;
  onOpenChange: () => void;
}) {
  const replan = useReplan();
  const zone = useZone();
  const from = Math.max(nowMs(), shift.from ? Date.parse(shift.from) : 0);
  const ahead = useQuery(
    queries.shifts(
      shift.schedule,
      new Date(nowMs() - (nowMs() % HOUR_MS)).toISOString(),
      new Date(nowMs() - (nowMs() % HOUR_MS) + SWAP_AHEAD_MS).toISOString(),
    ),
  );
  const others = (ahead.data?.items ?? []).filter(
    ({ user, from: begins, to }) => user !== me && begins && to && Date.parse(begins) > nowMs(),
  );
  const submit = async (form: FormData) => {
    const wanted = others.find(({ from: begins }) => begins === filled(form, "in_return"));
    await post("/schedules/{name}/cover-requests", {
      path: { name: shift.schedule },
      body: {
        from: iso(needed(form, "from"), zone),
        to: iso(needed(form, "to"), zone),
        reason: filled(form, "reason") ?? "",
        ...(wanted?.from && wanted.to ? { in_return: { from: wanted.from, to: wanted.to } } : {}),
      },
    });
    toast.success("The others are asked.");
    await replan();
  };
  return (
    <FormDialog
      open
      onOpenChange={onOpenChange}
      title={`Offer ${shift.schedule}`}
      description="Everybody who takes part is asked, or in a swap whoever has the other shift; the first yes has it. Until then it is yours."
      submit="Ask the others"
      onSubmit={submit}
    >
      <WhenFields from={wallClock(from, zone)} to={wallClock(Date.parse(shift.to ?? ""), zone)} zone={zone} />
      <SelectField label="In return (a swap)" name="in_return">
        <option value="">Nothing: ask everybody</option>
        {others.map((other) => (
          <option key={`${other.user} ${other.from}`} value={other.from ?? ""}>
            {other.user}: {wallClock(Date.parse(other.from ?? ""), zone).replace("T", " ")} to{" "}
            {wallClock(Date.parse(other.to ?? ""), zone).replace("T", " ")}
          </option>
        ))}
      </SelectField>
      <TextField label="Reason (optional)" name="reason" maxLength={500} />
    </FormDialog>
  );
}

function WhenFields({ from, to, zone }: { from: string; to: string; zone: string }) {
  return (
    <>
      <TextField
        label="From"
        name="from"
        type="datetime-local"
        required
        defaultValue={from}
        hint={`in ${zone} time`}
      />
      <TextField label="Until" name="to" type="datetime-local" required defaultValue={to} />
    </>
  );
}

function iso(wall: string, zone: string): string {
  return new Date(instantOf(wall, zone)).toISOString();
}

function Leave({ me }: { me: string }) {
  const absences = useQuery(queries.absences(me));
  const replan = useReplan();
  const takeBack = async (id: string) => {
    try {
      await remove("/users/{name}/absences/{id}", { path: { name: me, id } });
      toast.success("Your leave is taken back.");
    } catch (error) {
      toast.error(explain(error));
    }
    await replan();
  };
  return (
    <Panel title="When I am away" flush>
      <Shown read={absences} what="your leave">
        {({ items }) =>
          items.length === 0 ? (
            <Empty title="No leave ahead">
              <p>Rotations pass over you while you are away, and your shifts are offered to others.</p>
            </Empty>
          ) : (
            <ul className="divide-y">
              {items.map((absence) => (
                <li key={absence.id} className="flex flex-wrap items-center gap-x-3 gap-y-1 px-4 py-2">
                  <div className="min-w-0 flex-1">
                    <p>
                      <Time at={absence.from} show="clock" focusable /> to{" "}
                      <Time at={absence.to} show="clock" focusable />
                    </p>
                    <p className="text-13 text-muted">{absence.reason}</p>
                    {absence.conflicts.map((conflict) => (
                      <p key={`${conflict.schedule} ${conflict.from}`} className="text-13 font-semibold">
                        Still on call: {conflict.schedule}, <Time at={conflict.from} show="clock" />
                      </p>
                    ))}
                  </div>
                  <Button onClick={() => void takeBack(absence.id)}>Take back</Button>
                </li>
              ))}
            </ul>
          )
        }
      </Shown>
    </Panel>
  );
}

function LeaveDialog({ me, onOpenChange }: { me: string; onOpenChange: () => void }) {
  const replan = useReplan();
  const zone = useZone();
  const now = nowMs();
  const submit = async (form: FormData) => {
    const entered = await post("/users/{name}/absences", {
      path: { name: me },
      body: {
        from: iso(needed(form, "from"), zone),
        to: iso(needed(form, "to"), zone),
        reason: filled(form, "reason") ?? "",
      },
    });
    await replan();
    const asked = entered.requests.length;
    toast.success(
      asked === 0 ? "Entered. It meets no shift." : `Entered. ${asked} of your shifts are offered.`,
    );
    for (const open of entered.uncovered) toast.warning(`Not offered: ${open}`);
  };
  return (
    <FormDialog
      open
      onOpenChange={onOpenChange}
      title="Enter leave"
      description="Others are asked to take the shifts that it meets."
      submit="Enter it"
      onSubmit={submit}
    >
      <WhenFields
        from={wallClock(now + 24 * HOUR_MS, zone)}
        to={wallClock(now + 8 * 24 * HOUR_MS, zone)}
        zone={zone}
      />
      <TextField
        label="Reason (optional)"
        name="reason"
        maxLength={200}
        hint="Only you and those who lead you see it"
      />
    </FormDialog>
  );
}

function Calendars() {
  const client = useQueryClient();
  const links = useQuery(queries.calendarLinks());
  const refresh = () => client.invalidateQueries({ queryKey: ["planning", "calendar-links"] });
  const act = async (work: () => Promise<unknown>, said: string) => {
    try {
      await work();
      toast.success(said);
    } catch (error) {
      toast.error(explain(error));
    }
    await refresh();
  };
  const make = () => act(() => post("/calendar-links", { body: {} }), "Your calendar has a link.");
  return (
    <Panel title="Calendar links" flush aside={<Button onClick={() => void make()}>New link</Button>}>
      <Shown read={links} what="your links">
        {({ items }) =>
          items.length === 0 ? (
            <Empty title="No link yet">
              <p>A link shows your shifts in your own calendar program. Whoever has it reads them.</p>
            </Empty>
          ) : (
            <ul className="divide-y">
              {items.map((link) => (
                <li key={link.id} className="flex flex-wrap items-center gap-2 px-4 py-2">
                  <span className="min-w-0 flex-1">
                    {link.schedule ?? "My shifts"},{" "}
                    <span className="text-13 text-muted">
                      made <Time at={link.created_at} show="age" />
                    </span>
                  </span>
                  <CopyButton text={link.url} label="Copy the link" />
                  <Button
                    onClick={() =>
                      void act(
                        () => remove("/calendar-links/{id}", { path: { id: link.id } }),
                        "It opens nothing any more.",
                      )
                    }
                  >
                    Revoke
                  </Button>
                </li>
              ))}
            </ul>
          )
        }
      </Shown>
    </Panel>
  );
}
