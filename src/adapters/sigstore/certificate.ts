/** What @sigstore/verify does not ask of a signing certificate: that it may sign code at all, and stands alone. */
import type { X509Certificate } from "node:crypto";
import type { Bundle } from "@sigstore/bundle";
import type { X509Certificate as SigstoreCertificate } from "@sigstore/core";
import { type LightCertificate, readLightly } from "../certificates/light-certificate.ts";
import { readDer } from "../certificates/parsed-certificate.ts";
import { Refusal } from "./verdict.ts";

const CODE_SIGNING = "1.3.6.1.5.5.7.3.3";

/** The certificates of a bundle as DER, leaf first; empty where it was signed with a key. */
export function listCertificates({ verificationMaterial: { content } }: Bundle): Buffer<ArrayBuffer>[] {
  switch (content.$case) {
    case "publicKey":
      return [];
    case "certificate":
      return [Buffer.from(content.certificate.rawBytes)];
    case "x509CertificateChain":
      return content.x509CertificateChain.certificates.map(({ rawBytes }) => Buffer.from(rawBytes));
  }
}

const ISSUERS = ["1.3.6.1.4.1.57264.1.8", "1.3.6.1.4.1.57264.1.1"];

const unfit = (why: string) => new Refusal("CertificateUnfit", why);

const isSelfIssued = (certificate: X509Certificate) => certificate.checkIssued(certificate);

/** The library leaves the highest bit of each byte of a name out: what is not ASCII would be read as another name. */
function demandReadableNames(certificate: SigstoreCertificate): void {
  for (const issuer of ISSUERS.map((id) => certificate.extension(id)?.value)) {
    if (issuer?.some((byte) => byte >= 0x80) === true) throw unfit("the issuer in its certificate is not in ASCII");
  }
  const names = certificate.extSubjectAltName?.valueObj.subs[0]?.subs ?? [];
  // Of several, the library would take the first.
  if (names.length > 1) throw unfit("its certificate carries more than one name");
  if (names.some(({ value }) => value.some((byte) => byte >= 0x80)))
    throw unfit("the name in its certificate is not in ASCII");
}

/**
 * Reads the leaf and holds it to RFC 5280 §4.2.1.3, .6, .9 and .12 and to Fulcio's profile: digitalSignature, codeSigning, one
 * name, no authority. A chain that carries its root would ask to be trusted by itself; Sigstore's client specification refuses
 * it. Throws a Refusal, or what the libraries throw.
 */
export function readSigningCertificate([first, ...above]: readonly Buffer<ArrayBuffer>[]): LightCertificate {
  if (first === undefined) throw new Refusal("BundleBroken", "it carries no certificate");
  const leaf = readLightly(first);
  if ([leaf.node, ...above.map(readDer)].some(isSelfIssued)) throw unfit("its chain carries a root");
  const { node, sigstore } = leaf;
  // Without keyCertSign OpenSSL calls it no authority, whatever its basic constraints say.
  if (node.ca || sigstore.extBasicConstraints?.isCA === true) throw unfit("its certificate is that of an authority");
  if (node.keyUsage?.includes(CODE_SIGNING) !== true) throw unfit("its certificate is not for signing code");
  if (sigstore.extKeyUsage?.digitalSignature !== true) throw unfit("its certificate is not for digital signatures");
  demandReadableNames(sigstore);
  return leaf;
}
