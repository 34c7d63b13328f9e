/** The cursor of a list: `j` and `k` move it, and it stays on its row when rows come and go. */
import { useState } from "react";
import { useKeys } from "@/shell/keys";

interface Row {
  id: string;
}

export function useCursor<T extends Row>(rows: T[], keys: (row: T) => Record<string, () => void>) {
  const [at, setAt] = useState<string | null>(null);
  const index = rows.findIndex((row) => row.id === at);
  const current = index < 0 ? undefined : rows[index];
  const move = (step: number) => {
    const next = rows[index < 0 ? 0 : Math.min(rows.length - 1, Math.max(0, index + step))];
    if (!next) return;
    setAt(next.id);
    document.getElementById(`row-${next.id}`)?.querySelector<HTMLElement>("[data-row-link]")?.focus();
  };
  useKeys({ j: () => move(1), k: () => move(-1), ...(current ? keys(current) : {}) });
  return { current, setCurrent: setAt };
}
