/** A certificate as two libraries read it: OpenSSL verifies signatures, pkijs knows extensions. */
import { X509Certificate } from "node:crypto";
import { Certificate } from "pkijs";

export interface ParsedCertificate {
  node: X509Certificate;
  pki: Certificate;
}

/**
 * Reads DER, and nothing else. Node looks for PEM first, wherever in the bytes: a name in a certificate may hold another
 * certificate's, which is then the one that OpenSSL judges, and not the one that everybody else reads. Throws on such.
 */
export function readDer(der: Uint8Array): X509Certificate {
  const certificate = new X509Certificate(der);
  if (!certificate.raw.equals(der)) throw new Error("it can be read as two certificates");
  return certificate;
}

/** The first byte of a certificate in DER. PEM begins with a dash, or a remark. */
const DER = 0x30;

/** Reads PEM or DER; both libraries read the same bytes. Throws what they throw. */
export function parseCertificate(bytes: Uint8Array): ParsedCertificate {
  const node = bytes[0] === DER ? readDer(bytes) : new X509Certificate(bytes);
  return { node, pki: Certificate.fromBER(new Uint8Array(node.raw)) };
}
