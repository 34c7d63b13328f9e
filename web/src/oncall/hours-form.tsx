/** Hours of the week: the days on which they begin, from when to when. */
import { TextField } from "@/ui/form";
import { type Hours, WEEKDAYS } from "./rota";

export function HoursFields({
  hours: { days, from, to },
  path,
  onChange,
}: {
  hours: Hours;
  path: string;
  onChange: (change: Partial<Hours>) => void;
}) {
  const toggle = (day: string, isOn: boolean) => {
    const all = days.length === 0 ? WEEKDAYS : days;
    const next = WEEKDAYS.filter((each) => (each === day ? isOn : all.includes(each)));
    onChange({ days: next.length === WEEKDAYS.length ? [] : next });
  };
  return (
    <>
      <div className="flex flex-wrap gap-x-3">
        {WEEKDAYS.map((day) => (
          <label key={day} className="tap inline-flex items-center gap-1.5">
            <input
              type="checkbox"
              checked={days.length === 0 || days.includes(day)}
              onChange={(event) => toggle(day, event.target.checked)}
            />
            {day}
          </label>
        ))}
      </div>
      <div className="mt-2 grid grid-cols-2 gap-3">
        <TextField
          label="From"
          type="time"
          path={`${path}.from`}
          value={from}
          onChange={(event) => onChange({ from: event.target.value })}
        />
        <TextField
          label="To"
          type="time"
          path={`${path}.to`}
          value={to}
          onChange={(event) => onChange({ to: event.target.value })}
        />
      </div>
    </>
  );
}
