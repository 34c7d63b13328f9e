/**
 * Tables as CSV (RFC 4180). Cells that a spreadsheet would take for a formula
 * are disarmed, since titles come from outside.
 */
import { toast } from "sonner";
import { asked, getPart, type Item, type ListPath, type Options } from "@/api/client";
import type { List } from "@/api/types";
import { saveFile } from "./save";

export type Cell = string | number | boolean | null | undefined;
export type Columns<T> = Record<string, (row: T) => Cell>;

const EXPORT_ROWS_MAX = 10_000;
const EXPORT_PAGE = 500;

export function toCsv<T>(rows: T[], columns: Columns<T>): string {
  const names = Object.keys(columns);
  const lines = rows.map((row) => Object.values(columns).map((cell) => quote(cell(row))));
  return [names.map(quote), ...lines].map((cells) => `${cells.join(",")}\r\n`).join("");
}

/** Reads every page of a list, then saves it; says how far it is. */
export async function exportList<P extends ListPath>(
  name: string,
  path: P,
  options: Options<"get", P>,
  columns: Columns<Item<P>>,
) {
  const id = toast.loading("Collecting rows…");
  try {
    const rows: Item<P>[] = [];
    let cursor: string | null = null;
    do {
      const page: List<Item<P>> = await getPart(path, asked(options), { limit: EXPORT_PAGE, cursor });
      rows.push(...page.items);
      cursor = page.next;
      toast.loading(`Collected ${rows.length} rows…`, { id });
    } while (cursor && rows.length < EXPORT_ROWS_MAX);
    saveFile(`${name}.csv`, "text/csv", toCsv(rows, columns));
    const cut = cursor ? ` The list is longer; narrow the query to export the rest.` : "";
    toast.success(`Exported ${rows.length} rows.${cut}`, { id });
  } catch (error) {
    toast.error(error instanceof Error ? error.message : "The export failed. Try again.", { id });
  }
}

export function exportRows<T>(name: string, rows: T[], columns: Columns<T>): void {
  saveFile(`${name}.csv`, "text/csv", toCsv(rows, columns));
}

function quote(cell: Cell): string {
  if (cell === null || cell === undefined) return "";
  const text = String(cell);
  const safe = typeof cell === "string" && /^[=+\-@\t\r]/.test(text) ? `'${text}` : text;
  return /[",\r\n]/.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe;
}
