// By which keys models may be signed, and how it is told who did.
import { createHash, generateKeyPairSync, type KeyObject, type KeyPairKeyObjectResult, sign } from "node:crypto";
import { rm } from "node:fs/promises";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import {
  encodeDsse,
  judgeModel,
  PAYLOAD_TYPE,
  sha256,
  toResources,
  toStatement,
  writeModel,
} from "../../harness/models.ts";
import { createRoot, createSigner, type SignerWish } from "../../corpus/authorities.ts";
import { toText } from "../../corpus/tables/certified/parts.ts";

const FILES = { "weights.bin": "weights" };
const STATEMENT = toStatement(toResources(FILES));
const LEGACY = {
  _type: "https://in-toto.io/Statement/v1",
  subject: [{ name: "weights.bin", digest: { sha256: sha256("weights") } }],
  predicateType: "https://model_signing/Digests/v0.1",
};

let model = "";
beforeAll(async () => {
  model = await writeModel(FILES);
});
afterAll(() => rm(model, { recursive: true }));

/** What version 0.2 signed where nothing in a payload has to be escaped. */
const encodeFaulty = (payload: Buffer) =>
  Buffer.from(`DSSEV1 28 ${PAYLOAD_TYPE} ${payload.length} b'${payload.toString("latin1")}'`);

function signBy(key: KeyObject, hash: string | null, isLegacy: boolean): Buffer {
  const payload = Buffer.from(JSON.stringify(isLegacy ? LEGACY : STATEMENT));
  const sig = sign(hash, (isLegacy ? encodeFaulty : encodeDsse)(payload), key).toString("base64");
  return Buffer.from(
    JSON.stringify({
      mediaType: "application/vnd.dev.sigstore.bundle.v0.3+json",
      verificationMaterial: { publicKey: { hint: "" }, tlogEntries: [] },
      dsseEnvelope: { payload: payload.toString("base64"), payloadType: PAYLOAD_TYPE, signatures: [{ sig }] },
    }),
  );
}

const onCurve = (namedCurve: string) => () => generateKeyPairSync("ec", { namedCurve });
describe.each([
  ["v1.0", false],
  ["v0.2", true],
])("of format %s, a signature that holds", (_, isLegacy) => {
  test.each<[string, () => KeyPairKeyObjectResult, string | null]>([
    ["RSA", () => generateKeyPairSync("rsa", { modulusLength: 2048 }), "sha256"],
    ["Ed25519", () => generateKeyPairSync("ed25519"), null],
    ["a curve of Bitcoin's", onCurve("secp256k1"), "sha256"],
    ["P-224", onCurve("P-224"), "sha256"],
  ])("is refused by a key of %s: model signing has three curves", async (_kind, make, hash) => {
    const { privateKey, publicKey } = make();
    const signature = signBy(privateKey, hash, isLegacy);
    const trust = { method: "key", key: publicKey } as const;
    expect(await judgeModel({ model, signature, trust, acceptsLegacy: true })).toEqual({
      verdict: "refused",
      code: "MethodMismatch",
      why: "the key is on none of the curves P-256, P-384 and P-521",
    });
  });

  // OMS registry: SHA-256, SHA-384, SHA-512. Version 0.2 had SHA-256 on each.
  test.each([
    ["P-256", "sha256"],
    ["P-384", "sha384"],
    ["P-521", "sha512"],
  ])("is verified by a key on %s with the hash of its format alone", async (namedCurve, own) => {
    const { privateKey, publicKey } = generateKeyPairSync("ec", { namedCurve });
    const trust = { method: "key", key: publicKey } as const;
    for (const hash of ["sha256", "sha384", "sha512"]) {
      const signature = signBy(privateKey, hash, isLegacy);
      expect(await judgeModel({ model, signature, trust, acceptsLegacy: true }), hash).toMatchObject(
        hash === (isLegacy ? "sha256" : own) ? { verdict: "verified" } : { code: "SignatureInvalid" },
      );
    }
  });
});

describe("who signed is told", () => {
  const now = Date.parse("2030-01-01T00:00:00Z");
  const root = createRoot();
  const judge = (wish: SignerWish) => {
    const signature = Buffer.from(toText(createSigner(root, wish), { statement: STATEMENT, chain: [] }));
    return judgeModel({ model, signature, trust: { method: "certificate", certificates: [root.certificate], now } });
  };

  test("by the digest of the key", async () => {
    const { privateKey, publicKey } = onCurve("P-256")();
    const signature = signBy(privateKey, "sha256", false);
    const spki = publicKey.export({ type: "spki", format: "der" });
    expect(await judgeModel({ model, signature, trust: { method: "key", key: publicKey } })).toMatchObject({
      verdict: "verified",
      signer: { by: "key", keyDigest: `sha256:${createHash("sha256").update(spki).digest("hex")}` },
    });
  });

  test.each<[string, SignerWish, string]>([
    ["the first name of the certificate", { names: ["a@acme.example", "b@acme.example"] }, "a@acme.example"],
    ["the first that can be shown", { names: ["a\u001b[2J@acme.example", "b@acme.example"] }, "b@acme.example"],
    ["the whole subject where none can be shown", { names: ["a\n@acme.example"] }, "CN=voice pipeline"],
    ["the whole subject where there is none", { names: [] }, "CN=voice pipeline"],
    // A reader of Latin-1 sees another letter than one of UTF-8.
    [
      "the whole subject where one is to be read in two ways",
      { names: ["b@acme.example", Buffer.from("\u00e4@acme.example")] },
      "CN=voice pipeline",
    ],
    ["nobody where there is no subject either", { names: [], common: "" }, "nobody named"],
  ])("by %s", async (_, wish, identity) => {
    expect(await judge(wish)).toMatchObject({
      verdict: "verified",
      signer: { by: "certificate", identity, issuer: "CN=Acme root", notAfter: "2049-12-31T00:00:00Z" },
    });
  });
});
