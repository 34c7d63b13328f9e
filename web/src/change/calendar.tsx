/** The calendar of changes: by month, by week and per service, with what forbids them and what goes on. */
import { keepPreviousData, useQuery } from "@tanstack/react-query";
import { getRouteApi, Link } from "@tanstack/react-router";
import clsx from "clsx";
import { useState } from "react";
import { toast } from "sonner";
import { post } from "@/api/client";
import { explain } from "@/api/problem";
import * as queries from "@/api/queries";
import { Empty, ScreenHead, Shown } from "@/ui/block";
import { Button, CopyButton } from "@/ui/button";
import { nowMs } from "@/ui/clock";
import { SelectField } from "@/ui/form";
import { useZone } from "@/ui/time";
import { instantOf, wallClock } from "@/ui/zoned";
import { clocks, type DayOfChanges, dayByDay, type Mark, shown, turned, type View } from "./days";

const route = getRouteApi("/changes/calendar");

const KIND_WORDS: Record<Mark["kind"], string> = {
  freeze: "Freeze",
  gap: "On-call gap",
  incident: "Incident",
  change: "Change",
  window: "Window",
};

export default function CalendarScreen() {
  const { view = "month", at, service } = route.useSearch();
  const navigate = route.useNavigate();
  const zone = useZone();
  const [now] = useState(nowMs);
  const today = wallClock(now, zone).slice(0, 10);
  const date = at ?? today;
  const days = shown(view, instantOf(`${date}T12:00`, zone), zone);
  const dates = days.map((day) => day.date);
  const iso = (instant = now) => new Date(instant).toISOString();
  const calendar = useQuery({
    ...queries.changeCalendar(iso(days[0]?.from), iso(days.at(-1)?.to), service),
    placeholderData: keepPreviousData,
  });
  const go = (search: { view?: View; at?: string; service?: string }) =>
    navigate({ search: (before) => ({ ...before, ...search }) });
  return (
    <>
      <ScreenHead title="Change calendar">
        <FeedButton service={service} />
      </ScreenHead>
      <div className="mb-4 flex flex-wrap items-end gap-2">
        <Button onClick={() => go({ at: turned(view, date, -1) })}>
          Previous<span className="sr-only"> {view}</span>
        </Button>
        <Button onClick={() => go({ at: undefined })} disabled={at === undefined}>
          Today
        </Button>
        <Button onClick={() => go({ at: turned(view, date, 1) })}>
          Next<span className="sr-only"> {view}</span>
        </Button>
        <SelectField
          label="View"
          value={view}
          onChange={(event) => go({ view: event.target.value === "week" ? "week" : undefined })}
        >
          <option value="month">Month</option>
          <option value="week">Week</option>
        </SelectField>
        <ServiceField value={service} onChoose={(chosen) => go({ service: chosen })} />
      </div>
      <h2 className="mb-2 font-semibold" aria-live="polite">
        {titleOf(view, dates, date)}
        {service ? `, ${service}` : ""}
      </h2>
      <Shown read={calendar} what="the calendar">
        {(data) => (
          <Days
            days={dayByDay(data, days, view === "month" ? date.slice(0, 7) : null, Date.now())}
            today={today}
            zone={zone}
          />
        )}
      </Shown>
    </>
  );
}

function ServiceField({
  value,
  onChoose,
}: {
  value: string | undefined;
  onChoose: (service: string | undefined) => void;
}) {
  const services = useQuery(queries.services()).data?.items ?? [];
  return (
    <SelectField
      label="Service"
      value={value ?? ""}
      onChange={(event) => onChoose(event.target.value || undefined)}
    >
      <option value="">All services</option>
      {services.map(({ name }) => (
        <option key={name} value={name}>
          {name}
        </option>
      ))}
    </SelectField>
  );
}

const monthName = new Intl.DateTimeFormat("en-GB", { month: "long", year: "numeric", timeZone: "UTC" });
const dayName = new Intl.DateTimeFormat("en-GB", {
  weekday: "short",
  day: "numeric",
  month: "short",
  timeZone: "UTC",
});

function titleOf(view: View, dates: string[], date: string): string {
  if (view === "month") return monthName.format(Date.parse(date));
  const [first, last] = [dates[0] ?? date, dates.at(-1) ?? date];
  return `${dayName.format(Date.parse(first))} to ${dayName.format(Date.parse(last))}`;
}

/** A week a row; on a phone one day below the other, and only those on which something is. */
function Days({ days, today, zone }: { days: DayOfChanges[]; today: string; zone: string }) {
  const isEmpty = days.every(({ marks }) => marks.length === 0);
  return (
    <>
      {isEmpty ? (
        <div className="panel mb-4">
          <Empty title="Nothing stands in it">
            <p>No change, no freeze, no bad incident and no gap of the on-call in these days.</p>
          </Empty>
        </div>
      ) : null}
      <ol className="grid gap-2 md:grid-cols-7 md:gap-px">
        {days.map((day) => (
          <DayCell key={day.date} day={day} isToday={day.date === today} zone={zone} />
        ))}
      </ol>
    </>
  );
}

function DayCell({ day, isToday, zone }: { day: DayOfChanges; isToday: boolean; zone: string }) {
  const isFrozen = day.marks.some(({ kind }) => kind === "freeze");
  return (
    <li
      className={clsx(
        "panel min-w-0 flex-col gap-1 p-2 md:min-h-28",
        day.marks.length === 0 && !isToday ? "hidden md:flex" : "flex",
        isFrozen && "lane-gap",
      )}
    >
      <time
        dateTime={day.date}
        aria-current={isToday ? "date" : undefined}
        className={clsx("text-13", isToday ? "font-semibold" : "text-muted", !day.isInside && "italic")}
      >
        {dayName.format(Date.parse(day.date))}
        {isToday ? " · today" : ""}
      </time>
      {day.marks.length === 0 ? <span className="sr-only">Nothing</span> : null}
      <ul className="flex flex-col gap-1">
        {day.marks.map((mark) => (
          <li key={mark.key} className="panel min-w-0 p-1 text-13 break-words">
            <span className="text-muted">
              {KIND_WORDS[mark.kind]} · {clocks(mark, day, zone)}
            </span>
            <br />
            <MarkTitle mark={mark} />
            {mark.more ? <span className="block text-muted">{mark.more}</span> : null}
            {mark.clash ? (
              <span className="block border-l-2 border-text pl-1 font-medium">{mark.clash}</span>
            ) : null}
          </li>
        ))}
      </ul>
    </li>
  );
}

function MarkTitle({ mark }: { mark: Mark }) {
  if (mark.kind === "incident" && mark.number !== null) {
    return (
      <Link to="/incidents/$number" params={{ number: String(mark.number) }} className="link font-semibold">
        #{mark.number} {mark.title}
      </Link>
    );
  }
  if (mark.kind === "change") {
    return (
      <Link to="/changes/$number" params={{ number: String(mark.number) }} className="link font-semibold">
        CHG-{mark.number} {mark.title}
      </Link>
    );
  }
  return <span className="font-semibold">{mark.title}</span>;
}

/** Makes a link by which other programs read the calendar. */
function FeedButton({ service }: { service: string | undefined }) {
  const [url, setUrl] = useState<string | null>(null);
  const make = async () => {
    try {
      const link = await post("/calendar-links", { body: { changes: true, service: service ?? null } });
      setUrl(link.url);
    } catch (error) {
      toast.error(explain(error));
    }
  };
  if (url) return <CopyButton text={url} label="Copy the link" />;
  return <Button onClick={make}>Link for a calendar program</Button>;
}
