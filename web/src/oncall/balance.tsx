/**
 * The balance of a schedule while it is planned: what everybody who has a part in it bears,
 * with what it is now where that changes.
 */
import type { PlannedLoad } from "@/api/types";

type Figures = PlannedLoad["before"];

const HOUR_SECONDS = 3_600;

const SHOWN: [string, (figures: Figures) => number][] = [
  ["Hours", ({ on_call_seconds }) => on_call_seconds / HOUR_SECONDS],
  ["Nights", ({ nights }) => nights],
  ["Weekend days", ({ weekend_days }) => weekend_days],
  ["Holidays", ({ holidays }) => holidays],
];

export function Balance({ people }: { people: PlannedLoad[] }) {
  if (people.length === 0) return null;
  return (
    <section
      // biome-ignore lint/a11y/noNoninteractiveTabindex: a scrolling region must be reachable by keyboard.
      tabIndex={0}
      aria-label="Balance"
      className="overflow-x-auto"
    >
      <table className="w-full text-left tabular-nums [overflow-wrap:normal]">
        <caption className="pb-1 text-left font-semibold">Balance</caption>
        <thead>
          <tr className="text-13 text-muted">
            <th scope="col" className="py-1 pr-3 font-medium">
              Who
            </th>
            {SHOWN.map(([name]) => (
              <th key={name} scope="col" className="px-2 py-1 text-right font-medium">
                {name}
              </th>
            ))}
          </tr>
        </thead>
        <tbody className="divide-y">
          {people.map(({ user, before, after }) => (
            <tr key={user}>
              <th scope="row" className="py-1 pr-3 font-medium">
                {user}
              </th>
              {SHOWN.map(([name, figure]) => (
                <td key={name} className="px-2 py-1 text-right">
                  <Change before={figure(before)} after={figure(after)} />
                </td>
              ))}
            </tr>
          ))}
        </tbody>
      </table>
    </section>
  );
}

function Change({ before, after }: { before: number; after: number }) {
  const text = (figure: number) => figure.toLocaleString("en", { maximumFractionDigits: 1 });
  if (before === after) return text(after);
  return (
    <>
      <span className="text-muted">{text(before)} to </span>
      <strong className="font-semibold">{text(after)}</strong>
    </>
  );
}
