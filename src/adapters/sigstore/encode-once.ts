/**
 * Certificates whose encoding is computed once. @sigstore/verify compares certificates and checks their signatures by their
 * encoding, which it puts together anew from its parts each time: half of what a verification costs.
 */
import type { ASN1Obj, X509Certificate } from "@sigstore/core";
import type { SignedEntity, TrustMaterial } from "@sigstore/verify";

/** Has an object, and all within it, keep its encoding. Nothing changes them once they are parsed. */
function keepEncoding(object: ASN1Obj): void {
  for (const sub of object.subs) keepEncoding(sub);
  let kept: Buffer | undefined;
  const encode = object.toDER.bind(object);
  object.toDER = () => {
    kept ??= encode();
    return kept;
  };
}

/** Has the certificates of the authorities and of the signer keep their encodings. */
export function keepEncodings(material: TrustMaterial, { key }: SignedEntity): void {
  const authorities = [...material.certificateAuthorities, ...material.timestampAuthorities];
  const certificates: X509Certificate[] = authorities.flatMap(({ certChain }) => certChain);
  if (key.$case === "certificate") certificates.push(key.certificate);
  for (const { root } of certificates) keepEncoding(root);
}
