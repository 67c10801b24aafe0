/** Reads a Sigstore bundle (v0.1 to v0.3) more strictly than protobuf's JSON does: what is not understood is refused. */
import { type Bundle, bundleFromJSON, ValidationError } from "@sigstore/bundle";
import * as z from "zod";
import { isCanonicalBase64, parseBoundedJson } from "../decode.ts";
import { BUNDLE_VERSIONS, MAX_CERTIFICATE, MAX_CHAIN } from "../signatures/bundle.ts";
import { Refusal } from "./verdict.ts";

/** A statement of a model with a hundred thousand files still fits. */
export const MAX_BUNDLE_BYTES = 32 * 1024 * 1024;
/** Many times what a bundle with all its log entries has; the statement within it is one. */
const MAX_BUNDLE_VALUES = 20_000;

/** The largest certificate, in base64. */
const MAX_CERTIFICATE_TEXT = Math.ceil(MAX_CERTIFICATE / 3) * 4;

/** Fields of a bundle that hold bytes. */
const BYTES = new Set([
  "canonicalizedBody",
  "digest",
  "hashes",
  "keyId",
  "payload",
  "rawBytes",
  "rootHash",
  "sig",
  "signature",
  "signedEntryTimestamp",
  "signedTimestamp",
]);

function demandBytes(name: string, value: unknown): void {
  if (Array.isArray(value)) for (const item of value) demandBytes(name, item);
  else if (typeof value === "string" && !isCanonicalBase64(value)) {
    throw new Refusal("BundleBroken", `${name} is not in canonical base64`);
  } else demandCanonical(value);
}

function demandCanonical(value: unknown): void {
  if (typeof value !== "object" || value === null) return;
  for (const [name, member] of Object.entries(value)) {
    if (BYTES.has(name)) demandBytes(name, member);
    else demandCanonical(member);
  }
}

const index = z.union([z.string().regex(/^\d{1,19}$/), z.int().min(0)]).optional();
const entry = z.looseObject({
  logIndex: index,
  integratedTime: index,
  inclusionProof: z
    .looseObject({
      logIndex: index,
      treeSize: index,
      hashes: z.array(z.string()).max(64).optional(),
      // The library verifies every line of it.
      checkpoint: z.looseObject({ envelope: z.string().max(16_384) }).optional(),
    })
    .optional(),
});
const certificate = z.looseObject({ rawBytes: z.string().max(MAX_CERTIFICATE_TEXT).optional() });
/** What the library takes for granted, or takes the first of. */
const shape = z
  .looseObject({
    mediaType: z.string().regex(BUNDLE_VERSIONS),
    verificationMaterial: z.looseObject({
      tlogEntries: z.array(entry).max(32).optional(),
      timestampVerificationData: z
        .looseObject({ rfc3161Timestamps: z.array(z.unknown()).max(32).optional() })
        .nullish(),
      certificate: certificate.optional(),
      x509CertificateChain: z.looseObject({ certificates: z.array(certificate).max(MAX_CHAIN) }).optional(),
    }),
  })
  .refine(({ messageSignature, dsseEnvelope }) => messageSignature === undefined || dsseEnvelope === undefined, {
    error: "it has two contents",
  })
  .refine(
    ({ verificationMaterial: { publicKey, certificate, x509CertificateChain } }) =>
      [publicKey, certificate, x509CertificateChain].filter((one) => one !== undefined).length === 1,
    { error: "it names not exactly one key or certificate" },
  );

/** Says where a bundle is none: the parts at fault, and not the grammar that they would have to follow. */
function explain(error: unknown): string {
  if (error instanceof z.ZodError) {
    const [first] = error.issues;
    if (first?.code === "custom") return first.message;
    return `${first?.path.join(".") || "it"} is not as a bundle has it`;
  }
  if (error instanceof ValidationError) return `${error.message}: ${error.fields.join(", ")}`;
  if (error instanceof SyntaxError) return `it is no JSON: ${error.message}`;
  return error instanceof Error ? error.message : "it cannot be read";
}

/** Reads a bundle. Throws a Refusal with the reason. */
export function readBundle(bytes: Buffer): Bundle {
  if (bytes.length > MAX_BUNDLE_BYTES) throw new Refusal("BundleBroken", "it is larger than 32 MiB");
  try {
    const json: unknown = parseBoundedJson(bytes, MAX_BUNDLE_VALUES);
    demandCanonical(json);
    shape.parse(json);
    return bundleFromJSON(json);
  } catch (error) {
    if (error instanceof Refusal) throw error;
    throw new Refusal("BundleBroken", explain(error).replaceAll(/\s+/g, " ").slice(0, 200));
  }
}
