// The container of a model signature as it is read: its types, the certificates and timestamps in it, and their limits.
import { generateKeyPairSync } from "node:crypto";
import { rm } from "node:fs/promises";
import { describe, expect, test } from "vitest";
import { parseSignature } from "../../../src/adapters/model-signing/envelope.ts";
import { showName } from "../../../src/adapters/model-signing/refusal.ts";
import { judgeModel, PAYLOAD_TYPE, signWithKey, toResources, toStatement, writeModel } from "../../harness/models.ts";

const V0_3 = "application/vnd.dev.sigstore.bundle.v0.3+json";
const base64 = (bytes: Buffer | string) => Buffer.from(bytes).toString("base64");
const wrap = (verificationMaterial: object, mediaType = V0_3) =>
  Buffer.from(
    JSON.stringify({
      mediaType,
      verificationMaterial,
      dsseEnvelope: { payload: base64("{}"), payloadType: PAYLOAD_TYPE, signatures: [{ sig: base64("signature") }] },
    }),
  );
const toChain = (...certificates: Buffer[]) => ({
  x509CertificateChain: { certificates: certificates.map((one) => ({ rawBytes: base64(one) })) },
});
const LEAF = Buffer.from("leaf");
const BROKEN = "it is no Sigstore bundle with one DSSE signature, as model signing v1.0 has it";

test.each([V0_3, "application/vnd.dev.sigstore.bundle+json;version=0.3"])(
  "a bundle of type %s is read: the protocol has two names for its version 0.3",
  async (mediaType) => {
    const { privateKey, publicKey } = generateKeyPairSync("ec", { namedCurve: "P-256" });
    const files = { w: "weights" };
    const bundle = JSON.parse(signWithKey(toStatement(toResources(files)), privateKey).toString("utf8")) as object;
    const model = await writeModel(files);
    const signature = Buffer.from(JSON.stringify({ ...bundle, mediaType }));
    expect(await judgeModel({ model, signature, trust: { method: "key", key: publicKey } })).toMatchObject({
      verdict: "verified",
    });
    await rm(model, { recursive: true });
  },
);

test.each(["", "application/vnd.dev.sigstore.bundle+json;version=0.2", "application/vnd.dev.sigstore.bundle"])(
  "one of type %o is not",
  (mediaType) => {
    expect(() => parseSignature(wrap({ publicKey: {} }, mediaType))).toThrow(BROKEN);
  },
);

describe("of a chain of certificates", () => {
  test.each<[string, object, Buffer[]]>([
    ["without a word of timestamps", {}, []],
    ["with none", { timestampVerificationData: {} }, []],
    ["with nothing in their place", { timestampVerificationData: null }, []],
    ["with nothing for a list", { timestampVerificationData: { rfc3161Timestamps: null } }, []],
    ["with an empty list", { timestampVerificationData: { rfc3161Timestamps: [] } }, []],
    [
      "with two",
      {
        timestampVerificationData: {
          rfc3161Timestamps: ["one", "two"].map((one) => ({ signedTimestamp: base64(one) })),
        },
      },
      [Buffer.from("one"), Buffer.from("two")],
    ],
  ])("%s, all certificates and timestamps are read in their order", (_, times, stamps) => {
    const above = Buffer.from("above");
    expect(parseSignature(wrap({ ...toChain(LEAF, above), ...times }))).toEqual({
      material: { method: "certificate", chain: [LEAF, above], stamps },
      payload: Buffer.from("{}"),
      signature: Buffer.from("signature"),
    });
  });

  test.each<[string, object]>([
    ["a timestamp that is no base64", { rfc3161Timestamps: [{ signedTimestamp: "?" }] }],
    ["a timestamp without its bytes", { rfc3161Timestamps: [{}] }],
    ["33 timestamps", { rfc3161Timestamps: Array.from({ length: 33 }, () => ({ signedTimestamp: "AAAA" })) }],
    ["timestamps that are no list", { rfc3161Timestamps: "AAAA" }],
  ])("%s: refused, and not left unread", (_, timestampVerificationData) => {
    expect(() => parseSignature(wrap({ ...toChain(LEAF), timestampVerificationData }))).toThrow(BROKEN);
  });

  test("16 certificates of 64 KiB are read, and neither one more nor a byte more", () => {
    const full = Buffer.alloc(65_536);
    const whole = Array.from({ length: 16 }, () => full);
    expect(parseSignature(wrap(toChain(...whole))).material).toMatchObject({ chain: whole });
    expect(() => parseSignature(wrap(toChain(...whole, LEAF)))).toThrow(BROKEN);
    expect(() => parseSignature(wrap(toChain(LEAF, Buffer.alloc(65_537))))).toThrow(BROKEN);
    expect(() => parseSignature(wrap({ certificate: { rawBytes: base64(Buffer.alloc(65_537)) } }))).toThrow(BROKEN);
  });
});

describe("what names how it was signed", () => {
  test.each<[string, object]>([
    ["key", { publicKey: {} }],
    ["certificate", toChain(LEAF)],
    ["sigstore", { certificate: { rawBytes: base64(LEAF) } }],
  ])("is one of three: %s", (method, material) => {
    expect(parseSignature(wrap(material)).material.method).toBe(method);
  });

  test.each<[string, object]>([
    ["none of them", {}],
    ["a key and a chain", { publicKey: {}, ...toChain(LEAF) }],
    ["a chain and a certificate", { ...toChain(LEAF), certificate: { rawBytes: base64(LEAF) } }],
    ["all of them", { publicKey: {}, ...toChain(LEAF), certificate: { rawBytes: base64(LEAF) } }],
  ])("is not %s", (_, material) => {
    expect(() => parseSignature(wrap(material))).toThrow(
      "it does not say with exactly one key or certificate it was made",
    );
  });
});

test.each([
  ["as it is", "a/b c.bin", "a/b c.bin"],
  ["as it is up to 200 letters", "w".repeat(200), "w".repeat(200)],
  ["quoted and cut where it is longer", "w".repeat(201), `"${"w".repeat(200)}"`],
  ["quoted where it begins with what steers a terminal", "\u001b[2Jw", String.raw`"\u001b[2Jw"`],
  ["quoted where it ends with a line", "w\n", String.raw`"w\n"`],
  ["quoted where it is empty", "", '""'],
])("a name is shown %s", (_, name, shown) => {
  expect(showName(name)).toBe(shown);
});
