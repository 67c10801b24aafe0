// What is said where a demanded signature is lacking: the reason that is nearest, in the order in which somebody can mend it.
import { describe, expect, test } from "vitest";
import type { SignatureDemand, Tier } from "../../../src/api/ai-policy.ts";
import type { ModelRelease, VerifiedSignature } from "../../../src/api/model-release.ts";
import { judgeSignatures, type Trust } from "../../../src/domain/judge-signatures.ts";
import type { ResolvedSigner } from "../../../src/domain/signers.ts";

const d = (text: string) => `sha256:${text.repeat(64)}`;
const MODEL = d("a");
const NOW = Date.parse("2026-11-24T12:00:00Z");
const TRUST = d("f");
const EVALUATION = "https://acme.example/evaluation/v1";

const usable = (digit: string): ResolvedSigner => ({
  outcome: "usable",
  anchor: { by: "key", pem: digit, keyDigest: d(digit) },
  digest: d(digit),
});
const gone: ResolvedSigner = { outcome: "broken", finding: { code: "TrustRootMissing", text: "the key is gone" } };
const signed = (digit: string, more: Partial<VerifiedSignature> = {}): VerifiedSignature => ({
  signer: "whoever",
  signerDigest: d(digit),
  keyDigest: d(digit),
  over: "artifact",
  form: "cosign-bundle",
  ...more,
});

interface Case {
  signers?: Record<string, ResolvedSigner>;
  signatures?: VerifiedSignature[];
  problems?: { code: string; text: string }[];
  demands?: Partial<SignatureDemand>[];
  format?: string;
  trust?: string;
  revoked?: string[];
  digest?: string;
}

function judge({
  signers = { ml: usable("1"), ci: usable("2") },
  signatures = [],
  problems,
  demands = [{}],
  format = "ModelPack",
  trust = TRUST,
  revoked = [],
  digest = MODEL,
}: Case) {
  const facts = { name: "model", digest, closure: [], signatures, problems, trust, verifiedAt: "" };
  const release = {
    metadata: { name: "v5", namespace: "voice" },
    spec: { artifacts: [{ name: "model", image: `r.example/m@${MODEL}`, format }] },
    status: { artifacts: [facts] },
  } as unknown as ModelRelease;
  const tier = { signatures: demands.map((one) => ({ over: "artifact", anyOf: ["ml"], count: 1, ...one })) };
  const asked: Trust = {
    policy: "standard",
    signers,
    definitions: Object.keys(signers).map((name) => ({ name, publicKey: { pem: "x" } })),
    revoked: new Map(revoked.map((name) => [name, "it leaked"])),
    trustDigest: TRUST,
    now: NOW,
  };
  const judged = judgeSignatures(release, tier as unknown as Tier, asked);
  return judged.outcome === "signed" ? judged.until : judged.fault;
}

const END = "2027-01-01T00:00:00Z";
const EARLIER = "2026-12-01T00:00:00Z";
const PAST = "2026-11-24T12:00:00Z";

test("nothing is lacking where all that is demanded is there, until the first of it ends", () => {
  expect(judge({ signatures: [signed("1")] })).toBe(Number.POSITIVE_INFINITY);
  expect(judge({ signatures: [signed("1", { notAfter: END })] })).toBe(Date.parse(END));
  const both = [signed("1", { notAfter: END }), signed("2", { notAfter: EARLIER })];
  expect(judge({ signatures: both, demands: [{}, { anyOf: ["ci"] }] })).toBe(Date.parse(EARLIER));
  expect(judge({ signatures: both, demands: [{ anyOf: ["ml", "ci"] }] })).toBe(Date.parse(END));
  expect(judge({ signatures: both, demands: [{ anyOf: ["ml", "ci"], count: 2 }] })).toBe(Date.parse(EARLIER));
  expect(judge({ demands: [] })).toBe(Number.POSITIVE_INFINITY);
});

describe("a demand", () => {
  test("of one format asks others nothing, and of models asks images nothing", () => {
    const modelcars: Partial<SignatureDemand> = { format: "Modelcar" };
    expect(judge({ demands: [modelcars] })).toBe(Number.POSITIVE_INFINITY);
    expect(judge({ demands: [modelcars], format: "Modelcar" })).toMatchObject({ code: "SignatureMissing" });
    expect(judge({ demands: [{ over: "model" }], format: "Image" })).toBe(Number.POSITIVE_INFINITY);
    expect(judge({ demands: [{ over: "model" }] })).toMatchObject({ code: "SignatureMissing" });
    expect(judge({ demands: [{}], format: "Image" })).toMatchObject({ code: "SignatureMissing" });
  });

  test("that is not there leaves an artifact that nobody has looked at alone", () => {
    expect(judge({ demands: [], digest: d("b") })).toBe(Number.POSITIVE_INFINITY);
  });

  test("is met by what it is over, with the predicate that it names", () => {
    const attested: Partial<SignatureDemand> = { over: "attestation", predicateType: EVALUATION };
    const by = (more: Partial<VerifiedSignature>) => [signed("1", more)];
    expect(judge({ signatures: by({ over: "model" }), demands: [{}] })).toMatchObject({ code: "SignatureMissing" });
    expect(judge({ signatures: by({}), demands: [{ over: "model" }] })).toMatchObject({ code: "SignatureMissing" });
    expect(judge({ signatures: by({ over: "attestation", predicateType: EVALUATION }), demands: [attested] })).toBe(
      Number.POSITIVE_INFINITY,
    );
    expect(judge({ signatures: by({ over: "attestation", predicateType: "x" }), demands: [attested] })).toMatchObject({
      code: "SignatureMissing",
      text: expect.stringContaining(`over: attestation ${EVALUATION}`) as string,
    });
  });
});

describe("where a signature is lacking", () => {
  test("the artifact, the release and the signers are named", () => {
    const text = (demand: Partial<SignatureDemand>) => {
      const fault = judge({ demands: [demand] });
      return typeof fault === "number" ? "" : fault.text;
    };
    expect(text({})).toContain("artifact model of release v5 lacks a valid signature by ml over: artifact");
    expect(text({ anyOf: ["ml", "ci"] })).toContain("by ml or ci over");
    expect(text({ anyOf: ["ml", "ci"], count: 2 })).toContain("by 2 of ml or ci over");
  });

  test("an artifact that nobody has looked at is not verified yet", () => {
    expect(judge({ digest: d("b"), signatures: [signed("1")] })).toMatchObject({ code: "VerificationPending" });
  });

  test("what was found for other demands is not verified yet, though what is there counts", () => {
    expect(judge({ trust: d("e") })).toMatchObject({ code: "VerificationPending" });
    expect(judge({ trust: d("e"), signatures: [signed("1")] })).toBe(Number.POSITIVE_INFINITY);
  });

  test("a signer that cannot be used is told where no other can", () => {
    expect(judge({ signers: { ml: gone, ci: usable("2") } })).toMatchObject({ code: "TrustRootMissing" });
    const either: Partial<SignatureDemand> = { anyOf: ["ml", "ci"] };
    expect(judge({ signers: { ml: gone, ci: usable("2") }, demands: [either] })).toMatchObject({
      code: "SignatureMissing",
    });
    expect(judge({ signers: { ml: gone, ci: gone }, demands: [either] })).toMatchObject({ code: "TrustRootMissing" });
    expect(judge({ signers: {} })).toMatchObject({ code: "SignatureMissing" });
  });

  test("one that ran out is told as such", () => {
    expect(judge({ signatures: [signed("1", { notAfter: PAST })] })).toMatchObject({ code: "SignatureExpired" });
    expect(judge({ signatures: [signed("1", { notAfter: PAST })], trust: d("e") })).toMatchObject({
      code: "VerificationPending",
    });
    expect(judge({ signatures: [signed("2", { notAfter: PAST })] })).toMatchObject({ code: "SignatureMissing" });
  });

  test("a revoked signer is told where it alone would have been enough", () => {
    const revoked = ["ml"];
    expect(judge({ signatures: [signed("1")], revoked })).toMatchObject({
      code: "SignerRevoked",
      text: expect.stringContaining("signer ml, which was revoked: it leaked") as string,
    });
    expect(judge({ revoked })).toMatchObject({ code: "SignatureMissing" });
    expect(judge({ signatures: [signed("2")], revoked, demands: [{ anyOf: ["ml", "ci"] }] })).toBe(
      Number.POSITIVE_INFINITY,
    );
    const two: Partial<SignatureDemand> = { anyOf: ["ml", "ci"], count: 2 };
    expect(judge({ signatures: [signed("1"), signed("2")], revoked, demands: [two] })).toMatchObject({
      code: "SignerRevoked",
    });
    expect(judge({ signatures: [signed("1")], revoked: ["ci"] })).toBe(Number.POSITIVE_INFINITY);
  });

  test("a revoked signer of whom nobody can tell what it signed stops all, whichever of several it is", () => {
    const signers = { ml: usable("1"), ci: usable("2"), old: gone };
    for (const revoked of [["old"], ["ci", "old"], ["old", "ci"]]) {
      expect(judge({ signers, signatures: [signed("1")], revoked })).toMatchObject({ code: "TrustRootMissing" });
    }
    expect(judge({ signers, signatures: [signed("1")], revoked: ["ci"] })).toBe(Number.POSITIVE_INFINITY);
  });

  test("the problem that was found tells more than that something is missing", () => {
    const of = (code: string) => ({ code, text: `text of ${code}` });
    const told = (over: "artifact" | "model", ...codes: string[]) => {
      const fault = judge({ problems: codes.map(of), demands: [{ over }] });
      return typeof fault === "number" ? fault : fault.code;
    };
    expect(told("artifact", "SignatureInvalid")).toBe("SignatureInvalid");
    expect(told("artifact", "ModelMismatch", "SignerUnknown")).toBe("SignerUnknown");
    expect(told("model", "SignerUnknown", "ModelMismatch")).toBe("ModelMismatch");
    expect(told("model", "SignerUnknown", "RegistryFailed", "ModelMismatch")).toBe("RegistryFailed");
    expect(told("artifact", "ModelMismatch", "VerificationFailed")).toBe("VerificationFailed");
    expect(told("artifact", "ModelMismatch")).toBe("ModelMismatch");
    expect(told("model", "SignatureInvalid", "SignerUnknown")).toBe("SignatureInvalid");
    // Of a version of this product that knew more, or less.
    expect(told("artifact", "NoSuchCode", "toString")).toBe("SignatureMissing");
    expect(told("artifact", "NoSuchCode", "SignerUnknown")).toBe("SignerUnknown");
  });
});
