/** What is made of a trusted root once, since making it takes longer than verifying a bundle with it. */
import type { TrustedRoot } from "@sigstore/protobuf-specs";
import { toTrustMaterial, type TrustMaterial } from "@sigstore/verify";
import { type Authorities, readAuthorities } from "./authority.ts";
import { keepAnswers } from "./compute-once.ts";

/** What a root trusts, in the form that each of its readers takes. */
export interface Trust {
  /** For @sigstore/verify; it has no keys, which are the caller's. */
  material: TrustMaterial;
  /** The chains of the certificate authorities. */
  chains: readonly Authorities[];
}

/** By the object: a root is not changed once it has been read. */
const materials = new WeakMap<TrustedRoot, TrustMaterial>();
const known = new WeakMap<TrustedRoot, Trust>();

function makeMaterial(root: TrustedRoot): TrustMaterial {
  const material = toTrustMaterial(root);
  for (const { certChain } of [...material.certificateAuthorities, ...material.timestampAuthorities])
    keepAnswers(certChain);
  return material;
}

/** What @sigstore/verify makes of a root. Throws what it throws where a part of it cannot be read. */
export function recallMaterial(root: TrustedRoot): TrustMaterial {
  const found = materials.get(root) ?? makeMaterial(root);
  materials.set(root, found);
  return found;
}

const makeTrust = (root: TrustedRoot): Trust => ({
  material: recallMaterial(root),
  chains: root.certificateAuthorities.map(readAuthorities),
});

/** What a root that was read before trusts. */
export function recallTrust(root: TrustedRoot): Trust {
  const found = known.get(root) ?? makeTrust(root);
  known.set(root, found);
  return found;
}
