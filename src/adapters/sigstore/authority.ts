/**
 * What @sigstore/verify leaves unasked on the way from the signer to a root: constraints of names, purposes of authorities,
 * extensions that are critical and unknown.
 */
import { X509Certificate } from "node:crypto";
import type { TrustedRoot } from "@sigstore/protobuf-specs";
import { Certificate } from "pkijs";
import { demandSoundPath } from "../certificates/path-rules.ts";
import { Refusal } from "./verdict.ts";

const isIssuedBy = (certificate: X509Certificate, by: X509Certificate) =>
  certificate.checkIssued(by) && certificate.verify(by.publicKey);

/** From the signer's certificate upwards; undefined where the authority did not issue it. */
function findPath(leaf: X509Certificate, authorities: readonly X509Certificate[]): X509Certificate[] | undefined {
  const path = [leaf];
  const left = new Set(authorities);
  for (let last = leaf; ; ) {
    const issuer = [...left].find((one) => isIssuedBy(last, one));
    if (issuer === undefined) return path.length > 1 ? path : undefined;
    left.delete(issuer);
    path.push(issuer);
    last = issuer;
  }
}

/** Holds every path that a trusted root has for the certificate to what its authorities may do. Throws a Refusal. */
export function demandAllowed(certificate: Buffer, { certificateAuthorities }: TrustedRoot): void {
  const leaf = new X509Certificate(certificate);
  for (const { certChain } of certificateAuthorities) {
    const path = findPath(
      leaf,
      (certChain?.certificates ?? []).map(({ rawBytes }) => new X509Certificate(rawBytes)),
    );
    if (path === undefined) continue;
    try {
      demandSoundPath(path.map(({ raw }) => Certificate.fromBER(new Uint8Array(raw))));
    } catch (error) {
      throw new Refusal("CertificateUnfit", error instanceof Error ? error.message : "its path cannot be read");
    }
  }
}
