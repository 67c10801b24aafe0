/** What an Event of a refused pod tells. Pure. */
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
