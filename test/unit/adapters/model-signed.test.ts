// What a signature that is made here holds, to the last member: other implementations read it.
import { createHash, createPublicKey, generateKeyPairSync, type KeyObject, verify } from "node:crypto";
import { rm } from "node:fs/promises";
import { basename } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { signModel } from "../../../src/adapters/model-signing/sign-model.ts";
import { encodeDsse, hashResources, judgeModel, PAYLOAD_TYPE, toResources, writeModel } from "../../harness/models.ts";
import { createBelow, createRoot, createSigner } from "../../corpus/authorities.ts";

const FILES = { "config.json": "{}", "sub/.gitignore": "x", "weights.bin": "weights" };
/** Git's files at the top, which are no part of a model. */
const OF_GIT = { ".git/config": "x", ".gitattributes": "x", ".github/ci.yml": "x", ".gitignore": "x" };
const { privateKey, publicKey } = generateKeyPairSync("ec", { namedCurve: "P-256" });

let model = "";
beforeAll(async () => {
  model = await writeModel({ ...FILES, ...OF_GIT });
});
afterAll(() => rm(model, { recursive: true }));

interface Bundle {
  verificationMaterial: object;
  dsseEnvelope: { payload: string; signatures: { sig: string }[] };
}
async function sign(key: KeyObject, { chain = [], ignored = [] }: { chain?: Buffer[]; ignored?: string[] } = {}) {
  const told: number[][] = [];
  const signed = await signModel({ model, key, chain, ignored }, (...progress) => told.push(progress));
  const bundle = JSON.parse(signed.text) as Bundle;
  const payload = Buffer.from(bundle.dsseEnvelope.payload, "base64");
  return { ...signed, told, bundle, payload, statement: JSON.parse(payload.toString("utf8")) as object };
}

const toExpected = (files: Readonly<Record<string, string>>, more: object = {}) => {
  const resources = toResources(files);
  return {
    _type: "https://in-toto.io/Statement/v1",
    subject: [{ name: basename(model), digest: { sha256: hashResources(resources) } }],
    predicateType: "https://model_signing/signature/v1.0",
    predicate: {
      serialization: { method: "files", hash_type: "sha256", allow_symlinks: false, ...more },
      resources,
    },
  };
};

test("a signature by key names the key by SHA-256 over its PEM, and has no entry in a log", async () => {
  const { bundle, payload, statement, text, files, bytes, digest, told } = await sign(privateKey);
  const pem = publicKey.export({ type: "spki", format: "pem" });
  expect(bundle).toEqual({
    mediaType: "application/vnd.dev.sigstore.bundle.v0.3+json",
    verificationMaterial: {
      publicKey: { hint: createHash("sha256").update(pem).digest("hex") },
      tlogEntries: [],
    },
    dsseEnvelope: {
      payload: payload.toString("base64"),
      payloadType: PAYLOAD_TYPE,
      signatures: [{ sig: expect.any(String) as string, keyid: "" }],
    },
  });
  expect(statement).toEqual(toExpected(FILES));
  expect({ files, bytes, digest }).toEqual({
    files: 3,
    bytes: 10,
    digest: `sha256:${hashResources(toResources(FILES))}`,
  });
  expect(text.endsWith("}\n"), "one line").toBe(true);
  // {}, x, weights
  expect(told).toEqual([2, 3, 10].map((read) => [read, 10]));
  const [first] = bundle.dsseEnvelope.signatures;
  expect(verify("sha256", encodeDsse(payload), publicKey, Buffer.from(first?.sig ?? "", "base64"))).toBe(true);
});

test("one by certificate carries it and those above it instead", async () => {
  const root = createRoot();
  const between = createBelow(root);
  const { key, certificate } = createSigner(between);
  const chain = [certificate, between.certificate];
  const { bundle, text } = await sign(key, { chain });
  expect(bundle.verificationMaterial).toEqual({
    x509CertificateChain: { certificates: chain.map((der) => ({ rawBytes: der.toString("base64") })) },
    tlogEntries: [],
  });
  const signature = Buffer.from(text);
  const trust = { method: "certificate", certificates: [root.certificate], now: Date.now() } as const;
  expect(await judgeModel({ model, signature, trust })).toMatchObject({ verdict: "verified", files: 3 });
  const byKey = { method: "key", key: createPublicKey(key) } as const;
  expect(await judgeModel({ model, signature, trust: byKey })).toMatchObject({ code: "MethodMismatch" });
});

test("what is left out is recorded, and git's files without a word", async () => {
  const { statement, files } = await sign(privateKey, { ignored: ["sub"] });
  expect(statement).toEqual(toExpected({ "config.json": "{}", "weights.bin": "weights" }, { ignore_paths: ["sub"] }));
  expect(files).toBe(2);
});
