/** What a namespace asks of verification, and the name of that: facts that were found for something else are out of date. */
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
function gatherSigners(policies: Iterable<PolicyFacts>): NamedSigner[] {
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

/** What verification has to find out for a namespace. */
export interface Quest {
  signers: NamedSigner[];
  /** Whether a tier of any policy asks what the files of models are, so that they have to be read. */
  readsFormats: boolean;
  /** Names all of it. */
  digest: string;
}

/** What all policies of a namespace together ask. */
export function gatherQuest(policies: readonly PolicyFacts[]): Quest {
  const signers = gatherSigners(policies);
  const readsFormats = policies.some(
    (policy) => policy.outcome === "valid" && policy.spec.tiers.some(({ formats }) => formats !== undefined),
  );
  const text = [...signers.map(({ digest }) => digest), ...(readsFormats ? ["formats"] : [])].join("\n");
  return { signers, readsFormats, digest: `sha256:${createHash("sha256").update(text).digest("hex")}` };
}
