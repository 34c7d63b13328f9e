/** Who would be paged if nobody answered: when, whom, by what. */
import { useState } from "react";
import type { PlannedPage } from "@/api/types";
import { Button } from "@/ui/button";
import { duration } from "@/ui/format";
import { Time } from "@/ui/time";

/** More than anybody reads at once; a policy may have a hundred rounds. */
const SHOWN_FIRST = 12;

export function PlannedPages({
  pages,
  after,
}: {
  pages: PlannedPage[];
  /** Seconds from the start to a page. */
  after: (page: PlannedPage) => number;
}) {
  const [isWhole, setWhole] = useState(false);
  if (pages.length === 0) return <p className="font-semibold">Nobody is paged.</p>;
  const shown = isWhole ? pages : pages.slice(0, SHOWN_FIRST);
  return (
    <>
      <table className="w-full text-left">
        <thead className="sr-only">
          <tr>
            <th scope="col">When</th>
            <th scope="col">Who</th>
            <th scope="col">Why</th>
          </tr>
        </thead>
        <tbody className="divide-y">
          {shown.map((page) => (
            <tr key={`${page.at} ${page.user} ${page.method}`} className="align-baseline">
              <td className="py-1.5 pr-3">
                {after(page) === 0 ? "at once" : `after ${duration(after(page))}`}
                <span className="block text-13 text-muted">
                  <Time at={page.at} show="clock" focusable />
                </span>
              </td>
              <td className="py-1.5 pr-3">
                <span className="font-semibold">{page.user}</span>
                <span className="block text-13 text-muted">by {page.method || "no method"}</span>
              </td>
              <td className="py-1.5 text-13 text-muted">{reason(page)}</td>
            </tr>
          ))}
        </tbody>
      </table>
      {pages.length > shown.length ? (
        <Button className="mt-2" onClick={() => setWhole(true)}>
          Show {pages.length - shown.length} more
        </Button>
      ) : null}
    </>
  );
}

function reason({ step, round }: PlannedPage): string {
  if (step === null) return "the catch-all";
  return round > 1 ? `step ${step}, round ${round}` : `step ${step}`;
}
