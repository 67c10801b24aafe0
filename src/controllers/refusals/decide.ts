/** What an Event of a refused pod tells. Pure. */
import type { WarrantEntry, WarrantSpec } from "../../api/warrant.ts";
import { FINDINGS, type FindingCode } from "../../domain/findings.ts";

/** What was refused by the gate; undefined where the Event tells of something else. */
export function readRefusal(message: string): { code: FindingCode | "WarrantMissing"; text: string } | undefined {
  if (!/ValidatingAdmissionPolicy 'vouchsafe-/.test(message)) return undefined;
  const text = /denied request: (.*)$/s.exec(message)?.[1] ?? "";
  const code = /^([A-Z][A-Za-z]+): /.exec(text)?.[1];
  // Without a Warrant the API server speaks in its own words.
  if (code === undefined || !Object.hasOwn(FINDINGS, code)) return { code: "WarrantMissing", text };
  return { code: code as FindingCode, text };
}

/** Whether the cause may have passed by itself: what has to be changed in the workload is no reason to wake its owner. */
export const mayHavePassed = (code: FindingCode) => FINDINGS[code].standing === "notYet";

/** The digests that may run at `now`, epoch milliseconds. */
export function listGranted({ images = {} }: WarrantSpec, now: number): Set<string> {
  const isOpen = ({ grants = [] }: WarrantEntry) => grants.some(({ notAfter }) => Date.parse(notAfter) > now);
  return new Set(Object.entries(images).flatMap(([digest, entry]) => (isOpen(entry) ? [digest] : [])));
}
