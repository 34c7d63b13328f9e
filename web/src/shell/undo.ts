/** The last thing that can be taken back, for the `z` key and the button in the toast. */
import { toast } from "sonner";
import { explain } from "@/api/problem";

/** Long enough to notice a mistake, short enough that nobody undoes another's work. */
const UNDO_MS_MAX = 60_000;

interface Undo {
  what: string;
  run: () => Promise<unknown>;
  at: number;
}

let last: Undo | null = null;

/** Says what was done and offers to take it back. */
export function offerUndo(done: string, what: string, run: () => Promise<unknown>): void {
  last = { what, run, at: Date.now() };
  toast.success(done, { action: { label: "Undo (z)", onClick: () => void undoLast() } });
}

export async function undoLast(): Promise<void> {
  const undo = last;
  last = null;
  if (!undo || Date.now() - undo.at > UNDO_MS_MAX) {
    toast("Nothing to undo. Only the last acknowledgement or snooze, for a minute.");
    return;
  }
  try {
    await undo.run();
    toast.success(undo.what);
  } catch (error) {
    toast.error(explain(error));
  }
}
