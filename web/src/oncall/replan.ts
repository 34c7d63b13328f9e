/** Reading again whatever a change of plan may have changed. */
import { useQueryClient } from "@tanstack/react-query";

const KEYS = ["planning", "on-call", "shifts", "users"];

export function useReplan(): () => Promise<unknown> {
  const client = useQueryClient();
  return () => Promise.all(KEYS.map((key) => client.invalidateQueries({ queryKey: [key] })));
}
