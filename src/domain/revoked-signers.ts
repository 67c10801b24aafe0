/**
 * Whose signatures fall with a revoked signer: all that it would take, by its key or by the names that it is trusted for,
 * under whichever other signer they are found, and whether or not what it was trusted by can still be read.
 */
import type { VerifiedSignature } from "../api/model-release.ts";
import type { Signer } from "../api/signer.ts";
import type { Stated } from "./findings.ts";
import { takesName } from "./identities.ts";
import type { ResolvedSigner } from "./signers.ts";

/** A revoked signer as the policy defines it, and what became of that. */
export interface RevokedSigner {
  definition: Signer;
  resolved: ResolvedSigner | undefined;
}

/** Whether a signature is one that the signer would take. */
export function isTakenBy({ definition, resolved }: RevokedSigner, signature: VerifiedSignature): boolean {
  const { identity, issuer, keyDigest, signerDigest } = signature;
  if (resolved?.outcome === "usable" && resolved.digest === signerDigest) return true;
  const { sigstore, x509 } = definition;
  if (sigstore !== undefined) {
    return identity !== undefined && issuer === sigstore.issuer && takesName(sigstore.identity, identity);
  }
  if (x509 !== undefined)
    return identity !== undefined && x509.identity !== undefined && takesName(x509.identity, identity);
  return resolved?.outcome === "usable" && resolved.anchor.by === "key" && resolved.anchor.keyDigest === keyDigest;
}

/** Why it cannot be told what a revoked signer would take; undefined where it can. */
export function findUntold({ definition, resolved }: RevokedSigner): Stated | undefined {
  if (resolved?.outcome !== "broken") return undefined;
  // Names stand in the policy itself.
  const isTold = definition.sigstore !== undefined || definition.x509?.identity !== undefined;
  return isTold ? undefined : resolved.finding;
}
