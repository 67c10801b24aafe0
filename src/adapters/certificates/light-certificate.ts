/**
 * A certificate on a keyless way, as far as the rules ask. Of such a signer each signature has another certificate, and pkijs
 * takes longer to make an object of all of it than the whole rest of a verification takes.
 */
import type { X509Certificate } from "node:crypto";
import { type ASN1Obj, X509Certificate as SigstoreCertificate } from "@sigstore/core";
import { type Certificate, Extension, RelativeDistinguishedNames } from "pkijs";
import { readDer } from "./parsed-certificate.ts";

/** What the rules of a path ask of a certificate; pkijs' own has it, too. */
export type RuledCertificate = Pick<Certificate, "extensions" | "issuer" | "subject"> & {
  signatureAlgorithm: { algorithmId: string };
};

export interface LightCertificate {
  /** As OpenSSL reads it: the same bytes. */
  node: X509Certificate;
  /** As the library reads it that finds the way to a root. */
  sigstore: SigstoreCertificate;
  rules: RuledCertificate;
}

/** RFC 5280 §4.1: OID, whether it is critical, and what it says in an OCTET STRING. */
function toExtension({ subs }: ASN1Obj): Extension {
  const [id, value] = [subs[0], subs.at(-1)];
  const isWhole = subs.length === 2 || subs.length === 3;
  if (id === undefined || value === undefined || !isWhole || !value.tag.isOctetString() || value.tag.constructed)
    throw new Error("an extension of its certificate cannot be read");
  const critical = subs.length === 3 && subs[1]?.toBoolean() === true;
  return new Extension({ extnID: id.toOID(), critical, extnValue: new Uint8Array(value.value).buffer });
}

/** A name of a certificate by its place within what is signed; what version it is stands before them (RFC 5280 §4.1). */
function toNames({ tbsCertificate }: SigstoreCertificate, at: number): RelativeDistinguishedNames {
  const der = tbsCertificate.subs[at]?.toDER() ?? Buffer.alloc(0);
  return RelativeDistinguishedNames.fromBER(new Uint8Array(der));
}

const [ISSUER, SUBJECT] = [3, 5];

function toRules(certificate: SigstoreCertificate): RuledCertificate {
  const algorithmId = certificate.root.subs[1]?.subs[0]?.toOID();
  if (algorithmId === undefined) throw new Error("the algorithm of its signature cannot be read");
  return {
    signatureAlgorithm: { algorithmId },
    extensions: certificate.extensions.map(toExtension),
    // Asked for where an authority constrains names, and only there.
    get issuer() {
      return toNames(certificate, ISSUER);
    },
    get subject() {
      return toNames(certificate, SUBJECT);
    },
  };
}

/** Reads DER. Throws where either library or the rules cannot read it. */
export function readLightly(der: Buffer<ArrayBuffer>): LightCertificate {
  const sigstore = SigstoreCertificate.parse(der);
  return { node: readDer(der), sigstore, rules: toRules(sigstore) };
}
