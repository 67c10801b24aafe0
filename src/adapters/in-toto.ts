/** In-toto statements (v0.1 and v1) in DSSE envelopes: what model signatures, cosign and Sigstore bundles have in common. */
import * as z from "zod";

/** Payload type of a DSSE envelope with an in-toto statement. */
export const IN_TOTO_TYPE = "application/vnd.in-toto+json";

/** The one version that OMS v1.0 allows. */
export const STATEMENT_V1 = "https://in-toto.io/Statement/v1";

/** A statement about at most `maxSubjects`. What it states of them is not looked at. */
export const statementAbout = (maxSubjects: number) =>
  z.object({
    _type: z.enum([STATEMENT_V1, "https://in-toto.io/Statement/v0.1"]),
    subject: z
      .array(z.object({ name: z.string().optional(), digest: z.record(z.string(), z.string()) }))
      .min(1)
      .max(maxSubjects),
    predicateType: z.string().min(1).max(1024),
  });

/** DSSE v1 pre-authentication encoding: what the signature is over. */
export function toPae(payloadType: string, payload: Buffer): Buffer {
  const head = `DSSEv1 ${Buffer.byteLength(payloadType)} ${payloadType} ${payload.length} `;
  return Buffer.concat([Buffer.from(head), payload]);
}
