/**
 * What @sigstore/verify leaves unasked on the way from the signer to a root: constraints of names, purposes of authorities,
 * extensions that are critical and unknown.
 */
import type { CertificateAuthority } from "@sigstore/protobuf-specs";
import { type LightCertificate, readLightly } from "../certificates/light-certificate.ts";
import { CODE_SIGNING, demandSoundPath } from "../certificates/path-rules.ts";
import { Refusal } from "./verdict.ts";

/**
 * By name and signature alone: key identifiers are hints (RFC 5280 §4.2.1.1), and whoever goes by other ones than the
 * library would follow another path, or none.
 */
function isIssuedBy(certificate: LightCertificate, by: LightCertificate): boolean {
  // Byte by byte, as the library: what it takes for another name leads it nowhere.
  if (!certificate.sigstore.issuer.equals(by.sigstore.subject)) return false;
  try {
    return certificate.node.verify(by.node.publicKey);
  } catch {
    // A key that OpenSSL cannot read issued nothing.
    return false;
  }
}

/** The certificates of an authority, and who of them issued whom. */
export type Authorities = readonly { certificate: LightCertificate; issuers: readonly number[] }[];

const listIssuers = (certificate: LightCertificate, among: readonly LightCertificate[]): number[] =>
  among.flatMap((by, at) => (by !== certificate && isIssuedBy(certificate, by) ? [at] : []));

/** Reads the chain of an authority. Throws where a certificate cannot be read. */
export function readAuthorities({ certChain }: CertificateAuthority): Authorities {
  const all = (certChain?.certificates ?? []).map(({ rawBytes }) => readLightly(Buffer.from(rawBytes)));
  return all.map((certificate) => ({ certificate, issuers: listIssuers(certificate, all) }));
}

/** More steps than the ways up within any authority's chain take. */
const MAX_STEPS = 256;

/** Every way up from the signer's certificate within a chain of authorities, each as far as it goes. */
function listPaths(leaf: LightCertificate, authorities: Authorities): LightCertificate[][] {
  const paths: LightCertificate[][] = [];
  let steps = 0;
  const climb = (path: readonly LightCertificate[], above: readonly number[]) => {
    steps += 1;
    if (steps > MAX_STEPS) throw new Refusal("CertificateUnfit", "there are too many ways to its root");
    const issuers = above.flatMap((at) => authorities[at] ?? []).filter((one) => !path.includes(one.certificate));
    if (issuers.length === 0 && path.length > 1) paths.push([...path]);
    for (const { certificate, issuers: next } of issuers) climb([...path, certificate], next);
  };
  climb(
    [leaf],
    listIssuers(
      leaf,
      authorities.map(({ certificate }) => certificate),
    ),
  );
  return paths;
}

/**
 * Holds every path that a trusted root has for the certificate to what its authorities may do. Throws a Refusal, also where
 * there is none.
 */
export function demandAllowed(leaf: LightCertificate, chains: readonly Authorities[]): void {
  const paths = chains.flatMap((authorities) => listPaths(leaf, authorities));
  if (paths.length === 0)
    throw new Refusal("SignatureInvalid", "its certificate was issued by no authority of the root");
  for (const path of paths) {
    try {
      demandSoundPath(
        path.map(({ rules }) => rules),
        CODE_SIGNING,
      );
    } catch (error) {
      throw new Refusal("CertificateUnfit", error instanceof Error ? error.message : "its path cannot be read");
    }
  }
}
