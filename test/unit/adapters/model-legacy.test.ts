// Signatures of model_signing 0.2: what it really signed, and how far they are followed.
import { createPublicKey, generateKeyPairSync } from "node:crypto";
import { cp, readFile, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { describe, expect, test } from "vitest";
import { toLegacyPae } from "../../../src/adapters/model-signing/legacy.ts";
import type { ModelTrust } from "../../../src/adapters/model-signing/verify-model.ts";
import {
  encodeDsse,
  judgeModel,
  PAYLOAD_TYPE,
  sha256,
  signWithKey,
  toResources,
  toStatement,
  writeModel,
} from "../../harness/models.ts";

const VECTORS = fileURLToPath(new URL("../../vectors/model-signing/", import.meta.url));
const MODEL = join(VECTORS, "model");
const read = (name: string) => readFile(join(VECTORS, "legacy", name));
const trustIn = async (name: string): Promise<ModelTrust> => ({
  method: "key",
  key: createPublicKey(await read(name)),
});
const inRoot = async (now: number): Promise<ModelTrust> => ({
  method: "certificate",
  certificates: [await read("root.pem")],
  now,
});
const NOW = Date.parse("2030-01-01T00:00:00Z");

const CASES: [string, () => Promise<ModelTrust>][] = [
  ["prime256v1.sig", () => trustIn("prime256v1.pub")],
  ["secp384r1.sig", () => trustIn("secp384r1.pub")],
  ["certificate.sig", () => inRoot(NOW)],
];

describe.each(CASES)("%s", (name, by) => {
  test("is verified where such signatures are accepted", async () => {
    const about = { model: MODEL, signature: await read(name), trust: await by(), acceptsLegacy: true };
    // It had no digest of the whole model, and did not record what it left out.
    expect(await judgeModel(about)).toMatchObject({
      verdict: "verified",
      digest: undefined,
      files: 6,
      unsigned: 0,
      ignored: [],
    });
  });

  test("is refused where they are not, with the option that accepts it", async () => {
    expect(await judgeModel({ model: MODEL, signature: await read(name), trust: await by() })).toMatchObject({
      verdict: "refused",
      code: "SignatureBroken",
      why: expect.stringContaining("--accept-v0-signatures") as string,
    });
  });

  test("vouches for these files alone", async () => {
    const model = await writeModel({});
    await cp(MODEL, model, { recursive: true });
    const about = { model, signature: await read(name), trust: await by(), acceptsLegacy: true };
    await writeFile(join(model, "sub/extra"), "");
    expect(await judgeModel(about)).toMatchObject({
      code: "ModelMismatch",
      why: "sub/extra is there and was not signed",
    });
    await rm(join(model, "sub/extra"));
    await writeFile(join(model, "weights.bin"), "wEights\n");
    expect(await judgeModel(about)).toMatchObject({
      code: "ModelMismatch",
      why: "weights.bin is not what was signed",
    });
    await rm(model, { recursive: true });
  });

  test("is refused with one letter of its payload changed", async () => {
    const text = (await read(name)).toString("utf8");
    const bundle = JSON.parse(text) as { dsseEnvelope: { payload: string } };
    const payload = Buffer.from(bundle.dsseEnvelope.payload, "base64").toString("utf8");
    bundle.dsseEnvelope.payload = Buffer.from(payload.replace("Unused", "unused")).toString("base64");
    const signature = Buffer.from(JSON.stringify(bundle));
    expect(await judgeModel({ model: MODEL, signature, trust: await by(), acceptsLegacy: true })).toMatchObject({
      code: "SignatureInvalid",
      why: expect.stringContaining("did not make this signature") as string,
    });
  });
});

test("names that Python shows otherwise are verified", async () => {
  const model = await writeModel({ "it's.bin": "one\n", "été.bin": "two\n", 'sub/a "b".bin': "three\n", empty: "" });
  const about = { model, signature: await read("prime256v1-odd.sig"), acceptsLegacy: true };
  expect(await judgeModel({ ...about, trust: await trustIn("prime256v1.pub") })).toMatchObject({
    verdict: "verified",
    files: 4,
  });
  expect(await judgeModel({ ...about, trust: await trustIn("secp384r1.pub") })).toMatchObject({
    code: "SignatureInvalid",
  });
  await rm(model, { recursive: true });
});

test("a certificate has to be valid now, and of a root that is trusted", async () => {
  const about = { model: MODEL, signature: await read("certificate.sig"), acceptsLegacy: true };
  for (const trust of [
    await inRoot(Date.parse("2060-01-01T00:00:00Z")),
    {
      method: "certificate" as const,
      certificates: [await readFile(join(VECTORS, "certificates/root.pem"))],
      now: NOW,
    },
  ]) {
    expect(await judgeModel({ ...about, trust })).toMatchObject({ code: "CertificateUntrusted" });
  }
});

test("bytes are encoded as Python 3.11 shows them", () => {
  const bytes = Buffer.from([0x22, 0, 9, 10, 13, 31, 39, 92, 126, 127, 255]);
  const shown = String.raw`b'"\x00\t\n\r\x1f\'\\~\x7f\xff'`;
  expect(toLegacyPae(bytes).toString("latin1")).toBe(`DSSEV1 28 ${PAYLOAD_TYPE} 11 ${shown}`);
});

describe("where they are accepted", () => {
  const FILES = { a: "one", b: "two" };
  const { privateKey, publicKey } = generateKeyPairSync("ec", { namedCurve: "P-256" });
  const trust: ModelTrust = { method: "key", key: publicKey };
  type Subject = { name: string; digest: Record<string, string>; annotations?: Record<string, string> };
  const legacy = (change: (subjects: Subject[]) => void = () => {}) => {
    const subject: Subject[] = Object.entries(FILES).map(([name, text]) => ({
      name,
      digest: { sha256: sha256(text) },
    }));
    change(subject);
    return { _type: "https://in-toto.io/Statement/v1", subject, predicateType: "https://model_signing/Digests/v0.1" };
  };
  const judge = async (signature: Buffer) => {
    const model = await writeModel(FILES);
    const verdict = await judgeModel({ model, signature, trust, acceptsLegacy: true });
    await rm(model, { recursive: true });
    return verdict;
  };
  const toFaulty = (payload: Buffer) =>
    Buffer.from(`DSSEV1 28 ${PAYLOAD_TYPE} ${payload.length} b'${payload.toString("latin1")}'`);

  test("each format has its own encoding, and no other", async () => {
    const v1 = toStatement(toResources(FILES));
    expect(await judge(signWithKey(legacy(), privateKey, { encode: toFaulty }))).toMatchObject({ verdict: "verified" });
    expect(await judge(signWithKey(v1, privateKey, { encode: encodeDsse }))).toMatchObject({ verdict: "verified" });
    const refused = { verdict: "refused", code: "SignatureInvalid" };
    expect(await judge(signWithKey(legacy(), privateKey, { encode: encodeDsse }))).toMatchObject(refused);
    expect(await judge(signWithKey(v1, privateKey, { encode: toFaulty }))).toMatchObject(refused);
  });

  test.each(["sha256", "file-sha256"])("what says that its SHA-256 is %s is verified", async (actual) => {
    const annotate = (all: Subject[]) => {
      for (const one of all) one.annotations = { actual_hash_algorithm: actual };
    };
    expect(await judge(signWithKey(legacy(annotate), privateKey, { encode: toFaulty }))).toMatchObject({
      verdict: "verified",
    });
  });

  test.each<[string, (subjects: Subject[]) => void]>([
    ["no file", (all) => all.splice(0)],
    ["a name twice", (all) => all.push(...all.slice(0, 1))],
    ["a path that leads out", (all) => all.push({ name: "../b", digest: { sha256: sha256("") } })],
    ["the model itself", (all) => all.push({ name: ".", digest: { sha256: sha256("") } })],
    ["a digest of another hash", (all) => all.push({ name: "c", digest: { sha512: "0".repeat(128) } })],
    ["a digest with a digit before it", (all) => all.push({ name: "c", digest: { sha256: `0${sha256("")}` } })],
    ["a digest with a digit after it", (all) => all.push({ name: "c", digest: { sha256: `${sha256("")}0` } })],
    ["a digest in capitals", (all) => all.push({ name: "c", digest: { sha256: sha256("").toUpperCase() } })],
    ["a second digest", (all) => all.push({ name: "c", digest: { sha256: sha256(""), sha512: "0" } })],
    [
      "another hash under the name of SHA-256",
      (all) => Object.assign(all[0] ?? {}, { annotations: { actual_hash_algorithm: "file-blake2b" } }),
    ],
    [
      "a hash without a name under that of SHA-256",
      (all) => Object.assign(all[0] ?? {}, { annotations: { actual_hash_algorithm: "" } }),
    ],
  ])("a statement with %s is refused", async (_, change) => {
    expect(await judge(signWithKey(legacy(change), privateKey, { encode: toFaulty }))).toMatchObject({
      verdict: "refused",
      code: "SignatureBroken",
    });
  });
});
