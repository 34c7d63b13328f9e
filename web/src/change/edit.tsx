/** A change that is written already, worded anew. */
import { useQuery } from "@tanstack/react-query";
import { getRouteApi, Link } from "@tanstack/react-router";
import * as queries from "@/api/queries";
import { Empty, ScreenHead, Shown } from "@/ui/block";
import { buttonClass } from "@/ui/button";
import { mayBeEdited, words } from "./change";
import { PlanEditor } from "./editor";

const route = getRouteApi("/changes/$number/edit");

export default function EditChange() {
  const { number } = route.useParams();
  const read = useQuery(queries.change(number));
  return (
    <Shown read={read} what="the change">
      {({ plan, revision, state, yours }) =>
        yours && mayBeEdited(state) ? (
          <PlanEditor title={`Edit CHG-${number}`} name={number} start={{ plan, revision }} state={state} />
        ) : (
          <>
            <ScreenHead title={`Edit CHG-${number}`} />
            <div className="panel">
              <Empty
                title={yours ? `${words(state)}: it cannot be edited any more` : "It is not yours to edit"}
              >
                <p>Its submitter, its technician, the team of the service and administrators may.</p>
                <Link to="/changes/new" search={{ from: Number(number) }} className={buttonClass()}>
                  Clone it
                </Link>
              </Empty>
            </div>
          </>
        )
      }
    </Shown>
  );
}
