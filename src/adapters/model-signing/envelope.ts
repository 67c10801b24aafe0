/** The container of a model signature (OMS v1.0): a Sigstore bundle with exactly three members and one DSSE signature. */
import * as z from "zod";
import { isCanonicalBase64, parseBoundedJson } from "../decode.ts";
import { IN_TOTO_TYPE } from "../in-toto.ts";
import { MAX_CERTIFICATE, MAX_CHAIN } from "../signatures/bundle.ts";
import { broken } from "./refusal.ts";

export const BUNDLE_TYPE = "application/vnd.dev.sigstore.bundle.v0.3+json";
/** All versions of model signing have written the first; earlier bundles had no certificate chains beside envelopes. */
const BUNDLE_TYPES = [BUNDLE_TYPE, "application/vnd.dev.sigstore.bundle+json;version=0.3"];

/** A statement of a model with a hundred thousand files takes some 20 MB. */
export const MAX_SIGNATURE_BYTES = 32 * 1024 * 1024;
/** Many times what a bundle with all its log entries has; the statement within it is one. */
const MAX_BUNDLE_VALUES = 20_000;

const base64 = z
  .string()
  .min(1)
  .refine(isCanonicalBase64)
  .transform((text) => Buffer.from(text, "base64"));

const certificate = z.object({ rawBytes: base64.refine(({ length }) => length <= MAX_CERTIFICATE) });

const material = z.looseObject({
  publicKey: z.looseObject({}).optional(),
  x509CertificateChain: z
    .object({
      certificates: z.array(certificate).min(1).max(MAX_CHAIN),
    })
    .optional(),
  certificate: certificate.optional(),
  timestampVerificationData: z
    .object({
      rfc3161Timestamps: z
        .array(z.object({ signedTimestamp: base64 }))
        .max(32)
        .nullish(),
    })
    .nullish(),
});

const envelope = z.strictObject({
  mediaType: z.enum(BUNDLE_TYPES),
  verificationMaterial: material,
  dsseEnvelope: z.object({
    payloadType: z.literal(IN_TOTO_TYPE),
    payload: base64,
    // More than one would leave open which of them counts.
    signatures: z.array(z.object({ sig: base64 })).length(1),
  }),
});

/** What the signature was made with, as the bundle says; `stamps`: timestamps over it (RFC 3161, DER). */
export type Material =
  | { method: "key" }
  | { method: "certificate"; chain: Buffer[]; stamps: Buffer[] }
  | { method: "sigstore" };

export interface ModelSignature {
  material: Material;
  payload: Buffer;
  signature: Buffer;
}

function readMaterial({
  publicKey,
  x509CertificateChain,
  certificate,
  timestampVerificationData: times,
}: z.output<typeof material>): Material {
  const given = [publicKey, x509CertificateChain, certificate].filter((one) => one !== undefined).length;
  if (given !== 1) throw broken("it does not say with exactly one key or certificate it was made");
  if (x509CertificateChain !== undefined) {
    const chain = x509CertificateChain.certificates.map(({ rawBytes }) => rawBytes);
    const stamps = (times?.rfc3161Timestamps ?? []).map(({ signedTimestamp }) => signedTimestamp);
    return { method: "certificate", chain, stamps };
  }
  return { method: certificate === undefined ? "key" : "sigstore" };
}

/** Reads a signature file. Throws a ModelRefusal. */
export function parseSignature(bytes: Buffer): ModelSignature {
  let parsed: z.output<typeof envelope>;
  try {
    parsed = envelope.parse(parseBoundedJson(bytes, MAX_BUNDLE_VALUES));
  } catch {
    throw broken("it is no Sigstore bundle with one DSSE signature, as model signing v1.0 has it");
  }
  const [first] = parsed.dsseEnvelope.signatures;
  return {
    material: readMaterial(parsed.verificationMaterial),
    payload: parsed.dsseEnvelope.payload,
    signature: first?.sig ?? Buffer.alloc(0),
  };
}
