/**
 * How times, lengths and sizes are written. Pure text; the zone is an argument.
 */

const MINUTE = 60;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;

/** `45 s`, `4 m`, `2 h 05 m`, `3 d 4 h`: two units at most. */
export function duration(seconds: number): string {
  const total = Math.max(0, Math.round(seconds));
  if (total < MINUTE) return `${total} s`;
  if (total < HOUR) return `${Math.floor(total / MINUTE)} m`;
  if (total < DAY) return pair(Math.floor(total / HOUR), "h", Math.floor((total % HOUR) / MINUTE), "m");
  return pair(Math.floor(total / DAY), "d", Math.floor((total % DAY) / HOUR), "h");
}

/** `1 m 58 s` below an hour, else as `duration`: for figures that are compared. */
export function span(seconds: number): string {
  const total = Math.max(0, Math.round(seconds));
  if (total < MINUTE || total >= HOUR) return duration(total);
  return pair(Math.floor(total / MINUTE), "m", total % MINUTE, "s");
}

/** `04:10`, or `1:02:03` from an hour on: for what is counted down before one's eyes. */
export function countdown(seconds: number): string {
  const total = Math.max(0, Math.ceil(seconds));
  const rest = `${two(Math.floor((total % HOUR) / MINUTE))}:${two(total % MINUTE)}`;
  return total < HOUR ? rest : `${Math.floor(total / HOUR)}:${rest}`;
}

/** `4 m ago`, `in 2 h 05 m`, `3 d ago`, `now`: an age of days needs no hours. */
export function relative(at: string, now: number): string {
  const seconds = (Date.parse(at) - now) / 1000;
  if (Math.abs(seconds) < 1) return "now";
  const length =
    Math.abs(seconds) < DAY ? duration(Math.abs(seconds)) : `${Math.floor(Math.abs(seconds) / DAY)} d`;
  return seconds < 0 ? `${length} ago` : `in ${length}`;
}

/** `03:12 CET`, with the day before it when it is another one: `21 Nov 03:12 CET`. */
export function clockTime(at: string, zone: string, now: number): string {
  const date = new Date(at);
  const time = formatter("en-GB", { hour: "2-digit", minute: "2-digit", timeZone: zone }).format(date);
  const text = `${time} ${zoneName(date, zone)}`;
  const day = dayText(date, zone, now);
  return day ? `${day} ${text}` : text;
}

/** `2026-11-21 02:12:04 UTC`. */
export function utc(at: string): string {
  return `${new Date(at).toISOString().slice(0, 19).replace("T", " ")} UTC`;
}

export function bytes(size: number): string {
  if (size < 1024) return `${size} B`;
  if (size < 1024 * 1024) return `${(size / 1024).toFixed(1)} KiB`;
  return `${(size / 1024 / 1024).toFixed(1)} MiB`;
}

export function money(amount: number, currency: string): string {
  return new Intl.NumberFormat("en-GB", { style: "currency", currency, maximumFractionDigits: 0 }).format(
    amount,
  );
}

/** `1 alert`, `3 alerts`. */
export function count(n: number, one: string, many = `${one}s`): string {
  return `${n.toLocaleString("en-GB")} ${n === 1 ? one : many}`;
}

/** Up to two letters for a name, as the acknowledged glyph shows them. */
export function initials(name: string): string {
  const words = name.split(/[\s._-]+/).filter(Boolean);
  const letters = words.length > 1 ? words.slice(0, 2).map((word) => word[0]) : [name.slice(0, 2)];
  return letters.join("").toUpperCase();
}

function dayText(date: Date, zone: string, now: number): string | null {
  const calendar = formatter("en-CA", { year: "numeric", month: "2-digit", day: "2-digit", timeZone: zone });
  const day = (value: Date) => calendar.format(value);
  const today = new Date(now);
  if (day(date) === day(today)) return null;
  const otherYear = day(date).slice(0, 4) !== day(today).slice(0, 4);
  const year = otherYear ? "numeric" : undefined;
  return formatter("en-GB", { day: "numeric", month: "short", year, timeZone: zone }).format(date);
}

/** People say CET and EST; each of the two locales knows only its own side of the ocean. */
function zoneName(date: Date, zone: string): string {
  const european = shortZone("en-GB", date, zone);
  return european.startsWith("GMT") ? shortZone("en-US", date, zone) : european;
}

function shortZone(locale: string, date: Date, zone: string): string {
  const parts = formatter(locale, { timeZone: zone, timeZoneName: "short" }).formatToParts(date);
  return parts.find((part) => part.type === "timeZoneName")?.value ?? zone;
}

const formatters = new Map<string, Intl.DateTimeFormat>();

/** Making one is a thousand times slower than using one, and a list asks for the same few. */
function formatter(locale: string, options: Intl.DateTimeFormatOptions): Intl.DateTimeFormat {
  const key = locale + JSON.stringify(options);
  const known = formatters.get(key);
  if (known) return known;
  const made = new Intl.DateTimeFormat(locale, options);
  formatters.set(key, made);
  return made;
}

function pair(first: number, firstUnit: string, second: number, secondUnit: string): string {
  return second === 0 ? `${first} ${firstUnit}` : `${first} ${firstUnit} ${two(second)} ${secondUnit}`;
}

function two(n: number): string {
  return String(n).padStart(2, "0");
}
