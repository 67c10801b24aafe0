// What a namespace asks of verification and by which name; what verification left; which keys and PEM texts are taken.
import { createHash, generateKeyPairSync, type KeyObject } from "node:crypto";
import { describe, expect, test } from "vitest";
import type { ModelRelease, ReleaseArtifact } from "../../../src/api/model-release.ts";
import type { PolicyFacts } from "../../../src/domain/facts.ts";
import { splitPem } from "../../../src/domain/pem.ts";
import { digestKey, findKeyFault, parsePublicKey } from "../../../src/domain/public-keys.ts";
import type { ResolvedSigner } from "../../../src/domain/signers.ts";
import { gatherQuest } from "../../../src/domain/trust.ts";
import { findVerified, hasFailed, isFailure } from "../../../src/domain/verified-artifacts.ts";

const d = (text: string) => `sha256:${text.repeat(64)}`;
const sha256 = (text: string) => `sha256:${createHash("sha256").update(text).digest("hex")}`;

describe("what policies ask together", () => {
  const usable = (digit: string): ResolvedSigner => ({
    outcome: "usable",
    anchor: { by: "key", pem: digit, keyDigest: d(digit) },
    digest: d(digit),
  });
  const gone: ResolvedSigner = { outcome: "broken", finding: { code: "TrustRootMissing", text: "gone" } };
  const policy = (signers: Record<string, ResolvedSigner>, formats?: string[]): PolicyFacts =>
    ({
      outcome: "valid",
      name: "p",
      spec: { tiers: [{ name: "low" }, { name: "high", ...(formats === undefined ? {} : { formats }) }] },
      signers,
    }) as unknown as PolicyFacts;
  const named = (signer: string, digit: string) => ({
    signer,
    digest: d(digit),
    anchor: { by: "key", pem: digit, keyDigest: d(digit) },
  });

  test("is each usable signer once, sorted by digest", () => {
    const quest = gatherQuest([
      policy({ c: usable("3"), gone, a: usable("1") }),
      { outcome: "invalid", name: "x", why: "y" },
      { outcome: "missing", name: "z" },
      policy({ b: usable("2"), again: usable("1") }),
    ]);
    expect(quest.signers).toEqual([named("again", "1"), named("b", "2"), named("c", "3")]);
    expect(quest.readsFormats).toBe(false);
    expect(quest.digest).toBe(sha256([d("1"), d("2"), d("3")].join("\n")));
  });

  test("is named alike in whichever order it is given, and otherwise where anything differs", () => {
    const [one, two] = [policy({ a: usable("1") }), policy({ b: usable("2") })];
    expect(gatherQuest([one, two]).digest).toBe(gatherQuest([two, one]).digest);
    const digests = [[], [one], [two], [one, two]].map((some) => gatherQuest(some).digest);
    expect(new Set(digests).size).toBe(4);
  });

  test("is to read formats where one tier of one policy asks for them", () => {
    const plain = policy({ a: usable("1") });
    for (const formats of [["onnx"], []]) {
      const quest = gatherQuest([plain, policy({}, formats)]);
      expect(quest.readsFormats).toBe(true);
      expect(quest.digest).toBe(sha256(`${d("1")}\nformats`));
    }
  });
});

describe("what verification left", () => {
  const artifact = { name: "model", image: `r.example/m:v5@${d("a")}` } as ReleaseArtifact;
  const release = (...artifacts: { name: string; digest: string }[]) => ({ status: { artifacts } }) as ModelRelease;

  test("is of the artifact of that name, for the digest that it names now", () => {
    const facts = { name: "model", digest: d("a") };
    expect(findVerified(release({ name: "server", digest: d("a") }, facts), artifact)).toBe(facts);
    expect(findVerified(release({ name: "server", digest: d("a") }), artifact)).toBeUndefined();
    expect(findVerified(release({ name: "model", digest: d("b") }), artifact)).toBeUndefined();
    expect(findVerified(release(), artifact)).toBeUndefined();
    expect(findVerified({ status: {} } as ModelRelease, artifact)).toBeUndefined();
    expect(findVerified({} as ModelRelease, artifact)).toBeUndefined();
  });

  test("tells a look that failed from one that found something bad", () => {
    expect(["RegistryFailed", "VerificationFailed", "SignatureInvalid", ""].map(isFailure)).toEqual([
      true,
      true,
      false,
      false,
    ]);
    const of = (...codes: string[]) => hasFailed({ problems: codes.map((code) => ({ code, text: "" })) });
    expect(of("SignatureInvalid", "RegistryFailed")).toBe(true);
    expect(of("SignatureInvalid")).toBe(false);
    expect(hasFailed({})).toBe(false);
  });
});

describe("a PEM text", () => {
  const block = (type: string, body = "AAAA") => `-----BEGIN ${type}-----\n${body}\n-----END ${type}-----`;
  const [one, two] = [block("CERTIFICATE"), block("CERTIFICATE", "BBBB")];

  test("is its blocks, whatever stands between them", () => {
    expect(splitPem(one, "CERTIFICATE")).toEqual([one]);
    expect(splitPem(`# first\n${one}\n# second\n${two}\n`, "CERTIFICATE")).toEqual([one, two]);
    expect(splitPem(block("X509 CRL"), "X509 CRL")).toEqual([block("X509 CRL")]);
  });

  test.each([
    ["empty", ""],
    ["without a block", "text"],
    ["with a block of another type", `${one}\n${block("PRIVATE KEY")}`],
    ["with a block of another type first", `${block("X509 CRL")}\n${one}`],
    ["with a block without an end", `${one}\n-----BEGIN CERTIFICATE-----\nAAAA`],
    ["with a block that ends as another", "-----BEGIN CERTIFICATE-----\nAAAA\n-----END X509 CRL-----"],
    ["with a block without a body", "-----BEGIN CERTIFICATE----------END CERTIFICATE-----"],
    ["with a block within another", `-----BEGIN CERTIFICATE-----\n${one}`],
  ])("that is %s is none", (_, text) => {
    expect(splitPem(text, "CERTIFICATE")).toBeUndefined();
  });
});

describe("a public key", () => {
  const toPem = (key: KeyObject) => key.export({ type: "spki", format: "pem" }).toString();
  const curve = (namedCurve: string) => generateKeyPairSync("ec", { namedCurve }).publicKey;

  test.each(["prime256v1", "secp384r1", "secp521r1"])("on %s may sign", (name) => {
    const key = curve(name);
    expect(findKeyFault(key)).toBeUndefined();
    const der = key.export({ type: "spki", format: "der" });
    const keyDigest = `sha256:${createHash("sha256").update(der).digest("hex")}`;
    expect(digestKey(key)).toBe(keyDigest);
    expect(parsePublicKey(toPem(key))).toEqual({ outcome: "key", keyDigest });
    expect(parsePublicKey(`\n${toPem(key)}`)).toEqual({ outcome: "key", keyDigest });
  });

  test("by RSA may sign with 2048 bits, and by Ed25519", () => {
    const rsa = (modulusLength: number) => generateKeyPairSync("rsa", { modulusLength }).publicKey;
    expect(findKeyFault(rsa(2048))).toBeUndefined();
    expect(findKeyFault(rsa(2040))).toBe("an RSA key needs 2048 bits");
    expect(parsePublicKey(toPem(rsa(1024)))).toEqual({ outcome: "fault", why: "an RSA key needs 2048 bits" });
    expect(findKeyFault(generateKeyPairSync("ed25519").publicKey)).toBeUndefined();
  });

  test("of another kind may not", () => {
    expect(findKeyFault(curve("secp256k1"))).toBe("curve secp256k1 is not supported");
    expect(findKeyFault(generateKeyPairSync("x25519").publicKey)).toBe("keys of type x25519 are not supported");
    expect(findKeyFault(generateKeyPairSync("ed448").publicKey)).toBe("keys of type ed448 are not supported");
  });

  test("is a block of its own type, and not what a key could be derived from", () => {
    const { privateKey, publicKey } = generateKeyPairSync("ec", { namedCurve: "P-256" });
    const secret = privateKey.export({ type: "pkcs8", format: "pem" }).toString();
    const none = { outcome: "fault", why: "it is no PEM block of type PUBLIC KEY" };
    expect(parsePublicKey(secret)).toEqual(none);
    expect(parsePublicKey(`${secret}${toPem(publicKey)}`)).toEqual(none);
    expect(parsePublicKey("")).toEqual(none);
    expect(parsePublicKey("-----BEGIN PUBLIC KEY-----\nAAAA\n-----END PUBLIC KEY-----\n")).toMatchObject({
      outcome: "fault",
      why: expect.not.stringContaining("no PEM block") as string,
    });
  });
});
