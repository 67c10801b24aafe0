// Signatures by key, put together.
import { BY_KEY, toBundle, toEnvelope, VERSIONS } from "../../bundles.ts";
import type { Fact, ProblemCode, Question } from "../../case.ts";
import type { Difference } from "../../differences.ts";
import type { Signatory } from "../../keys.ts";
import { type Beside, packReferrer, type ReferrerWish } from "../../pack.ts";
import { signStatement } from "../../sigstore.ts";
import { EVALUATION, type Statement } from "../../statements.ts";

const SIGNATURE = "dev.cosignproject.cosign/signature";

export const base64 = (bytes: Buffer | string) => Buffer.from(bytes).toString("base64");

export const layerOf = (payload: string, signature: Buffer | string) => ({
  bytes: payload,
  annotations: { [SIGNATURE]: typeof signature === "string" ? signature : base64(signature) },
});

export const envelopeOf = (by: Signatory, statement: Statement) => {
  const payload = JSON.stringify(statement);
  return toEnvelope(payload, [signStatement(by, payload)]);
};

export const bundleOf = (by: Signatory, statement: Statement, version: keyof typeof VERSIONS = "v0.3") =>
  toBundle({ dsseEnvelope: envelopeOf(by, statement) }, BY_KEY, VERSIONS[version]);

export const attached = (bundle: string, wish?: ReferrerWish): Beside => ({ referrers: [packReferrer(bundle, wish)] });

export const attestationLayer = (envelope: object, predicateType = EVALUATION) => ({
  bytes: JSON.stringify(envelope),
  annotations: { [SIGNATURE]: "", predicateType },
});

export interface Bent {
  name: string;
  bent: string;
  rule: string;
  beside: Beside;
  /** Undefined where nothing is believed. */
  fact?: Omit<Fact, "signer">;
  problems?: ProblemCode[];
  question?: Question;
  differs?: Difference;
  signatory?: Signatory;
  hash?: "sha384";
}
