/** How the installation watches itself: its sign of life, and messages that go all the way. */
import { useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import * as queries from "@/api/queries";
import type { Watch } from "@/api/types";
import { Code, Empty, Shown } from "@/ui/block";
import { CopyButton } from "@/ui/button";
import { duration } from "@/ui/format";
import { OkGlyph, StateGlyph } from "@/ui/glyph";
import { Time } from "@/ui/time";

const EXAMPLE =
  "watch:\n  url: { env: SIGN_OF_LIFE_URL }\n  canaries:\n    - { user: NAME, method: METHOD, every: 1h }";

type Standing = Pick<Watch["canaries"][number], "last_at" | "last_ok_at" | "trouble">;

export function OwnWatch() {
  const watch = useQuery(queries.watch());
  return (
    <section aria-labelledby="own-watch">
      <h2 id="own-watch" className="mt-8 mb-2 text-16 font-semibold">
        Muster itself
      </h2>
      <Shown read={watch} what="how Muster watches itself">
        {({ sign_of_life, canaries }) =>
          sign_of_life === null && canaries.length === 0 ? (
            <div className="panel">
              <Empty title="Nobody watches Muster yet">
                <p>
                  A sign of life goes to an address outside while nothing is overdue, and canaries are test
                  messages that go all the way to somebody's device.
                </p>
                <Code text={EXAMPLE} label="Example of watching Muster itself" />
                <CopyButton text={EXAMPLE} label="Copy the example of watching Muster itself" />
              </Empty>
            </div>
          ) : (
            <ul className="panel divide-y" aria-label="How Muster watches itself">
              {sign_of_life ? (
                <Row name="Sign of life" every={sign_of_life.every_seconds} standing={sign_of_life} />
              ) : null}
              {canaries.map((canary) => (
                <Row
                  key={canary.monitor}
                  name={`Canary to ${canary.user} by ${canary.method}`}
                  monitor={canary.monitor}
                  every={canary.every_seconds}
                  standing={canary}
                  waiting={canary.on_its_way}
                />
              ))}
            </ul>
          )
        }
      </Shown>
    </section>
  );
}

interface RowProps {
  name: string;
  monitor?: string;
  every: number;
  standing: Standing;
  waiting?: boolean;
}

function Row({ name, monitor, every, standing, waiting = false }: RowProps) {
  return (
    <li className="relative flex min-h-14 flex-wrap items-center gap-x-4 gap-y-1 px-4 py-2">
      <div className="w-24 shrink-0">
        <State standing={standing} waiting={waiting} />
      </div>
      <div className="min-w-0 flex-1 basis-48">
        <p className="font-semibold">
          {monitor ? (
            <Link to="/heartbeats/$name" params={{ name: monitor }} className="after:absolute after:inset-0">
              {name}
            </Link>
          ) : (
            name
          )}
        </p>
        <p className="text-13 text-muted">
          every {duration(every)}
          {standing.trouble ? `: ${standing.trouble}` : null}
        </p>
      </div>
      <p className="text-13 text-muted">
        {standing.last_ok_at ? (
          <>
            went well <Time at={standing.last_ok_at} show="age" />
          </>
        ) : (
          "has not gone well yet"
        )}
      </p>
    </li>
  );
}

function State({ standing, waiting }: { standing: Standing; waiting: boolean }) {
  const [state, word] = standing.trouble
    ? (["triggered", "Down"] as const)
    : waiting || standing.last_ok_at === null
      ? (["suppressed", "Waiting"] as const)
      : ([null, "Up"] as const);
  return (
    <span className="inline-flex items-center gap-1.5 font-semibold">
      {state === null ? <OkGlyph /> : <StateGlyph state={state} />}
      {word}
    </span>
  );
}
