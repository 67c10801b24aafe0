/** Sigstore bundles as far as signatures by key need them: a DSSE envelope or a signature over a message digest. */
import { z } from "zod";
import { parseJson } from "../decode.ts";

/** Payload type of a DSSE envelope with an in-toto statement. */
export const IN_TOTO_TYPE = "application/vnd.in-toto+json";

const base64 = z
  .string()
  .min(1)
  .regex(/^[A-Za-z0-9+/]+={0,2}$/)
  .transform((text) => Buffer.from(text, "base64"));

const common = {
  mediaType: z.string().startsWith("application/vnd.dev.sigstore.bundle"),
  verificationMaterial: z.object({ publicKey: z.unknown().optional() }),
};

const dsse = z.object({
  ...common,
  dsseEnvelope: z.object({
    payloadType: z.literal(IN_TOTO_TYPE),
    payload: base64,
    // More than one would leave open which of them counts.
    signatures: z.array(z.object({ sig: base64 })).length(1),
  }),
});
const message = z.object({
  ...common,
  messageSignature: z.object({
    messageDigest: z.object({ algorithm: z.literal("SHA2_256"), digest: base64 }),
    signature: base64,
  }),
});

const statement = z.object({
  _type: z.literal("https://in-toto.io/Statement/v1"),
  subject: z
    .array(z.object({ name: z.string().optional(), digest: z.record(z.string(), z.string()) }))
    .min(1)
    .max(1000),
  predicateType: z.string(),
  predicate: z.unknown(),
});

export type Statement = z.output<typeof statement>;

/** What a bundle says, not verified yet. */
export type Bundle =
  | { content: "statement"; statement: Statement; signed: Buffer; signature: Buffer }
  | { content: "message"; digest: Buffer; signature: Buffer }
  | { content: "keyless" }
  | { content: "broken"; why: string };

/** DSSE v1 pre-authentication encoding: what the signature is over. */
export function toPae(payloadType: string, payload: Buffer): Buffer {
  const head = `DSSEv1 ${Buffer.byteLength(payloadType)} ${payloadType} ${payload.length} `;
  return Buffer.concat([Buffer.from(head), payload]);
}

function readDsse({ dsseEnvelope: { payloadType, payload, signatures } }: z.output<typeof dsse>): Bundle {
  const parsed = statement.safeParse(parseJson(payload));
  const [first] = signatures;
  if (!parsed.success || first === undefined)
    return { content: "broken", why: "its payload is no in-toto statement v1" };
  return { content: "statement", statement: parsed.data, signed: toPae(payloadType, payload), signature: first.sig };
}

/** Reads a bundle; whatever does not fit is `broken`, with the reason. */
export function parseBundle(bytes: Buffer): Bundle {
  try {
    const json = parseJson(bytes);
    const asDsse = dsse.safeParse(json);
    if (asDsse.success)
      return asDsse.data.verificationMaterial.publicKey === undefined ? { content: "keyless" } : readDsse(asDsse.data);
    const asMessage = message.safeParse(json);
    if (!asMessage.success) return { content: "broken", why: "it is no Sigstore bundle with exactly one signature" };
    if (asMessage.data.verificationMaterial.publicKey === undefined) return { content: "keyless" };
    const { messageDigest, signature } = asMessage.data.messageSignature;
    return { content: "message", digest: messageDigest.digest, signature };
  } catch {
    return { content: "broken", why: "it is no JSON" };
  }
}
