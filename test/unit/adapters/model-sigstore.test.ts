// Models that somebody with a name signed, by a private Sigstore.
import { generateKeyPairSync } from "node:crypto";
import { rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { ModelTrust } from "../../../src/adapters/model-signing/verify-model.ts";
import { parseTrustedRoot } from "../../../src/adapters/sigstore/trusted-root.ts";
import {
  judgeModel,
  type ModelStatement,
  sha256,
  signWithKey,
  toResources,
  hashResources,
  toStatement,
  writeModel,
} from "../../harness/models.ts";
import { createSigstore, digestSigningKey, type PrivateSigstore, type Who } from "../../harness/sigstore.ts";

const PIPELINE: Who = {
  identity: "https://github.com/acme/models/.github/workflows/release.yml@refs/heads/main",
  issuer: "https://token.actions.githubusercontent.com",
};
const PERSON: Who = { identity: "ml@acme.example", issuer: "https://accounts.acme.example" };
const FILES = { "config.json": "{}\n", "weights/part-1.bin": "weights", "weights/part-2.bin": "" };
const STATEMENT = toStatement(toResources(FILES));

let model = "";
let sigstore: PrivateSigstore;
beforeAll(async () => {
  [model, sigstore] = await Promise.all([writeModel(FILES), createSigstore()]);
});
afterAll(() => rm(model, { recursive: true, force: true }));

const trustIn = ({ identity, issuer }: Who, { trustedRoot } = sigstore): ModelTrust => ({
  method: "sigstore",
  root: parseTrustedRoot(trustedRoot),
  identity,
  issuer,
});
const signAs = async (who: Who, statement: object = STATEMENT, by = sigstore) =>
  Buffer.from(await by.signStatement(statement, who));

interface Bundle {
  verificationMaterial: { tlogEntries: object[]; timestampVerificationData?: object; certificate?: object };
  dsseEnvelope: { payload: string; signatures: object[] };
}
function change(signature: Buffer, act: (bundle: Bundle) => void): Buffer {
  const bundle = JSON.parse(signature.toString("utf8")) as Bundle;
  act(bundle);
  return Buffer.from(JSON.stringify(bundle));
}
const changePayload = (signature: Buffer, act: (statement: ModelStatement) => void) =>
  change(signature, ({ dsseEnvelope }) => {
    const statement = JSON.parse(Buffer.from(dsseEnvelope.payload, "base64").toString("utf8")) as ModelStatement;
    act(statement);
    dsseEnvelope.payload = Buffer.from(JSON.stringify(statement)).toString("base64");
  });

const refusal = (code: string, why: string) => ({
  verdict: "refused",
  code,
  why: expect.stringContaining(why) as string,
});

test.each([
  ["a workflow", PIPELINE],
  ["a person", PERSON],
])("a model that %s signed is verified", async (_, who) => {
  const signature = await signAs(who);
  expect(await judgeModel({ model, signature, trust: trustIn(who) })).toEqual({
    verdict: "verified",
    signer: { by: "certificate", ...who, keyDigest: digestSigningKey(signature.toString("utf8")) },
    digest: `sha256:${hashResources(STATEMENT.predicate.resources)}`,
    files: 3,
    bytes: 10,
    unsigned: 0,
    ignored: [],
  });
});

test.each([
  ["a letter more", { ...PIPELINE, identity: `${PIPELINE.identity}2` }],
  ["a letter less", { ...PIPELINE, identity: PIPELINE.identity.slice(0, -1) }],
  ["a pattern", { ...PIPELINE, identity: "https://github.com/acme/.*" }],
  ["another workflow", { ...PIPELINE, identity: PIPELINE.identity.replace("release", "test") }],
  ["nobody", { ...PIPELINE, identity: "" }],
  ["another provider", { ...PIPELINE, issuer: PERSON.issuer }],
  ["a provider with a slash more", { ...PIPELINE, issuer: `${PIPELINE.issuer}/` }],
  ["no provider", { ...PIPELINE, issuer: "" }],
])("the signer has to be who is asked for, and %s is not", async (_, who) => {
  expect(await judgeModel({ model, signature: await signAs(PIPELINE), trust: trustIn(who) })).toMatchObject(
    refusal("SignatureInvalid", "IdentityMismatch"),
  );
});

describe("what does not hold is refused", () => {
  test("another instance's signature", async () => {
    const other = await createSigstore();
    const signature = await signAs(PERSON, STATEMENT, other);
    expect(await judgeModel({ model, signature, trust: trustIn(PERSON, other) })).toMatchObject({
      verdict: "verified",
    });
    expect(await judgeModel({ model, signature, trust: trustIn(PERSON) })).toMatchObject(
      refusal("SignatureInvalid", "SignatureInvalid: "),
    );
  });

  test("a payload that was changed, with its root digest or without", async () => {
    const evil = { ...FILES, "config.json": '{"a":1}\n' };
    const other = await writeModel(evil);
    const good = await signAs(PERSON);
    const half = changePayload(good, ({ predicate }) => {
      predicate.resources = toResources(evil);
    });
    expect(await judgeModel({ model: other, signature: half, trust: trustIn(PERSON) })).toMatchObject(
      refusal("SignatureBroken", "root digest"),
    );
    const whole = changePayload(good, (statement) => Object.assign(statement, toStatement(toResources(evil))));
    expect(await judgeModel({ model: other, signature: whole, trust: trustIn(PERSON) })).toMatchObject(
      refusal("SignatureInvalid", "payload hash mismatch"),
    );
    await rm(other, { recursive: true });
  });

  test("a model that was changed", async () => {
    const other = await writeModel({ ...FILES, "weights/part-1.bin": "wEights" });
    const signature = await signAs(PERSON);
    expect(await judgeModel({ model: other, signature, trust: trustIn(PERSON) })).toMatchObject(
      refusal("ModelMismatch", "weights/part-1.bin"),
    );
    await writeFile(join(other, "weights/part-1.bin"), FILES["weights/part-1.bin"]);
    expect(await judgeModel({ model: other, signature, trust: trustIn(PERSON) })).toMatchObject({
      verdict: "verified",
    });
    await rm(other, { recursive: true });
  });

  test("the statement of another predicate type", async () => {
    for (const predicateType of ["https://slsa.dev/provenance/v1", "https://model_signing/signature/v1.1"]) {
      const signature = await signAs(PERSON, { ...STATEMENT, predicateType });
      expect(await judgeModel({ model, signature, trust: trustIn(PERSON) }), predicateType).toMatchObject(
        refusal("SignatureBroken", "no statement of model signing v1.0"),
      );
    }
  });

  test("a signature over the bytes instead of a statement", async () => {
    const signature = Buffer.from(await sigstore.signBlob(Buffer.from(JSON.stringify(STATEMENT)), PERSON));
    expect(await judgeModel({ model, signature, trust: trustIn(PERSON) })).toMatchObject(
      refusal("SignatureBroken", "no Sigstore bundle with one DSSE signature"),
    );
  });

  const { privateKey, publicKey } = generateKeyPairSync("ec", { namedCurve: "P-256" });
  test("a signature by a key where a name is asked for, and the other way round", async () => {
    const byKey = signWithKey(STATEMENT, privateKey);
    expect(await judgeModel({ model, signature: byKey, trust: { method: "key", key: publicKey } })).toMatchObject({
      verdict: "verified",
    });
    expect(await judgeModel({ model, signature: byKey, trust: trustIn(PERSON) })).toMatchObject(
      refusal("MethodMismatch", "by the method key, not by sigstore"),
    );
    const signature = await signAs(PERSON);
    const others: ModelTrust[] = [
      { method: "key", key: publicKey },
      { method: "certificate", certificates: [], now: Date.now() },
    ];
    for (const trust of others) {
      expect(await judgeModel({ model, signature, trust }), trust.method).toMatchObject(
        refusal("MethodMismatch", "by the method sigstore"),
      );
    }
  });

  test("a certificate that comes as a chain, which is another method", async () => {
    const old = await createSigstore({ witness: "promise" });
    const bundle = JSON.parse((await signAs(PERSON, STATEMENT, old)).toString("utf8")) as object;
    // The instance writes chains into bundles of an earlier version, which model signing never had.
    const mediaType = "application/vnd.dev.sigstore.bundle.v0.3+json";
    const signature = Buffer.from(JSON.stringify({ ...bundle, mediaType }));
    expect(await judgeModel({ model, signature, trust: trustIn(PERSON, old) })).toMatchObject(
      refusal("MethodMismatch", "by the method certificate, not by sigstore"),
    );
  });

  test("no log entry, and another statement's", async () => {
    const signature = await signAs(PERSON);
    const without = change(signature, ({ verificationMaterial }) => (verificationMaterial.tlogEntries = []));
    expect(await judgeModel({ model, signature: without, trust: trustIn(PERSON) })).toMatchObject(
      refusal("SignatureInvalid", "LogEntryMissing: it has no entry in a transparency log"),
    );
    const other = JSON.parse((await signAs(PERSON, { ...STATEMENT, extra: 1 })).toString("utf8")) as Bundle;
    const swapped = change(signature, ({ verificationMaterial }) => {
      verificationMaterial.tlogEntries = other.verificationMaterial.tlogEntries;
    });
    expect(await judgeModel({ model, signature: swapped, trust: trustIn(PERSON) })).toMatchObject(
      refusal("SignatureInvalid", "LogEntryMismatch"),
    );
  });

  test("no signed time, and one after the certificate ran out", async () => {
    const timeless = await createSigstore({ witness: "proof", timestamp: false });
    expect(
      await judgeModel({
        model,
        signature: await signAs(PERSON, STATEMENT, timeless),
        trust: trustIn(PERSON, timeless),
      }),
    ).toMatchObject(refusal("SignatureInvalid", "expected 1 timestamps, got 0"));
    const late = await createSigstore({ late: 11 * 60_000 });
    expect(
      await judgeModel({ model, signature: await signAs(PERSON, STATEMENT, late), trust: trustIn(PERSON, late) }),
    ).toMatchObject(refusal("SignatureInvalid", "certificate chain"));
  });

  test("a second signature in the envelope", async () => {
    const signature = change(await signAs(PERSON), ({ dsseEnvelope }) => {
      dsseEnvelope.signatures.push(...dsseEnvelope.signatures);
    });
    expect(await judgeModel({ model, signature, trust: trustIn(PERSON) })).toMatchObject(
      refusal("SignatureBroken", "one DSSE signature"),
    );
  });
});

test("what version 0.2 of the reference implementation had signed by a name is verified where it is accepted", async () => {
  const legacy = {
    _type: "https://in-toto.io/Statement/v1",
    subject: Object.entries(FILES).map(([name, text]) => ({ name, digest: { sha256: sha256(text) } })),
    predicateType: "https://model_signing/Digests/v0.1",
    predicate: { unused: "" },
  };
  const signature = await signAs(PERSON, legacy);
  expect(await judgeModel({ model, signature, trust: trustIn(PERSON), acceptsLegacy: true })).toMatchObject({
    verdict: "verified",
    files: 3,
  });
  expect(await judgeModel({ model, signature, trust: trustIn(PIPELINE), acceptsLegacy: true })).toMatchObject(
    refusal("SignatureInvalid", "IdentityMismatch"),
  );
  expect(await judgeModel({ model, signature, trust: trustIn(PERSON) })).toMatchObject(
    refusal("SignatureBroken", "--accept-v0-signatures"),
  );
});
