/**
 * Instants, days and durations as the API writes them, read into milliseconds since the epoch. Text that is
 * not exactly such a value is undefined, never a guess: whoever asks must then refuse.
 */

export const HOUR = 3_600_000;
export const DAY = 24 * HOUR;

const INSTANT = /^\d{4}-\d{2}-\d{2}[Tt]\d{2}:\d{2}:\d{2}(\.\d+)?([Zz]|[+-]\d{2}:\d{2})$/;
const DATE = /^\d{4}-\d{2}-\d{2}$/;

/** Reads an RFC 3339 date with time; epoch milliseconds, or undefined where it is none. */
export function parseInstant(text: string | undefined): number | undefined {
  if (text === undefined || !INSTANT.test(text)) return undefined;
  const ms = Date.parse(text);
  return Number.isNaN(ms) ? undefined : ms;
}

/** Reads a calendar date as the first moment of that day in UTC; undefined where there is no such day. */
export function parseDay(text: string): number | undefined {
  if (!DATE.test(text)) return undefined;
  const ms = Date.parse(`${text}T00:00:00Z`);
  return Number.isNaN(ms) || toIso(ms).slice(0, 10) !== text ? undefined : ms;
}

/** Reads a duration of the API, such as 72h or 30m, in milliseconds; zero where it is none, so that no grace is given. */
export function parseDuration(text: string): number {
  const match = /^(\d{1,5})([hm])$/.exec(text);
  return match === null ? 0 : Number(match[1]) * (match[2] === "h" ? HOUR : HOUR / 60);
}

/** An instant with milliseconds, for clocks of Incidents. */
export const toIsoMs = (ms: number) => new Date(ms).toISOString();

/** A length of time as people read it: seconds with two digits. */
export const toSeconds = (ms: number) => `${(Math.max(0, ms) / 1000).toFixed(2)}s`;

/** An instant in whole seconds, rounded down, as Kubernetes writes it. Far ends are cut at the year 9999. */
export function toIso(ms: number): string {
  const bounded = Math.min(ms, 253_402_300_799_000);
  return `${new Date(bounded).toISOString().slice(0, 19)}Z`;
}
