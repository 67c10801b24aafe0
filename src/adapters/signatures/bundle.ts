/** Sigstore bundles as far as whoever looks for a signer needs them: what is signed, and with what. Nothing is verified here. */
import * as z from "zod";
import { parseDistinctJson } from "../decode.ts";
import { IN_TOTO_TYPE, statementAbout, toPae } from "../in-toto.ts";

/** Media types of the versions there are, in both spellings. */
export const BUNDLE_VERSIONS = /^application\/vnd\.dev\.sigstore\.bundle(?:\+json;version=0\.[123]|\.v0\.[123]\+json)$/;

const base64 = z
  .string()
  .min(1)
  .regex(/^[A-Za-z0-9+/]+={0,2}$/)
  .transform((text) => Buffer.from(text, "base64"));

const certificate = z.object({ rawBytes: base64 });
/** Most certificates of one chain. */
export const MAX_CHAIN = 16;
/**
 * Most bytes of one certificate. The largest that authorities make, with a signature of SLH-DSA, have 50 KiB; what parsing
 * costs grows with the square of the number of extensions, to a minute for as many as a bundle could hold.
 */
export const MAX_CERTIFICATE = 64 * 1024;

/** Timestamps of RFC 3161 over the signature. */
const stamps = z.object({
  rfc3161Timestamps: z
    .array(z.object({ signedTimestamp: base64 }))
    .max(32)
    .nullish(),
});

const common = {
  mediaType: z.string().regex(BUNDLE_VERSIONS),
  verificationMaterial: z.object({
    publicKey: z.unknown().optional(),
    certificate: certificate.optional(),
    x509CertificateChain: z.object({ certificates: z.array(certificate).min(1).max(MAX_CHAIN) }).optional(),
    timestampVerificationData: stamps.nullish(),
  }),
};

const dsse = z.object({
  ...common,
  messageSignature: z.undefined().optional(),
  dsseEnvelope: z.object({
    payloadType: z.literal(IN_TOTO_TYPE),
    payload: base64,
    // More than one would leave open which of them counts.
    signatures: z.array(z.object({ sig: base64 })).length(1),
  }),
});
const message = z.object({
  ...common,
  dsseEnvelope: z.undefined().optional(),
  messageSignature: z.object({
    messageDigest: z.object({ algorithm: z.literal("SHA2_256"), digest: base64 }),
    signature: base64,
  }),
});

const statement = statementAbout(1000).extend({ predicate: z.unknown() });

export type Statement = z.output<typeof statement>;

/** With what it says to be signed: a key that it does not carry, or a certificate, the signer's own first (DER). */
export type Material = { by: "key" } | { by: "certificate"; chain: Buffer[] };

/** A signature, with what it says to be made, and the timestamps over it (DER). */
interface Signature {
  signature: Buffer;
  material: Material;
  stamps: Buffer[];
}

/** What a bundle says, not verified yet. `signed` is what the signature is over. */
export type Bundle =
  | ({ content: "statement"; statement: Statement; signed: Buffer } & Signature)
  | ({ content: "message"; digest: Buffer } & Signature)
  | { content: "broken"; why: string };

const broken = (why: string): Bundle => ({ content: "broken", why });

function readMaterial({
  publicKey,
  certificate: leaf,
  x509CertificateChain: chain,
}: z.output<typeof common.verificationMaterial>): Material | undefined {
  if ([publicKey, leaf, chain].filter((one) => one !== undefined).length !== 1) return undefined;
  if (leaf !== undefined) return { by: "certificate", chain: [leaf.rawBytes] };
  if (chain !== undefined) return { by: "certificate", chain: chain.certificates.map(({ rawBytes }) => rawBytes) };
  return { by: "key" };
}

function readDsse(
  { payloadType, payload, signatures }: z.output<typeof dsse>["dsseEnvelope"],
  made: Omit<Signature, "signature">,
): Bundle {
  const parsed = statement.safeParse(parseDistinctJson(payload));
  const [first] = signatures;
  if (!parsed.success || first === undefined) return broken("its payload is no in-toto statement v0.1 or v1");
  const signed = toPae(payloadType, payload);
  return { content: "statement", statement: parsed.data, signed, signature: first.sig, ...made };
}

/** Reads a bundle; whatever does not fit is `broken`, with the reason. */
export function parseBundle(bytes: Buffer): Bundle {
  try {
    const json = parseDistinctJson(bytes);
    const parsed = z.union([dsse, message]).safeParse(json);
    if (!parsed.success) return broken("it is no Sigstore bundle with exactly one signature");
    const material = readMaterial(parsed.data.verificationMaterial);
    if (material === undefined) return broken("it names not exactly one key or certificate");
    if (material.by === "certificate" && material.chain.some(({ length }) => length > MAX_CERTIFICATE)) {
      return broken(`a certificate in it has more than ${MAX_CERTIFICATE / 1024} KiB`);
    }
    const { timestampVerificationData: times } = parsed.data.verificationMaterial;
    const made = { material, stamps: (times?.rfc3161Timestamps ?? []).map((one) => one.signedTimestamp) };
    if (parsed.data.dsseEnvelope !== undefined) return readDsse(parsed.data.dsseEnvelope, made);
    const { messageDigest, signature } = parsed.data.messageSignature;
    return { content: "message", digest: messageDigest.digest, signature, ...made };
  } catch {
    return broken("it is no JSON");
  }
}
