// Signatures by certificates of a company's own authorities, put together.
import type { IdentityRule } from "../../../../src/api/signer.ts";
import type { Holder } from "../../../harness/sigstore/certificates.ts";
import { byCertificate, byChain, toBundle, toEnvelope, toTimes, VERSIONS } from "../../bundles.ts";
import type { Fact, ProblemCode, Question } from "../../case.ts";
import type { Difference } from "../../differences.ts";
import { signBy } from "../../keys.ts";
import { type Beside, packReferrer } from "../../pack.ts";
import { type Certified, pemOf, signStatement } from "../../sigstore.ts";
import { EVALUATION, payloadOf, stateEvaluated, type Statement, stateSigned } from "../../statements.ts";

const base64 = (bytes: Buffer | string) => Buffer.from(bytes).toString("base64");

const toOldStamp = (stamp: Buffer) => ({
  "dev.sigstore.cosign/rfc3161timestamp": JSON.stringify({ SignedRFC3161Timestamp: base64(stamp) }),
});

interface OldWish {
  payload?: string;
  chain?: readonly Holder[];
  stamp?: Buffer;
  signature?: Buffer;
}

export function old(by: Certified, { payload = payloadOf(), chain = [], stamp, signature }: OldWish = {}): Beside {
  const annotations = {
    "dev.cosignproject.cosign/signature": base64(signature ?? signBy(by, Buffer.from(payload))),
    "dev.sigstore.cosign/certificate": pemOf(by),
    ...(chain.length === 0 ? {} : { "dev.sigstore.cosign/chain": chain.map(pemOf).join("") }),
    ...(stamp === undefined ? {} : toOldStamp(stamp)),
  };
  return { sig: [{ bytes: payload, annotations }] };
}

/** What a timestamp of an old attestation is asked over: its envelope, with its signature. */
export type StampEnvelope = (envelope: Buffer, signature: Buffer) => Buffer;

export function oldAttestation(by: Certified, chain: readonly Holder[], stamp?: StampEnvelope): Beside {
  const payload = JSON.stringify(stateEvaluated());
  const signature = signStatement(by, payload);
  const bytes = JSON.stringify(toEnvelope(payload, [signature]));
  const annotations = {
    "dev.cosignproject.cosign/signature": "",
    "dev.sigstore.cosign/certificate": pemOf(by),
    "dev.sigstore.cosign/chain": chain.map(pemOf).join(""),
    predicateType: EVALUATION,
    ...(stamp === undefined ? {} : toOldStamp(stamp(Buffer.from(bytes), signature))),
  };
  return { att: [{ bytes, annotations }] };
}

interface BundleWish {
  statement?: Statement;
  version?: keyof typeof VERSIONS;
  /** Authorities after the signer's certificate; a single certificate where it is left out. */
  chain?: readonly Holder[];
  /** Timestamps over the signature, or over something else. */
  stamp?: (signature: Buffer) => readonly Buffer[];
}

export function toText(
  by: Certified,
  { statement = stateSigned(), version = "v0.3", chain, stamp = () => [] }: BundleWish = {},
): string {
  const payload = JSON.stringify(statement);
  const who =
    chain === undefined
      ? byCertificate(by.certificate)
      : byChain([by.certificate, ...chain.map(({ certificate }) => certificate)]);
  const signature = signStatement(by, payload);
  const content = { dsseEnvelope: toEnvelope(payload, [signature]) };
  return toBundle(content, { ...who, tlogEntries: [], ...toTimes(stamp(signature)) }, VERSIONS[version]);
}

export const attached = (by: Certified, wish?: BundleWish): Beside => ({ referrers: [packReferrer(toText(by, wish))] });

export interface Row {
  name: string;
  bent?: string;
  rule?: string;
  beside: Beside;
  /** Undefined where nothing is believed. */
  fact?: Omit<Fact, "signer" | "identity">;
  /** The name that it is believed under. */
  as?: string;
  problems?: ProblemCode[];
  question?: Question;
  differs?: Difference;
  timestamps?: true;
  hash?: "sha384" | "sha512";
  roots?: readonly Holder[];
  crls?: string;
  identity?: IdentityRule | "any";
}

export interface Company {
  root: Holder;
  between: Holder;
}
