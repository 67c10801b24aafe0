/** What @sigstore/verify does not ask of a signing certificate: that it may sign code at all, and stands alone. */
import { X509Certificate } from "node:crypto";
import type { Bundle } from "@sigstore/bundle";
import { X509Certificate as SigstoreCertificate } from "@sigstore/core";
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

const isSelfIssued = (certificate: X509Certificate) => certificate.checkIssued(certificate);

/**
 * Holds the leaf to RFC 5280 §4.2.1.3, .9 and .12 and to Fulcio's profile: digitalSignature, codeSigning, no authority.
 * A chain that carries its root would ask to be trusted by itself; Sigstore's client specification refuses it.
 */
export function demandSigningCertificate(chain: readonly Buffer<ArrayBuffer>[]): void {
  const [leaf, ...others] = chain.map((der) => new X509Certificate(der));
  const [raw] = chain;
  if (leaf === undefined || raw === undefined) throw new Refusal("BundleBroken", "it carries no certificate");
  const unfit = (why: string) => new Refusal("CertificateUnfit", why);
  if ([leaf, ...others].some(isSelfIssued)) throw unfit("its chain carries a root");
  if (leaf.ca) throw unfit("its certificate is that of an authority");
  if (leaf.keyUsage?.includes(CODE_SIGNING) !== true) throw unfit("its certificate is not for signing code");
  if (SigstoreCertificate.parse(raw).extKeyUsage?.digitalSignature !== true) {
    throw unfit("its certificate is not for digital signatures");
  }
}
