/** One escalation policy, and whom it would page at a chosen time if nobody answered. */
import { useQuery } from "@tanstack/react-query";
import { getRouteApi } from "@tanstack/react-router";
import * as queries from "@/api/queries";
import { Panel, ScreenHead, Shown } from "@/ui/block";
import { EditLink } from "./edit-link";
import { OccasionFields, Paged } from "./occasion";
import { type Occasion, wholeLabels } from "./occasion-search";
import { Steps } from "./steps";

const route = getRouteApi("/policies/$name");

export default function PolicyScreen() {
  const { name } = route.useParams();
  const policy = useQuery(queries.policy(name));
  return (
    <Shown read={policy} what="the escalation policy">
      {(data) => (
        <>
          <ScreenHead title={data.name}>
            <EditLink to="/policies/$name/edit" name={data.name} />
          </ScreenHead>
          <div className="grid items-start gap-4 lg:grid-cols-2">
            <Panel title="Steps">
              <div className="flex flex-col gap-3">
                <Steps policy={data} />
              </div>
            </Panel>
            <Preview name={name} />
          </div>
        </>
      )}
    </Shown>
  );
}

function Preview({ name }: { name: string }) {
  const occasion = route.useSearch();
  const navigate = route.useNavigate();
  const { at, severity = 1, labels, service } = occasion;
  const whole = wholeLabels(labels).map((label) => label.join(":"));
  const preview = useQuery(
    queries.policyPreview(name, {
      severity,
      ...(at ? { at } : {}),
      ...(whole.length > 0 ? { labels: whole.join(",") } : {}),
      ...(service ? { service } : {}),
    }),
  );
  const choose = (change: Occasion) =>
    void navigate({ search: { ...occasion, ...change }, replace: true, resetScroll: false });
  return (
    <Panel title="Who is paged if nobody answers">
      <OccasionFields occasion={occasion} onChoose={choose} />
      <Shown read={preview} what="the preview">
        {(data) => <Paged preview={data} at={at} />}
      </Shown>
    </Panel>
  );
}
