/** Whose turn it is, read from what the server says about every schedule. Pure. */
import type { OnCallSchedule } from "@/api/types";

export function turnNow(schedules: OnCallSchedule[], me: string) {
  for (const { schedule, on_call } of schedules) {
    const shift = on_call.find(({ user }) => user === me);
    if (shift) return { schedule, to: shift.to };
  }
  return null;
}

export function turnNext(schedules: OnCallSchedule[], me: string) {
  const turns = schedules.flatMap(({ schedule, next }) =>
    next.filter(({ user }) => user === me).map(({ from }) => ({ schedule, from })),
  );
  return turns.sort((a, b) => a.from.localeCompare(b.from))[0] ?? null;
}
