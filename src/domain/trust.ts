/** Which keys a namespace trusts, and the name of that set: facts that were found with other keys are out of date. */
import { createHash } from "node:crypto";
import type { PolicyFacts } from "./facts.ts";

export interface NamedKey {
  signer: string;
  keyDigest: string;
  pem: string;
}

/** The usable keys of all policies, one per key, sorted by digest. */
export function gatherKeys(policies: Iterable<PolicyFacts>): NamedKey[] {
  const keys = new Map<string, NamedKey>();
  for (const policy of policies) {
    if (policy.outcome !== "valid") continue;
    for (const [signer, key] of Object.entries(policy.signers)) {
      if (key.outcome === "key") keys.set(key.keyDigest, { signer, keyDigest: key.keyDigest, pem: key.pem });
    }
  }
  return [...keys.values()].toSorted((a, b) => (a.keyDigest < b.keyDigest ? -1 : 1));
}

/** Digest over a set of keys. */
export function digestTrust(keys: readonly NamedKey[]): string {
  const text = keys.map(({ keyDigest }) => keyDigest).join("\n");
  return `sha256:${createHash("sha256").update(text).digest("hex")}`;
}
