/**
 * Something beside an artifact that may be a signature, not verified yet. What cosign wrote into annotations before it had
 * bundles is put into one, so that there is one way to be believed.
 */
import { createHash, X509Certificate } from "node:crypto";
import * as z from "zod";
import { isCanonicalBase64, parseDistinctJson, parseJson } from "../decode.ts";
import { MAX_CERTIFICATE, MAX_CHAIN } from "./bundle.ts";

/** Plain data: it goes to other threads. */
export interface Candidate {
  form: "bundle" | "legacy";
  /** A Sigstore bundle as JSON. */
  bundle: Buffer;
  /** What a legacy signature is over. */
  payload?: Buffer;
  /** A legacy attestation's envelope and the timestamp over it: cosign has it stamped whole, which no bundle can say. */
  envelope?: { bytes: Buffer; stamp: Buffer };
}

const ANNOTATIONS = {
  signature: "dev.cosignproject.cosign/signature",
  certificate: "dev.sigstore.cosign/certificate",
  chain: "dev.sigstore.cosign/chain",
  logEntry: "dev.sigstore.cosign/bundle",
  timestamp: "dev.sigstore.cosign/rfc3161timestamp",
} as const;

export const SIMPLE_SIGNING = "application/vnd.dev.cosign.simplesigning.v1+json";
export const DSSE_ENVELOPE = "application/vnd.dsse.envelope.v1+json";

const BUNDLE_V01 = "application/vnd.dev.sigstore.bundle+json;version=0.1";

const logEntry = z.object({
  SignedEntryTimestamp: z.string(),
  Payload: z.object({
    body: z.string(),
    integratedTime: z.int().min(0),
    logIndex: z.int().min(0),
    logID: z.string().regex(/^[a-f0-9]{64}$/),
  }),
});
const logBody = z.object({ apiVersion: z.string(), kind: z.string() });
const timestamp = z.object({ SignedRFC3161Timestamp: z.string().min(1).refine(isCanonicalBase64) });
const readStamp = (text: string) => timestamp.parse(JSON.parse(text)).SignedRFC3161Timestamp;

function toLogEntry(text: string): object {
  const { SignedEntryTimestamp, Payload } = logEntry.parse(JSON.parse(text));
  const { apiVersion, kind } = logBody.parse(parseJson(Buffer.from(Payload.body, "base64")));
  return {
    logIndex: String(Payload.logIndex),
    logId: { keyId: Buffer.from(Payload.logID, "hex").toString("base64") },
    kindVersion: { kind, version: apiVersion },
    integratedTime: String(Payload.integratedTime),
    inclusionPromise: { signedEntryTimestamp: SignedEntryTimestamp },
    canonicalizedBody: Payload.body,
  };
}

/** cosign 2 wrote its authority's root along, which helps nobody: whom to trust is the policy's. */
function isRoot({ rawBytes }: { rawBytes: string }): boolean {
  const bytes = Buffer.from(rawBytes, "base64");
  // One that is too large is left for the bundle to refuse.
  if (bytes.length > MAX_CERTIFICATE) return false;
  const certificate = new X509Certificate(bytes);
  return certificate.checkIssued(certificate);
}

const PEM = /-----BEGIN CERTIFICATE-----([A-Za-z0-9+/=\s]+)-----END CERTIFICATE-----/g;
const listCertificates = (pem: string) =>
  [...pem.matchAll(PEM)].map(([, body = ""]) => ({ rawBytes: body.replaceAll(/\s+/g, "") }));

function toMaterial(annotations: Record<string, string>): object {
  const leaf = annotations[ANNOTATIONS.certificate];
  const entry = annotations[ANNOTATIONS.logEntry];
  const stamp = annotations[ANNOTATIONS.timestamp];
  const listed = listCertificates(annotations[ANNOTATIONS.chain] ?? "");
  const above = listed.length > MAX_CHAIN ? listed : listed.filter((one) => !isRoot(one));
  const chain = [...listCertificates(leaf ?? ""), ...above];
  return {
    ...(leaf === undefined ? { publicKey: { hint: "" } } : { x509CertificateChain: { certificates: chain } }),
    tlogEntries: entry === undefined ? [] : [toLogEntry(entry)],
    ...(stamp === undefined
      ? {}
      : {
          timestampVerificationData: {
            rfc3161Timestamps: [{ signedTimestamp: readStamp(stamp) }],
          },
        }),
  };
}

/** A candidate, or why what lies there is none. */
export type ReadCandidate = { candidate: Candidate } | { why: string };

function wrap(annotations: Record<string, string>, content: object): Buffer | undefined {
  try {
    const bundle = { mediaType: BUNDLE_V01, verificationMaterial: toMaterial(annotations), ...content };
    return Buffer.from(JSON.stringify(bundle));
  } catch {
    return undefined;
  }
}

const BROKEN = { why: "the annotations of a legacy cosign signature beside it cannot be read" };

/** A layer of a `.sig` tag: the payload, and the signature in an annotation. */
export function readLegacySignature(payload: Buffer, annotations: Record<string, string>): ReadCandidate {
  const signature = annotations[ANNOTATIONS.signature];
  if (signature === undefined) return { why: "a legacy cosign signature beside it has no signature" };
  const digest = createHash("sha256").update(payload).digest("base64");
  const messageSignature = { messageDigest: { algorithm: "SHA2_256", digest }, signature };
  const bundle = wrap(annotations, { messageSignature });
  return bundle === undefined ? BROKEN : { candidate: { form: "legacy", bundle, payload } };
}

/** A layer of an `.att` tag: a DSSE envelope. */
export function readLegacyAttestation(envelope: Buffer, annotations: Record<string, string>): ReadCandidate {
  try {
    const { [ANNOTATIONS.timestamp]: stamp, ...others } = annotations;
    const bundle = wrap(others, { dsseEnvelope: parseDistinctJson(envelope) });
    if (bundle === undefined) return BROKEN;
    if (stamp === undefined) return { candidate: { form: "legacy", bundle } };
    const stamped = { bytes: envelope, stamp: Buffer.from(readStamp(stamp), "base64") };
    return { candidate: { form: "legacy", bundle, envelope: stamped } };
  } catch {
    return BROKEN;
  }
}
