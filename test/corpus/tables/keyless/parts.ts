// Signatures by a certificate of a private Sigstore, put together.
import { toPem } from "../../../harness/sigstore.ts";
import type { Witness } from "../../../harness/sigstore/log.ts";
import { byCertificate, byChain, toBundle, toEnvelope, toTimes, VERSIONS } from "../../bundles.ts";
import type { Fact, ProblemCode, Question } from "../../case.ts";
import type { Difference } from "../../differences.ts";
import { type KeyKind, signBy } from "../../keys.ts";
import { type Beside, packReferrer } from "../../pack.ts";
import {
  type Certified,
  createCertified,
  type LogEntry,
  pemOf,
  type SignerWish,
  signStatement,
  toBlobEntry,
  toEnvelopeEntry,
  type World,
} from "../../sigstore.ts";
import { EVALUATION, payloadOf, stateEvaluated, type Statement, stateSigned } from "../../statements.ts";

export const base64 = (bytes: Buffer | string) => Buffer.from(bytes).toString("base64");

/** What a bundle is put together from. */
export interface Parts {
  by: Certified;
  payload: string;
  signature: Buffer;
  entries: LogEntry[];
  stamps: Buffer[];
}

export interface Signing {
  wish?: SignerWish;
  kind?: KeyKind;
  statement?: Statement;
  witness?: Witness;
  isStamped?: boolean;
  /** When the log takes it in. */
  at?: number;
}

export function signAs(
  by: Certified,
  world: World,
  { statement = stateSigned(), witness, isStamped, at }: Signing = {},
): Parts {
  const payload = JSON.stringify(statement);
  const signature = signStatement(by, payload);
  const entries = [world.enter(toEnvelopeEntry(by, payload, signature), witness, at)];
  return { by, payload, signature, entries, stamps: isStamped === true ? [world.stamp(signature)] : [] };
}

export const signFor = (world: World, signing: Signing = {}): Parts =>
  signAs(createCertified(world, signing.wish, signing.kind), world, signing);

export function toText(
  { by, payload, signature, entries, stamps }: Parts,
  version: keyof typeof VERSIONS = "v0.3",
): string {
  const who = version === "v0.3" ? byCertificate(by.certificate) : byChain([by.certificate]);
  const material = { ...who, tlogEntries: entries, ...toTimes(stamps) };
  return toBundle({ dsseEnvelope: toEnvelope(payload, [signature]) }, material, VERSIONS[version]);
}

export const attached = (parts: Parts, version?: keyof typeof VERSIONS): Beside => ({
  referrers: [packReferrer(toText(parts, version))],
});

export const attachedText = (bundle: string): Beside => ({ referrers: [packReferrer(bundle)] });

/** The log's entry as cosign 2 writes it beside a signature. */
const toOldEntry = ({ logIndex, logId, integratedTime, inclusionPromise, canonicalizedBody }: LogEntry): string =>
  JSON.stringify({
    SignedEntryTimestamp: inclusionPromise?.signedEntryTimestamp,
    Payload: {
      body: canonicalizedBody,
      integratedTime: Number(integratedTime),
      logIndex: Number(logIndex),
      logID: Buffer.from(logId.keyId, "base64").toString("hex"),
    },
  });

interface OldParts {
  by: Certified;
  signature: Buffer | "";
  entry: LogEntry;
  stamp?: Buffer;
  chain?: string;
}

const toAnnotations = ({ by, signature, entry, stamp, chain }: OldParts): Record<string, string> => ({
  "dev.cosignproject.cosign/signature": base64(signature),
  "dev.sigstore.cosign/certificate": pemOf(by),
  "dev.sigstore.cosign/bundle": toOldEntry(entry),
  ...(chain === undefined ? {} : { "dev.sigstore.cosign/chain": chain }),
  ...(stamp === undefined
    ? {}
    : { "dev.sigstore.cosign/rfc3161timestamp": JSON.stringify({ SignedRFC3161Timestamp: base64(stamp) }) }),
});

export function signOld(world: World, payload = payloadOf(), more: { wish?: SignerWish; at?: number } = {}) {
  const by = createCertified(world, more.wish);
  const signature = signBy(by, Buffer.from(payload));
  const entry = world.enter(toBlobEntry(by, Buffer.from(payload), signature), "promise", more.at);
  return { by, payload, signature, entry };
}

export const old = (payload: string, parts: OldParts): Beside => ({
  sig: [{ bytes: payload, annotations: toAnnotations(parts) }],
});

/** The chain that Fulcio answers with: its root, too. */
export const chainOf = ({ between, root }: World) => toPem(between.certificate) + toPem(root.certificate);

export function attestOld(world: World, isStamped: boolean, toEntry = toEnvelopeEntry): Beside {
  const by = createCertified(world);
  const payload = JSON.stringify(stateEvaluated());
  const signature = signStatement(by, payload);
  const bytes = JSON.stringify(toEnvelope(payload, [signature]));
  const entry = world.enter(toEntry(by, payload, signature), "promise");
  // cosign has the whole envelope stamped, not its signature.
  const stamp = isStamped ? { stamp: world.stamp(Buffer.from(bytes)) } : {};
  const annotations = toAnnotations({ by, signature: "", entry, chain: chainOf(world), ...stamp });
  return { att: [{ bytes, annotations: { ...annotations, predicateType: EVALUATION } }] };
}

export interface Row {
  name: string;
  bent?: string;
  rule?: string;
  beside: Beside;
  /** Undefined where nothing is believed. */
  fact?: Omit<Fact, "signer" | "identity">;
  problems?: ProblemCode[];
  question?: Question;
  differs?: Difference;
  timestamps?: true;
  hash?: "sha384";
  /** Another root than the world's. */
  root?: string;
  pattern?: string;
  who?: { identity: string; issuer: string };
}
