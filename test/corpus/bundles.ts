// Sigstore bundles of every version, put together from parts that may not belong together.
import { createHash } from "node:crypto";
import { IN_TOTO } from "./statements.ts";

export const VERSIONS = {
  "v0.1": "application/vnd.dev.sigstore.bundle+json;version=0.1",
  "v0.2": "application/vnd.dev.sigstore.bundle+json;version=0.2",
  "v0.3": "application/vnd.dev.sigstore.bundle.v0.3+json",
} as const;

const base64 = (bytes: Buffer | string) => Buffer.from(bytes).toString("base64");

/** A DSSE envelope; a signature that is a text is written as it stands. */
export const toEnvelope = (payload: string, signatures: readonly (Buffer | string)[], payloadType = IN_TOTO) => ({
  payload: base64(payload),
  payloadType,
  signatures: signatures.map((sig) => ({ sig: typeof sig === "string" ? sig : base64(sig) })),
});

/** A signature over bytes as they are. */
export const toMessage = (message: Buffer, signature: Buffer) => ({
  messageDigest: { algorithm: "SHA2_256", digest: base64(createHash("sha256").update(message).digest()) },
  signature: base64(signature),
});

/** A bundle. */
export const toBundle = (content: object, material: object, mediaType: string = VERSIONS["v0.3"]): string =>
  JSON.stringify({ mediaType, verificationMaterial: material, ...content });

export const BY_KEY = { publicKey: { hint: "pipeline" } };
const toRaw = (certificate: Buffer) => ({ rawBytes: base64(certificate) });
/** A single certificate, as v0.3 has it. */
export const byCertificate = (certificate: Buffer) => ({ certificate: toRaw(certificate) });
/** Certificates, the signer's first. */
export const byChain = (certificates: readonly Buffer[]) => ({
  x509CertificateChain: { certificates: certificates.map(toRaw) },
});
/** RFC 3161 timestamps. */
export const toTimes = (stamps: readonly Buffer[]) =>
  stamps.length === 0
    ? {}
    : { timestampVerificationData: { rfc3161Timestamps: stamps.map((one) => ({ signedTimestamp: base64(one) })) } };
