/** Who would be paged if nobody answered: when, whom, by what. */
import type { PlannedPage } from "@/api/types";
import { duration } from "@/ui/format";
import { Time } from "@/ui/time";

export function PlannedPages({
  pages,
  after,
}: {
  pages: PlannedPage[];
  /** Seconds from the start to a page. */
  after: (page: PlannedPage) => number;
}) {
  if (pages.length === 0) return <p className="font-semibold">Nobody is paged.</p>;
  return (
    <table className="w-full text-left">
      <thead className="sr-only">
        <tr>
          <th scope="col">When</th>
          <th scope="col">Who</th>
          <th scope="col">Why</th>
        </tr>
      </thead>
      <tbody className="divide-y">
        {pages.map((page) => (
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
  );
}

function reason({ step, round }: PlannedPage): string {
  if (step === null) return "the catch-all";
  return round > 1 ? `step ${step}, round ${round}` : `step ${step}`;
}
