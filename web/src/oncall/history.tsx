/** Who changed a document, when and what; and bringing a version back. */
import { useInfiniteQuery } from "@tanstack/react-query";
import * as queries from "@/api/queries";
import type { DocumentVersion } from "@/api/types";
import { Panel, Shown } from "@/ui/block";
import { Button } from "@/ui/button";
import { Time } from "@/ui/time";
import type { Edit } from "./edit";

export function History({ edit: { kind, name, busy, restore } }: { edit: Edit }) {
  const history = useInfiniteQuery(queries.history(kind.collection, name));
  return (
    <Panel title="History" flush>
      <Shown read={history} what="the history">
        {({ pages }) => (
          <ol className="divide-y">
            {pages
              .flatMap(({ items }) => items)
              .map((version, index) => (
                <li key={version.revision} className="px-4 py-2">
                  <p className="flex flex-wrap gap-x-2">
                    <strong className="font-semibold">{version.actor}</strong>
                    <Time at={version.at} focusable className="text-muted" />
                  </p>
                  <p className="text-13 text-muted">{changes(version)}</p>
                  {index > 0 && !version.removed ? (
                    <Button
                      emphasis="quiet"
                      className="-ml-3"
                      disabled={busy}
                      aria-label={`Restore version ${version.revision} of ${version.actor}`}
                      onClick={() => void restore(version.revision)}
                    >
                      Restore
                    </Button>
                  ) : null}
                </li>
              ))}
          </ol>
        )}
      </Shown>
      {history.hasNextPage ? (
        <div className="border-t px-4 py-2">
          <Button onClick={() => void history.fetchNextPage()}>Earlier changes</Button>
        </div>
      ) : null}
    </Panel>
  );
}

const WAYS: Record<string, string> = {
  apply: "by a configuration file",
  publish: "published",
  undo: "undone",
  restore: "restored",
  kept: "in force before changes were kept",
};

function changes({ way, removed, first, changes }: DocumentVersion): string {
  const how = WAYS[way];
  const what = removed ? "removed" : first ? "made" : changes.map(({ path }) => path).join(", ") || "nothing";
  return how ? `${what} · ${how}` : what;
}
