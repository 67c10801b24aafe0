/** Whom a namespace trusts, and the name of that set: facts that were found with other signers are out of date. */
import { createHash } from "node:crypto";
import type { PolicyFacts } from "./facts.ts";
import type { TrustAnchor } from "./signers.ts";

/** A usable signer with its name. `digest` names everything that it is believed by. Plain data. */
export interface NamedSigner {
  signer: string;
  digest: string;
  anchor: TrustAnchor;
}

/** The usable signers of all policies, one per digest, sorted by it. */
export function gatherSigners(policies: Iterable<PolicyFacts>): NamedSigner[] {
  const found = new Map<string, NamedSigner>();
  for (const policy of policies) {
    if (policy.outcome !== "valid") continue;
    for (const [signer, resolved] of Object.entries(policy.signers)) {
      if (resolved.outcome !== "usable") continue;
      const { digest, anchor } = resolved;
      found.set(digest, { signer, digest, anchor });
    }
  }
  return [...found.values()].toSorted((a, b) => (a.digest < b.digest ? -1 : 1));
}

/** Digest over a set of signers. */
export function digestTrust(signers: readonly Pick<NamedSigner, "digest">[]): string {
  const text = signers.map(({ digest }) => digest).join("\n");
  return `sha256:${createHash("sha256").update(text).digest("hex")}`;
}
