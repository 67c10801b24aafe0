// The private Sigstore of the tests: what it signs holds under its own root, for its own signer, and under nothing else.
import { createHash } from "node:crypto";
import { beforeAll, expect, test } from "vitest";
import { type Artifact, parseDigest } from "../../../src/adapters/sigstore/artifact.ts";
import { parseTrustedRoot } from "../../../src/adapters/sigstore/trusted-root.ts";
import { verifyBundle } from "../../../src/adapters/sigstore/verify-bundle.ts";
import { spoilBundle } from "../../integration/verification/spoil.ts";
import {
  createSigstore,
  digestSigningKey,
  type PrivateSigstore,
  type SigstoreOptions,
  type Who,
} from "../../harness/sigstore.ts";

const PIPELINE: Who = {
  identity: "https://github.com/acme/models/.github/workflows/release.yml@refs/heads/main",
  issuer: "https://token.actions.githubusercontent.com",
};
const PERSON: Who = { identity: "ml@acme.example", issuer: "https://accounts.acme.example" };
const BYTES = Buffer.from("weights");
const DIGEST = createHash("sha256").update(BYTES).digest("hex");
const STATEMENT = {
  _type: "https://in-toto.io/Statement/v1",
  subject: [{ name: "weights", digest: { sha256: DIGEST } }],
  predicateType: "https://acme.example/evaluation/v1",
  predicate: {},
};

function toArtifact(digest: string): Artifact {
  const artifact = parseDigest(`sha256:${digest}`);
  if (artifact === undefined) throw new Error("expected a digest");
  return artifact;
}

const judge = (bundle: string, root: string, { identity, issuer }: Who, digest = DIGEST) =>
  verifyBundle({
    bundle: Buffer.from(bundle),
    artifact: toArtifact(digest),
    root: parseTrustedRoot(root),
    expected: { by: "certificate", identity: { exact: identity }, issuer },
  });

const FORMS: [string, (sigstore: PrivateSigstore, who: Who) => Promise<string>, object][] = [
  ["a blob", (sigstore, who) => sigstore.signBlob(BYTES, who), { form: "artifact" }],
  [
    "a statement",
    (sigstore, who) => sigstore.signStatement(STATEMENT, who),
    { form: "statement", predicateType: "https://acme.example/evaluation/v1" },
  ],
];

let sigstore: PrivateSigstore;
beforeAll(async () => {
  sigstore = await createSigstore();
});

test.each(FORMS)("%s by a workflow and by a person verifies", async (_, signBy, over) => {
  for (const who of [PIPELINE, PERSON, PIPELINE]) {
    const bundle = await signBy(sigstore, who);
    const keyDigest = digestSigningKey(bundle);
    expect(judge(bundle, sigstore.trustedRoot, who)).toEqual({
      verdict: "verified",
      signer: { by: "certificate", ...who, keyDigest },
      over,
    });
  }
});

const WAYS: [string, SigstoreOptions][] = [
  ["with promise, proof and timestamp", {}],
  ["with promise and proof", { timestamp: false }],
  ["with a promise", { witness: "promise", timestamp: false }],
  ["with promise and timestamp", { witness: "promise" }],
  ["with proof and timestamp", { witness: "proof" }],
];
test.each(WAYS)("both kinds verify %s", async (_, options) => {
  const other = await createSigstore(options);
  for (const [what, signBy] of FORMS) {
    const bundle = await signBy(other, PERSON);
    const { verificationMaterial } = JSON.parse(bundle) as { verificationMaterial: { tlogEntries: object[] } };
    const [entry = {}] = verificationMaterial.tlogEntries;
    expect("inclusionProof" in entry, "an inclusion proof").toBe(options.witness !== "promise");
    expect("inclusionPromise" in entry, "a promise").toBe(options.witness !== "proof");
    expect("timestampVerificationData" in verificationMaterial, "a timestamp").toBe(options.timestamp ?? true);
    expect(judge(bundle, other.trustedRoot, PERSON), what).toMatchObject({ verdict: "verified" });
  }
});

test.each(FORMS)("%s without a signed time is refused", async (_, signBy) => {
  const other = await createSigstore({ witness: "proof", timestamp: false });
  expect(judge(await signBy(other, PERSON), other.trustedRoot, PERSON)).toMatchObject({
    verdict: "refused",
    code: "SignatureInvalid",
    why: "expected 1 timestamps, got 0",
  });
});

test.each(FORMS)("%s is refused for anybody and anything else", async (_, signBy) => {
  const bundle = await signBy(sigstore, PERSON);
  const { trustedRoot } = sigstore;
  const refused = (code: string) => ({ verdict: "refused", code });
  expect(judge(bundle, trustedRoot, { ...PERSON, identity: "eve@acme.example" })).toMatchObject(
    refused("IdentityMismatch"),
  );
  expect(judge(bundle, trustedRoot, { ...PERSON, issuer: PIPELINE.issuer })).toMatchObject(refused("IdentityMismatch"));
  expect(judge(bundle, trustedRoot, PERSON, "0".repeat(64))).toMatchObject(refused("ArtifactMismatch"));
  expect(judge(bundle, (await createSigstore()).trustedRoot, PERSON)).toMatchObject(refused("SignatureInvalid"));
});

/** Each party of another instance's root by itself: none of them is without a part in the verdict. */
test.each(["certificateAuthorities", "ctlogs", "tlogs", "timestampAuthorities"])(
  "a bundle is refused where the %s are another's",
  async (party) => {
    const other = await createSigstore();
    const own = JSON.parse(sigstore.trustedRoot) as Record<string, unknown>;
    const foreign = JSON.parse(other.trustedRoot) as Record<string, unknown>;
    const mixed = JSON.stringify({ ...own, [party]: foreign[party] });
    for (const [what, signBy] of FORMS) {
      const bundle = await signBy(sigstore, PERSON);
      expect(judge(bundle, sigstore.trustedRoot, PERSON), what).toMatchObject({ verdict: "verified" });
      expect(judge(bundle, mixed, PERSON), what).toMatchObject({ verdict: "refused", code: "SignatureInvalid" });
    }
  },
);

/** Values that nobody signed, or whose signer is nobody that is trusted: helps to find a key, other witnesses. */
const UNSIGNED = [
  "verificationMaterial.timestampVerificationData.rfc3161Timestamps.signedTimestamp",
  "verificationMaterial.tlogEntries.inclusionProof.checkpoint.envelope",
];
test.each(FORMS)("%s of which one value is another one is refused", async (_, signBy) => {
  const bundle = await signBy(sigstore, PERSON);
  const passed = new Set<string>();
  for (const { where, json } of spoilBundle(bundle)) {
    if (judge(JSON.stringify(json), sigstore.trustedRoot, PERSON).verdict === "verified") passed.add(where);
  }
  expect([...passed].filter((where) => !UNSIGNED.includes(where))).toEqual([]);
});

test.each(FORMS)("%s that was signed after its certificate ran out is refused", async (_, signBy) => {
  const inTime = await createSigstore({ late: 9 * 60_000 });
  expect(judge(await signBy(inTime, PERSON), inTime.trustedRoot, PERSON)).toMatchObject({ verdict: "verified" });
  const late = await createSigstore({ late: 11 * 60_000 });
  expect(judge(await signBy(late, PERSON), late.trustedRoot, PERSON)).toMatchObject({
    verdict: "refused",
    code: "SignatureInvalid",
  });
});

test("a certificate of more than 64 KiB is not read", async () => {
  const bundle = JSON.parse(await sigstore.signBlob(BYTES, PERSON)) as { verificationMaterial: object };
  const askWith = (bytes: number) => {
    const certificate = { rawBytes: Buffer.alloc(bytes).toString("base64") };
    const { verificationMaterial } = bundle;
    const changed = { ...bundle, verificationMaterial: { ...verificationMaterial, certificate } };
    return judge(JSON.stringify(changed), sigstore.trustedRoot, PERSON);
  };
  expect(askWith(65_540)).toMatchObject({ verdict: "refused", code: "BundleBroken" });
  expect(askWith(65_536), "read, and no certificate").not.toMatchObject({ code: "BundleBroken" });
});
