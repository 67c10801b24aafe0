/**
 * Verifies one bundle against one artifact, offline: chain, log, timestamps and signature by @sigstore/verify, and what it
 * leaves open by us. Whatever is thrown on the way is a refusal.
 */
import type { KeyObject } from "node:crypto";
import type { TrustedRoot } from "@sigstore/protobuf-specs";
import { type Signer, toSignedEntity, type TrustMaterial, Verifier } from "@sigstore/verify";
import type { IdentityRule } from "../../api/signer.ts";
import { takesName } from "../../domain/identities.ts";
import { digestKey } from "../../domain/public-keys.ts";
import { isPrintable } from "../certificates/names.ts";
import type { Artifact } from "./artifact.ts";
import { demandAllowed } from "./authority.ts";
import { listCertificates, readSigningCertificate } from "./certificate.ts";
import { toContent } from "./content.ts";
import { keepSigner } from "./compute-once.ts";
import { demandConsistentProof } from "./inclusion-proof.ts";
import { demandSameKey, type OwnKey } from "./log-entry.ts";
import { readBundle } from "./read-bundle.ts";
import { recallTrust, type Trust } from "./trust.ts";
import { type BundleVerdict, Refusal, type VerifiedSigner } from "./verdict.ts";

/**
 * Who has to have signed: such a name as this issuer vouches for, or whoever holds this key. A key may do without an entry
 * in a transparency log; a certificate may not, since the log is what vouches for the moment. Entries that are there hold.
 */
export type Expected =
  | { by: "certificate"; identity: IdentityRule; issuer: string }
  | { by: "key"; key: KeyObject; log?: "optional" };

export interface BundleCase {
  bundle: Buffer;
  artifact: Artifact;
  root: TrustedRoot;
  expected: Expected;
}

type Certificates = ReturnType<typeof listCertificates>;

const ALWAYS = { validFor: () => true };

function findOwnKey(chain: Certificates, expected: Expected, { chains }: Trust): OwnKey {
  switch (expected.by) {
    case "certificate": {
      if (chain.length === 0) throw new Refusal("KeyMissing", "it was signed with a key: name it (--key)");
      const leaf = readSigningCertificate(chain);
      demandAllowed(leaf, chains);
      return { certificate: leaf.node };
    }
    case "key":
      if (chain.length > 0) {
        throw new Refusal(
          "KeyMissing",
          "it was signed with a certificate: name its identity and issuer instead of a key",
        );
      }
      return { key: expected.key };
  }
}

function demandSigner({ identity, key }: Signer, expected: Expected): VerifiedSigner {
  const keyDigest = digestKey(key);
  switch (expected.by) {
    case "key":
      return { by: "key", keyDigest };
    case "certificate": {
      const name = identity?.subjectAlternativeName ?? "";
      const issuer = identity?.extensions?.issuer ?? "";
      // Compared here: the library takes every name for a pattern.
      if (!isPrintable(name) || !takesName(expected.identity, name))
        throw new Refusal("IdentityMismatch", `it was signed by ${name || "nobody named"}`);
      if (issuer !== expected.issuer)
        throw new Refusal("IdentityMismatch", `${issuer || "nobody named"} vouches for its signer`);
      return { by: "certificate", identity: name, issuer, keyDigest };
    }
  }
}

function verify({ bundle: bytes, artifact, root, expected }: BundleCase): BundleVerdict {
  const bundle = readBundle(bytes);
  const { signature, over } = toContent(bundle, artifact);
  const trust = recallTrust(root);
  const certificates = listCertificates(bundle);
  const [leaf] = certificates;
  const own = findOwnKey(certificates, expected, trust);
  const { tlogEntries } = bundle.verificationMaterial;
  const doesWithout = expected.by === "key" && expected.log === "optional";
  if (tlogEntries.length === 0 && !doesWithout)
    throw new Refusal("LogEntryMissing", "it has no entry in a transparency log");
  for (const entry of tlogEntries) {
    demandSameKey(entry, own);
    demandConsistentProof(entry);
  }
  const publicKey: TrustMaterial["publicKey"] = () => {
    if (expected.by !== "key") throw new Refusal("KeyMissing", "no key is given");
    return { publicKey: expected.key, ...ALWAYS };
  };
  const material = { ...trust.material, publicKey };
  // A key has no term that a moment would have to lie in.
  const verifier = new Verifier(material, {
    ...(expected.by === "key" ? { timestampThreshold: 0 } : {}),
    ...(doesWithout ? { tlogThreshold: 0 } : {}),
  });
  const entity = { ...toSignedEntity(bundle), signature };
  if (entity.key.$case === "certificate" && leaf !== undefined) keepSigner(entity.key.certificate, leaf);
  const signer = verifier.verify(entity);
  return { verdict: "verified", signer: demandSigner(signer, expected), over };
}

/** Verifies a bundle. */
export function verifyBundle(about: BundleCase): BundleVerdict {
  try {
    return verify(about);
  } catch (error) {
    if (error instanceof Refusal) return { verdict: "refused", code: error.code, why: error.message };
    const why = error instanceof Error ? error.message : "it cannot be verified";
    return { verdict: "refused", code: "SignatureInvalid", why };
  }
}
