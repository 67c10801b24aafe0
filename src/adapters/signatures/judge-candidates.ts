/** Judges candidates: what each claims, and whom it is believed from. Takes and gives plain data and reads nothing. */
import type { NamedSigner } from "../../domain/trust.ts";
import { type Believed, findBelieved } from "./believe.ts";
import type { Candidate } from "./candidate.ts";
import { type Over, readClaim, type Subject } from "./claim.ts";

export interface Case {
  subject: Subject;
  candidates: readonly Candidate[];
  signers: readonly NamedSigner[];
  /** Epoch milliseconds. */
  now: number;
}

/** What became of one candidate. */
export type JudgedCandidate =
  | { outcome: "believed"; form: Candidate["form"]; over: Over; by: Believed[] }
  | { outcome: "disbelieved"; over: Over["over"] | "unknown"; code: "SignerUnknown" | "SignatureInvalid"; why: string };

async function judgeCandidate(candidate: Candidate, { subject, signers, now }: Case): Promise<JudgedCandidate> {
  const read = readClaim(candidate, subject);
  if ("broken" in read) return { outcome: "disbelieved", over: "unknown", code: "SignatureInvalid", why: read.broken };
  const { claim, signed } = read;
  const found = await findBelieved(signers, signed, now);
  if ("believed" in found) return { outcome: "believed", form: candidate.form, over: claim, by: found.believed };
  const { kind, why } = found.disbelief;
  const code = kind === "invalid" ? "SignatureInvalid" : "SignerUnknown";
  return { outcome: "disbelieved", over: claim.over, code, why };
}

/** Judges all of them, in their order. */
export async function judgeCandidates(about: Case): Promise<JudgedCandidate[]> {
  const judged: JudgedCandidate[] = [];
  for (const candidate of about.candidates) judged.push(await judgeCandidate(candidate, about));
  return judged;
}
