// Signatures that a tier demands, with signers that were revoked: worked by hand, and from ways to get around a revocation.
import { describe, expect, test } from "vitest";
import type { Tier } from "../../../src/api/ai-policy.ts";
import type { ModelRelease, VerifiedSignature } from "../../../src/api/model-release.ts";
import type { IdentityRule, Signer } from "../../../src/api/signer.ts";
import { judgeSignatures, type Trust } from "../../../src/domain/judge-signatures.ts";
import type { ResolvedSigner } from "../../../src/domain/signers.ts";

const DIGEST = `sha256:${"a".repeat(64)}`;
const ISSUER = "https://accounts.acme.example";
const d = (text: string) => `sha256:${text.repeat(64)}`;

const keyed = (name: string, key: string): [Signer, ResolvedSigner] => [
  { name, publicKey: { pem: key } },
  { outcome: "usable", anchor: { by: "key", pem: key, keyDigest: d(key) }, digest: d(key) },
];
const named = (name: string, identity: IdentityRule, digest: string): [Signer, ResolvedSigner] => [
  { name, sigstore: { issuer: ISSUER, identity } },
  { outcome: "usable", anchor: { by: "sigstore", root: "{}", issuer: ISSUER, identity }, digest },
];
const broken = ([definition]: [Signer, ResolvedSigner]): [Signer, ResolvedSigner] => [
  definition,
  { outcome: "broken", finding: { code: "TrustRootMissing", text: "TrustRootMissing: gone" } },
];

const ML = named("ml", { exact: "ml@acme.example" }, d("1"));
const ANYBODY = named("anybody", { pattern: ".*@acme\\.example" }, d("2"));
const KEY = keyed("pipeline", "3");
const CERTIFIED: [Signer, ResolvedSigner] = [
  { name: "ca", x509: { roots: { configMap: "c", key: "k", sha256: "0" } } },
  {
    outcome: "usable",
    anchor: { by: "x509", roots: "", crls: undefined, timestampAuthorities: undefined, identity: undefined },
    digest: d("4"),
  },
];

const signed = (signerDigest: string, keyDigest: string, identity?: string): VerifiedSignature => ({
  signer: "s",
  signerDigest,
  keyDigest,
  ...(identity === undefined ? {} : { identity, issuer: ISSUER }),
  over: "artifact",
  form: "cosign-bundle",
});
const BY_ML = [signed(d("1"), d("8"), "ml@acme.example"), signed(d("2"), d("8"), "ml@acme.example")];

function judge(
  signers: [Signer, ResolvedSigner][],
  signatures: VerifiedSignature[],
  { anyOf, count = 1, revoked = [] }: { anyOf: string[]; count?: number; revoked?: string[] },
): string {
  const release = {
    metadata: { name: "v5", namespace: "voice" },
    spec: { artifacts: [{ name: "model", image: `r.example/m@${DIGEST}`, format: "Image" }] },
    status: { artifacts: [{ name: "model", digest: DIGEST, closure: [], signatures, trust: DIGEST, verifiedAt: "" }] },
  } as unknown as ModelRelease;
  const trust: Trust = {
    policy: "standard",
    signers: Object.fromEntries(signers.map(([{ name }, resolved]) => [name, resolved])),
    definitions: signers.map(([definition]) => definition),
    revoked: new Map(revoked.map((name) => [name, "lost"])),
    trustDigest: DIGEST,
    now: 0,
  };
  const tier = { signatures: [{ over: "artifact", anyOf, count }] } as unknown as Tier;
  const judged = judgeSignatures(release, tier, trust);
  return judged.outcome === "signed" ? "signed" : judged.fault.code;
}

describe("a revoked signer's signature", () => {
  test.each<[string, string, () => string]>([
    ["counts before", "signed", () => judge([ML, ANYBODY], BY_ML, { anyOf: ["anybody"] })],
    ["does not count", "SignerRevoked", () => judge([ML], BY_ML.slice(0, 1), { anyOf: ["ml"], revoked: ["ml"] })],
    [
      "does not count under a pattern that takes the same name",
      "SignatureMissing",
      () => judge([ML, ANYBODY], BY_ML, { anyOf: ["anybody"], revoked: ["ml"] }),
    ],
    [
      "does not count under a pattern where what the revoked one was trusted by is gone",
      "SignatureMissing",
      () => judge([broken(ML), ANYBODY], BY_ML, { anyOf: ["anybody"], revoked: ["ml"] }),
    ],
    [
      "does not count under a pattern where no entry of its own is there",
      "SignatureMissing",
      () => judge([ML, ANYBODY], BY_ML.slice(1), { anyOf: ["anybody"], revoked: ["ml"] }),
    ],
    [
      "does not count as a certificate's over the same key",
      "SignatureMissing",
      () => judge([KEY, CERTIFIED], [signed(d("4"), d("3"), "x")], { anyOf: ["ca"], revoked: ["pipeline"] }),
    ],
    [
      "cannot be told from others where its key is gone",
      "TrustRootMissing",
      () => judge([broken(KEY), ML], BY_ML, { anyOf: ["ml"], revoked: ["pipeline"] }),
    ],
    [
      "leaves those of others alone",
      "signed",
      () => judge([ML, ANYBODY], [signed(d("2"), d("9"), "bob@acme.example")], { anyOf: ["anybody"], revoked: ["ml"] }),
    ],
    [
      "by another issuer is somebody else's",
      "signed",
      () =>
        judge([ML, ANYBODY], [{ ...signed(d("2"), d("9"), "ml@acme.example"), issuer: "https://other.example" }], {
          anyOf: ["anybody"],
          revoked: ["ml"],
        }),
    ],
  ])("%s", (_, expected, ask) => {
    expect(ask()).toBe(expected);
  });
});

describe("two signers", () => {
  test.each<[string, string, () => string]>([
    [
      "of one name are one",
      "SignatureMissing",
      () => judge([ML, ANYBODY], BY_ML, { anyOf: ["ml", "anybody"], count: 2 }),
    ],
    [
      "of two names are two",
      "signed",
      () =>
        judge([ML, ANYBODY], [...BY_ML, signed(d("2"), d("9"), "bob@acme.example")], {
          anyOf: ["ml", "anybody"],
          count: 2,
        }),
    ],
    [
      "of two names in one certificate are one",
      "SignatureMissing",
      () =>
        judge([ML, ANYBODY], [signed(d("1"), d("8"), "ml@acme.example"), signed(d("2"), d("8"), "bob@acme.example")], {
          anyOf: ["ml", "anybody"],
          count: 2,
        }),
    ],
  ])("%s", (_, expected, ask) => {
    expect(ask()).toBe(expected);
  });
});
