/** GeneralizedTime as DER and RFC 3161 §2.4.2 have it: in UTC, to the second, with as many digits of a fraction as there are. */

const TIME = /^(\d{4})(\d{2})(\d{2})(\d{2})(\d{2})(\d{2})(?:\.(\d+))?Z$/;

/** Epoch milliseconds; undefined where it is no such time. What is finer than a millisecond is left out. */
export function parseGeneralizedTime(text: string): number | undefined {
  const [, year, month, day, hour, minute, second, fraction = ""] = TIME.exec(text) ?? [];
  if (year === undefined) return undefined;
  const whole = `${year}-${month}-${day}T${hour}:${minute}:${second}`;
  const time = Date.parse(`${whole}.${fraction.slice(0, 3).padEnd(3, "0")}Z`);
  // The 30th of February is read as a day in March by some and by none at all by others.
  return Number.isNaN(time) || !new Date(time).toISOString().startsWith(whole) ? undefined : time;
}
