// What cosign wrote into annotations before it had bundles, put into one: nothing is lost on the way, and nothing is made up.
// The annotations are those of cosign 2 (its specs/SIGNATURE_SPEC.md); the bundle is Sigstore's v0.1.
import { createHash } from "node:crypto";
import { describe, expect, test } from "vitest";
import {
  readLegacyAttestation,
  readLegacySignature,
  type ReadCandidate,
} from "../../../src/adapters/signatures/candidate.ts";
import { readSimpleSigning } from "../../../src/adapters/signatures/cosign.ts";
import { toPem } from "../../harness/sigstore.ts";
import { MODEL } from "../../corpus/pack.ts";
import { createCertified, createWorld } from "../../corpus/sigstore.ts";
import { payloadOf } from "../../corpus/statements.ts";

const SIGNATURE = "dev.cosignproject.cosign/signature";
const CERTIFICATE = "dev.sigstore.cosign/certificate";
const CHAIN = "dev.sigstore.cosign/chain";
const ENTRY = "dev.sigstore.cosign/bundle";
const STAMP = "dev.sigstore.cosign/rfc3161timestamp";

const PAYLOAD = Buffer.from(payloadOf());
const DIGEST = createHash("sha256").update(PAYLOAD).digest("base64");
const base64 = (text: string | Buffer) => Buffer.from(text).toString("base64");

const world = createWorld();
const { certificate } = createCertified(world);

const BODY = base64(JSON.stringify({ apiVersion: "0.0.1", kind: "hashedrekord", spec: {} }));
const LOGGED = {
  SignedEntryTimestamp: "c2V0",
  Payload: { body: BODY, integratedTime: 17, logIndex: 4, logID: "ab".repeat(32) },
};

/** The bundle that came of it. */
function read(found: ReadCandidate): unknown {
  if (!("candidate" in found)) return found.why;
  return JSON.parse(found.candidate.bundle.toString("utf8"));
}
const sign = (annotations: Record<string, string>) =>
  read(readLegacySignature(PAYLOAD, { [SIGNATURE]: "c2ln", ...annotations }));
const BROKEN = "the annotations of a legacy cosign signature beside it cannot be read";

const toBundle = (verificationMaterial: object) => ({
  mediaType: "application/vnd.dev.sigstore.bundle+json;version=0.1",
  verificationMaterial,
  messageSignature: { messageDigest: { algorithm: "SHA2_256", digest: DIGEST }, signature: "c2ln" },
});
const BY_KEY = { publicKey: { hint: "" } };
const ENTERED = {
  logIndex: "4",
  logId: { keyId: Buffer.alloc(32, 0xab).toString("base64") },
  kindVersion: { kind: "hashedrekord", version: "0.0.1" },
  integratedTime: "17",
  inclusionPromise: { signedEntryTimestamp: "c2V0" },
  canonicalizedBody: BODY,
};

describe("a signature", () => {
  test("by a key", () => {
    expect(sign({})).toEqual(toBundle({ ...BY_KEY, tlogEntries: [] }));
    expect(readLegacySignature(PAYLOAD, { [SIGNATURE]: "c2ln" })).toMatchObject({
      candidate: { form: "legacy", payload: PAYLOAD },
    });
  });

  test("by a key, with an entry of a log and a timestamp", () => {
    expect(sign({ [ENTRY]: JSON.stringify(LOGGED), [STAMP]: '{"SignedRFC3161Timestamp":"dHN0"}' })).toEqual(
      toBundle({
        ...BY_KEY,
        tlogEntries: [ENTERED],
        timestampVerificationData: { rfc3161Timestamps: [{ signedTimestamp: "dHN0" }] },
      }),
    );
  });

  test("by a certificate, with what lies between and without the root", () => {
    const { between, root } = world;
    const raw = (der: Buffer) => ({ rawBytes: der.toString("base64") });
    const chain = toPem(between.certificate) + toPem(root.certificate);
    expect(sign({ [CERTIFICATE]: toPem(certificate), [CHAIN]: chain })).toEqual(
      toBundle({
        x509CertificateChain: { certificates: [raw(certificate), raw(between.certificate)] },
        tlogEntries: [],
      }),
    );
    expect(sign({ [CERTIFICATE]: toPem(certificate) })).toEqual(
      toBundle({ x509CertificateChain: { certificates: [raw(certificate)] }, tlogEntries: [] }),
    );
    expect(sign({ [CERTIFICATE]: "" })).toEqual(
      toBundle({ x509CertificateChain: { certificates: [] }, tlogEntries: [] }),
    );
  });

  test("that is not there is none", () => {
    expect(read(readLegacySignature(PAYLOAD, {}))).toBe("a legacy cosign signature beside it has no signature");
  });

  const entry = (change: object, payload: object = {}) =>
    JSON.stringify({ ...LOGGED, Payload: { ...LOGGED.Payload, ...payload }, ...change });
  test.each<[string, Record<string, string>]>([
    ["an entry that is no JSON", { [ENTRY]: "{" }],
    ["an entry without a promise", { [ENTRY]: entry({ SignedEntryTimestamp: undefined }) }],
    ["an entry at no time", { [ENTRY]: entry({}, { integratedTime: -1 }) }],
    ["an entry at half a second", { [ENTRY]: entry({}, { integratedTime: 0.5 }) }],
    ["an entry at no place", { [ENTRY]: entry({}, { logIndex: -1 }) }],
    ["an entry of a log that is too short", { [ENTRY]: entry({}, { logID: "ab".repeat(31) }) }],
    ["an entry of a log that is too long", { [ENTRY]: entry({}, { logID: `${"ab".repeat(32)}a` }) }],
    ["an entry of a log in capitals", { [ENTRY]: entry({}, { logID: "AB".repeat(32) }) }],
    ["an entry without a kind", { [ENTRY]: entry({}, { body: base64('{"apiVersion":"0.0.1"}') }) }],
    ["an entry without a version", { [ENTRY]: entry({}, { body: base64('{"kind":"hashedrekord"}') }) }],
    ["an entry without a body", { [ENTRY]: entry({}, { body: undefined }) }],
    ["a timestamp that is no JSON", { [STAMP]: "dHN0" }],
    ["a timestamp of another name", { [STAMP]: '{"Timestamp":"dHN0"}' }],
    ["an authority that is none", { [CHAIN]: toPem(Buffer.from("none")) }],
  ])("with %s is broken", (_, annotations) => {
    expect(sign(annotations)).toBe(BROKEN);
  });
});

describe("an attestation", () => {
  const ENVELOPE = { payload: "e30=", payloadType: "application/vnd.in-toto+json", signatures: [{ sig: "c2ln" }] };

  test("is its envelope, with the timestamp beside it, which is over all of it", () => {
    const bytes = Buffer.from(JSON.stringify(ENVELOPE));
    const found = readLegacyAttestation(bytes, {
      [ENTRY]: JSON.stringify(LOGGED),
      [STAMP]: '{"SignedRFC3161Timestamp":"dHN0"}',
    });
    expect(read(found)).toEqual({
      mediaType: "application/vnd.dev.sigstore.bundle+json;version=0.1",
      verificationMaterial: { ...BY_KEY, tlogEntries: [ENTERED] },
      dsseEnvelope: ENVELOPE,
    });
    expect(found).toHaveProperty("candidate.envelope", { bytes, stamp: Buffer.from("tst") });
    expect(found).not.toHaveProperty("candidate.payload");
  });

  test("that is no JSON, says something twice, or has annotations that are none, is broken", () => {
    const ask = (text: string, annotations: Record<string, string> = {}) =>
      read(readLegacyAttestation(Buffer.from(text), annotations));
    expect(ask("{")).toBe(BROKEN);
    expect(ask('{"payload":"e30=","payload":"e30="}')).toBe(BROKEN);
    expect(ask("{}", { [ENTRY]: "{" })).toBe(BROKEN);
    expect(ask(JSON.stringify(ENVELOPE), { [STAMP]: "whatever it is" })).toBe(BROKEN);
  });
});

describe("what a legacy signature is over", () => {
  const TYPE = "cosign container image signature";
  const ask = (image: object, type = TYPE) =>
    readSimpleSigning(Buffer.from(JSON.stringify({ critical: { identity: {}, image, type } })));

  test("is the digest, by either of its names, or by both", () => {
    const { digest } = MODEL;
    expect(readSimpleSigning(PAYLOAD)).toBe(digest);
    expect(ask({ "docker-manifest-digest": digest })).toBe(digest);
    expect(ask({ "Docker-manifest-digest": digest })).toBe(digest);
    expect(ask({ "docker-manifest-digest": digest, "Docker-manifest-digest": digest })).toBe(digest);
  });

  test("is nothing where two names say two things, or none says any, or it is of another type", () => {
    const { digest } = MODEL;
    expect(ask({ "docker-manifest-digest": digest, "Docker-manifest-digest": "sha256:0" })).toBeUndefined();
    expect(ask({})).toBeUndefined();
    expect(ask({ "DOCKER-MANIFEST-DIGEST": digest })).toBeUndefined();
    expect(ask({ "docker-manifest-digest": digest }, "atomic container signature")).toBeUndefined();
    expect(readSimpleSigning(Buffer.from("{"))).toBeUndefined();
    expect(readSimpleSigning(Buffer.from("{}"))).toBeUndefined();
  });
});
