/** Days and moments as people type them. */
import { parseInstant } from "../domain/time.ts";
import { UsageError } from "./session.ts";

/** Reads a day such as 2027-02-01, or RFC 3339, that was given for `option`; epoch milliseconds. */
export function readMoment(text: string, option: string): number {
  const moment = parseInstant(/^\d{4}-\d{2}-\d{2}$/.test(text) ? `${text}T00:00:00Z` : text);
  if (moment === undefined) throw new UsageError(`${option} ${text} is no date such as 2027-02-01`);
  return moment;
}
