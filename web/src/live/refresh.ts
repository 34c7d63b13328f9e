/**
 * Reading again what became stale. A first read that is still under way may have been answered before
 * whatever made it stale, and is not begun anew by the client: it is read once more when it is there.
 */
import type { QueryClient, QueryFilters } from "@tanstack/react-query";

export async function refresh(client: QueryClient, filters: QueryFilters = {}): Promise<void> {
  const first = client.getQueryCache().findAll({
    ...filters,
    predicate: ({ state }) => state.data === undefined && state.fetchStatus === "fetching",
  });
  await client.invalidateQueries(filters);
  await Promise.all(first.map(({ queryKey }) => client.invalidateQueries({ queryKey, exact: true })));
}
