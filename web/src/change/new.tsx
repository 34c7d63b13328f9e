/** A change that is not written yet: blank, or begun from a template or an earlier one. */
import { useInfiniteQuery, useQuery } from "@tanstack/react-query";
import { getRouteApi } from "@tanstack/react-router";
import * as queries from "@/api/queries";
import type { ChangePlan } from "@/api/types";
import { Shown } from "@/ui/block";
import { SelectField } from "@/ui/form";
import { cloned } from "./change";
import { BLANK } from "./draft";
import { PlanEditor } from "./editor";
import { FromTemplate } from "./from-template";

const route = getRouteApi("/changes/new");

export default function NewChange() {
  const { from } = route.useSearch();
  return from === undefined ? <Editor start={BLANK} name="new" /> : <Cloned key={from} from={from} />;
}

function Cloned({ from }: { from: number }) {
  const read = useQuery(queries.change(String(from)));
  return (
    <Shown read={read} what="the change to begin from">
      {({ plan }) => <Editor start={cloned(plan)} name={`new.${from}`} />}
    </Shown>
  );
}

/** What is typed is kept apart for a blank plan and for each that another was begun from. */
function Editor({ start, name }: { start: ChangePlan; name: string }) {
  const navigate = route.useNavigate();
  const earlier = useInfiniteQuery(queries.changes({}));
  const items = earlier.data?.pages.flatMap((page) => page.items) ?? [];
  const classes = [...new Set(items.map((item) => item.class))].sort();
  return (
    <PlanEditor title="Write a change" name={name} start={{ plan: start, revision: 0 }} state={null}>
      {(set) => (
        <>
          <FromTemplate onFilled={set} />
          {items.length === 0 ? null : (
            <SelectField
              label="Start from"
              hint="an earlier change of the same class; its plan comes along without its dates"
              value=""
              onChange={({ target }) =>
                target.value && void navigate({ search: { from: Number(target.value) } })
              }
            >
              <option value="">a blank plan, or choose</option>
              {classes.map((name) => (
                <optgroup key={name} label={name}>
                  {items
                    .filter((item) => item.class === name)
                    .map((item) => (
                      <option key={item.number} value={item.number}>
                        CHG-{item.number} {item.title}
                      </option>
                    ))}
                </optgroup>
              ))}
            </SelectField>
          )}
        </>
      )}
    </PlanEditor>
  );
}
