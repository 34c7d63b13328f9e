/** Shadow mode: what was recorded while a service is tried out, and what switching it on would mean. */
import { useQuery } from "@tanstack/react-query";
import { getRouteApi, Link } from "@tanstack/react-router";
import * as queries from "@/api/queries";
import type { Forecast, Shadow } from "@/api/types";
import { Empty, Fact, Facts, Panel, ScreenHead, Shown } from "@/ui/block";
import { SelectField } from "@/ui/form";
import { count } from "@/ui/format";
import { Severity } from "@/ui/glyph";
import { Time } from "@/ui/time";

const route = getRouteApi("/services/$name/shadow");
const SPANS = [7, 14, 30, 90];

export default function ShadowScreen() {
  const { name } = route.useParams();
  const { days = 14 } = route.useSearch();
  const navigate = route.useNavigate();
  const shadow = useQuery(queries.shadow(name, days));
  return (
    <>
      <ScreenHead title={`Shadow mode of ${name}`}>
        <Link to="/services/$name" params={{ name }} className="link">
          The service
        </Link>
      </ScreenHead>
      <SelectField
        label="Looking back over"
        className="mb-4 max-w-48"
        value={days}
        onChange={({ target: { value } }) =>
          void navigate({ search: { days: Number(value) }, replace: true })
        }
      >
        {SPANS.map((span) => (
          <option key={span} value={span}>
            {span} days
          </option>
        ))}
      </SelectField>
      <Shown read={shadow} what="what was recorded">
        {(data) => (
          <div className="grid items-start gap-4 lg:grid-cols-2">
            <Recorded shadow={data} />
            <Ahead forecast={data.forecast} />
          </div>
        )}
      </Shown>
    </>
  );
}

function Recorded({ shadow }: { shadow: Shadow }) {
  const isOn = shadow.shadow || shadow.shadow_rules > 0;
  return (
    <Panel title="Recorded, and nobody was paged" flush>
      {isOn ? (
        <p role="status" className="border-b px-4 py-3 font-semibold">
          {shadow.shadow
            ? "This service pages nobody: it is in shadow mode."
            : `${count(shadow.shadow_rules, "line")} of its severity map page nobody: they are in shadow mode.`}
        </p>
      ) : null}
      {shadow.items.length === 0 ? (
        <Empty title={isOn ? "Nothing was kept from paging" : "Nothing is being tried out"}>
          <p>
            With <code>shadow: true</code> on the service, or on a line of its severity map, alerts record who
            would have been paged.
          </p>
        </Empty>
      ) : (
        <ul className="divide-y">
          {shadow.items.map((item) => (
            <li key={item.alert} className="flex flex-col gap-1 px-4 py-2">
              <p className="flex flex-wrap items-center gap-x-3">
                <Severity level={item.severity} wordHidden />
                <Link to="/alerts/$id" params={{ id: item.alert }} className="link">
                  <Time at={item.at} />
                </Link>
                <span className="text-13 text-muted">{count(item.alerts, "alert")}</span>
              </p>
              <p className="text-13">{people(item.pages.map(({ user }) => user))}</p>
            </li>
          ))}
        </ul>
      )}
    </Panel>
  );
}

function people(names: string[]): string {
  const once = [...new Set(names)];
  if (once.length === 0) return "Nobody would have been paged.";
  return `Would have paged ${once.join(", then ")}.`;
}

function Ahead({ forecast }: { forecast: Forecast }) {
  return (
    <Panel title="If it were switched on">
      <Facts>
        <Fact name="Alerts looked at">
          {forecast.alerts}
          {forecast.more ? ", and there were more" : ""}
        </Fact>
        <Fact name="Incidents">{forecast.incident_count}</Fact>
        <Fact name="Pages">{forecast.page_count}</Fact>
        <Fact name="Pages per shift">
          {forecast.pages_per_shift === null
            ? "The first step asks no schedule"
            : `${forecast.pages_per_shift.toFixed(2)} over ${count(forecast.shift_count, "shift")}`}
        </Fact>
      </Facts>
      <p className="mt-3 text-13 text-muted">
        As if the first people asked had answered. A guard that counts firings is taken to pass once there
        were enough of them.
      </p>
      {forecast.people.length > 0 ? (
        <>
          <h3 className="mt-4 mb-1 font-semibold">By person</h3>
          <ul>
            {forecast.people.map(({ user, pages }) => (
              <li key={user}>
                {user}: {count(pages, "page")}
              </li>
            ))}
          </ul>
        </>
      ) : null}
      {forecast.shifts.length > 0 ? (
        <>
          <h3 className="mt-4 mb-1 font-semibold">The busiest shifts</h3>
          <ul>
            {forecast.shifts.slice(0, 10).map((shift) => (
              <li key={`${shift.schedule} ${shift.from}`} className="text-13">
                {shift.user}, <Time at={shift.from} show="clock" /> to <Time at={shift.to} show="clock" />:{" "}
                {count(shift.pages, "page")}
              </li>
            ))}
          </ul>
        </>
      ) : null}
    </Panel>
  );
}
