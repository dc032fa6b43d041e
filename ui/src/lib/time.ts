/** Moments as a person reads them. A moment is milliseconds since 1970 UTC, a language is always an argument. */

const formats = new Map<string, Intl.DateTimeFormat>();

function format(locale: string, name: string, options: Intl.DateTimeFormatOptions): Intl.DateTimeFormat {
  const key = `${locale} ${name}`;
  let found = formats.get(key);
  if (found === undefined) {
    found = new Intl.DateTimeFormat(locale, options);
    formats.set(key, found);
  }
  return found;
}

/** Hours and minutes. */
export function timeOfDay(at: number, locale: string): string {
  return format(locale, "time", { hour: "2-digit", minute: "2-digit", hourCycle: "h23" }).format(at);
}

/** To the second, with the time zone: what stands in a hover text. */
export function exactTime(at: number, locale: string): string {
  return format(locale, "exact", { dateStyle: "full", timeStyle: "long" }).format(at);
}

/** Date and time, short enough for a line of a table. */
export function dateAndTime(at: number, locale: string): string {
  return format(locale, "stamp", {
    year: "numeric",
    month: "short",
    day: "numeric",
    hour: "2-digit",
    minute: "2-digit",
    second: "2-digit",
    hourCycle: "h23",
  }).format(at);
}

/** `March 2026`. The month is one of the UTC calendar. */
export function monthName(year: number, month: number, locale: string): string {
  return format(locale, "month", { year: "numeric", month: "long", timeZone: "UTC" }).format(
    Date.UTC(year, month - 1, 1),
  );
}

function dayNumber(at: number): number {
  const date = new Date(at);
  return Math.round(Date.UTC(date.getFullYear(), date.getMonth(), date.getDate()) / 86_400_000);
}

/** Whether both moments are on the same local day. */
export function sameDay(a: number, b: number): boolean {
  return dayNumber(a) === dayNumber(b);
}

/** `today`, `yesterday`, a weekday within the week, else a date; the year only when it is another one. */
export function dayName(at: number, now: number, locale: string): string {
  const days = dayNumber(now) - dayNumber(at);
  if (days === 0 || days === 1) {
    const words = new Intl.RelativeTimeFormat(locale, { numeric: "auto" }).format(-days, "day");
    return words.charAt(0).toLocaleUpperCase(locale) + words.slice(1);
  }
  if (days > 1 && days < 7) return format(locale, "weekday", { weekday: "long" }).format(at);
  const sameYear = new Date(at).getFullYear() === new Date(now).getFullYear();
  return sameYear
    ? format(locale, "day", { weekday: "short", day: "numeric", month: "long" }).format(at)
    : format(locale, "year", { day: "numeric", month: "long", year: "numeric" }).format(at);
}

/** For a row of a list: the time today, the weekday this week, else the date. */
export function listTime(at: number, now: number, locale: string): string {
  const days = dayNumber(now) - dayNumber(at);
  if (days === 0) return timeOfDay(at, locale);
  if (days > 0 && days < 7) return format(locale, "short weekday", { weekday: "short" }).format(at);
  const sameYear = new Date(at).getFullYear() === new Date(now).getFullYear();
  return sameYear
    ? format(locale, "short day", { day: "numeric", month: "short" }).format(at)
    : format(locale, "short date", { day: "2-digit", month: "2-digit", year: "2-digit" }).format(at);
}

/** A day and a time that are not far away. */
export function dayAndTime(at: number, locale: string): string {
  return format(locale, "near", {
    month: "short",
    day: "numeric",
    hour: "2-digit",
    minute: "2-digit",
    hourCycle: "h23",
  }).format(at);
}

/** A span that runs out: `12:04`, `1:02:09`. Zero when it is over. */
export function countdown(span: number): string {
  const seconds = Math.max(0, Math.ceil(span / 1_000));
  const two = (value: number) => String(value).padStart(2, "0");
  const hours = Math.floor(seconds / 3_600);
  const minutes = Math.floor(seconds / 60) % 60;
  return hours > 0 ? `${hours}:${two(minutes)}:${two(seconds % 60)}` : `${minutes}:${two(seconds % 60)}`;
}

/** A length of time in words: `15 minutes`, `90 seconds`. */
export function spanInWords(seconds: number, locale: string): string {
  const [value, unit] =
    seconds >= 3_600 && seconds % 3_600 === 0
      ? [seconds / 3_600, "hour"]
      : seconds >= 60 && seconds % 60 === 0
        ? [seconds / 60, "minute"]
        : [seconds, "second"];
  return new Intl.NumberFormat(locale, { style: "unit", unit, unitDisplay: "long" }).format(value);
}
