/** A certificate as two libraries read it: OpenSSL verifies signatures, pkijs knows extensions. */
import { X509Certificate } from "node:crypto";
import { Certificate } from "pkijs";

export interface ParsedCertificate {
  node: X509Certificate;
  pki: Certificate;
}

/** Reads PEM or DER; both libraries read the same bytes. Throws what they throw. */
export function parseCertificate(bytes: Uint8Array): ParsedCertificate {
  const node = new X509Certificate(bytes);
  return { node, pki: Certificate.fromBER(new Uint8Array(node.raw)) };
}
