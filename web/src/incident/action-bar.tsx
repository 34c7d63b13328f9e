/** The moves of an incident: the first under the thumb, a few beside it, the rest in a menu. */
import { useQuery } from "@tanstack/react-query";
import { Ellipsis } from "lucide-react";
import { DropdownMenu } from "radix-ui";
import { lazy, Suspense, useState } from "react";
import * as queries from "@/api/queries";
import type { Incident } from "@/api/types";
import { useKeys } from "@/shell/keys";
import { Button } from "@/ui/button";
import { useMedia } from "@/ui/media";
import { useCommands } from "./commands";
import { isImmediate, MOVE_WORD, type Move, moves } from "./moves";

const MoveDialog = lazy(() => import("./dialogs"));

const BUTTONS_WIDE = 6;
const BUTTONS_PHONE = 2;

const KEYS: Partial<Record<Move, string>> = { acknowledge: "a", resolve: "r", escalate: "e", snooze: "s" };

export function ActionBar({ incident }: { incident: Incident }) {
  const { run } = useCommands();
  const [asking, setAsking] = useState<Move | null>(null);
  const wide = useMedia("(min-width: 48rem)");
  const me = useQuery(queries.session()).data?.user.name;
  const offered = moves(
    incident,
    incident.clocks.awaited.some(({ user }) => user === me),
  );
  const act = (move: Move) => (isImmediate(move) ? void run(incident, move) : setAsking(move));
  useKeys(
    Object.fromEntries(
      offered.flatMap((move) => {
        const key = KEYS[move];
        return key ? [[key, () => act(move)]] : [];
      }),
    ),
  );
  const [first, ...others] = offered;
  if (!first) return null;
  const shown = others.slice(0, (wide ? BUTTONS_WIDE : BUTTONS_PHONE) - 1);
  const hidden = others.slice(shown.length);

  return (
    <div
      role="toolbar"
      aria-label="Actions"
      className="fixed inset-x-0 bottom-0 z-20 flex gap-2 border-t bg-surface p-3 pb-[max(0.75rem,env(safe-area-inset-bottom))] md:static md:mb-4 md:flex-wrap md:border-0 md:bg-transparent md:p-0"
    >
      <Button
        emphasis="primary"
        className="min-h-14 flex-1 text-16! font-semibold! md:min-h-10 md:flex-none md:text-14!"
        onClick={() => act(first)}
      >
        {MOVE_WORD[first]}
      </Button>
      {shown.map((move) => (
        <Button key={move} className="min-h-14 md:min-h-10" onClick={() => act(move)}>
          {MOVE_WORD[move]}
        </Button>
      ))}
      {hidden.length > 0 ? <MoreMoves moves={hidden} act={act} /> : null}
      {asking ? (
        <Suspense fallback={null}>
          <MoveDialog incidents={[incident]} move={asking} onClose={() => setAsking(null)} />
        </Suspense>
      ) : null}
    </div>
  );
}

function MoreMoves({ moves: hidden, act }: { moves: Move[]; act: (move: Move) => void }) {
  return (
    <DropdownMenu.Root modal={false}>
      <DropdownMenu.Trigger asChild>
        <Button className="min-h-14 md:min-h-10" aria-label="More actions">
          <Ellipsis className="size-5" aria-hidden="true" />
        </Button>
      </DropdownMenu.Trigger>

      <DropdownMenu.Content
        align="end"
        sideOffset={6}
        className="z-40 min-w-52 rounded-md border border-edge bg-surface p-1"
      >
        {hidden.map((move) => (
          <DropdownMenu.Item
            key={move}
            onSelect={() => act(move)}
            className="tap flex items-center rounded-sm px-3 data-[highlighted]:bg-raised data-[highlighted]:outline-1 data-[highlighted]:outline-edge"
          >
            {MOVE_WORD[move]}
          </DropdownMenu.Item>
        ))}
      </DropdownMenu.Content>
    </DropdownMenu.Root>
  );
}
