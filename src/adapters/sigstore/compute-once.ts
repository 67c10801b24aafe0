/**
 * Certificates that compute once what @sigstore/verify asks them over and over: their encoding, which it puts together anew
 * from its parts for each comparison, and whether one authority issued another. Together most of what a verification costs.
 */
import type { ASN1Obj, X509Certificate } from "@sigstore/core";

/** Has an object keep its encoding. Nothing changes it once it is parsed. */
function keepEncoding(object: ASN1Obj): void {
  let kept: Buffer | undefined;
  const encode = object.toDER.bind(object);
  object.toDER = () => {
    kept ??= encode();
    return kept;
  };
}

function keepAllEncodings(object: ASN1Obj): void {
  for (const sub of object.subs) keepAllEncodings(sub);
  keepEncoding(object);
}

/** Has it keep whether each of its possible issuers signed it, as long as these last; one that throws is asked again. */
function keepIssuers(certificate: X509Certificate): void {
  const kept = new WeakMap<X509Certificate, boolean>();
  const verify = certificate.verify.bind(certificate);
  certificate.verify = (issuer) => {
    const by = issuer ?? certificate;
    const found = kept.get(by) ?? verify(issuer);
    kept.set(by, found);
    return found;
  };
}

/** Has the certificates of an authority, which stay, keep both. */
export function keepAnswers(chain: readonly X509Certificate[]): void {
  for (const certificate of chain) {
    keepAllEncodings(certificate.root);
    keepIssuers(certificate);
  }
}

/**
 * Has a signer's certificate, which is seen once but asked for each moment that is vouched for, keep them too. `der`: what it
 * was parsed from. The parser takes no encoding but the shortest, so that is what it would be put together to.
 */
export function keepSigner(certificate: X509Certificate, der: Buffer<ArrayBuffer>): void {
  certificate.root.toDER = () => der;
  keepEncoding(certificate.tbsCertificate);
  keepIssuers(certificate);
}
