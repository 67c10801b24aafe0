// How one release stands: everything that keeps it from running, worst first, and until when it may.
import { describe, expect, test } from "vitest";
import { AIPolicy } from "../../../src/api/ai-policy.ts";
import { ModelRelease } from "../../../src/api/model-release.ts";
import { evaluateNamespace } from "../../../src/domain/evaluate.ts";
import type { NamespaceFacts } from "../../../src/domain/facts.ts";
import {
  make,
  MODEL,
  NOW,
  POLICY_SPEC,
  revoke,
  SERVER,
  toApproval,
  toArtifacts,
  toBareFacts,
  toOpenFacts,
  toReleaseSpec,
  TRUSTED,
  UNTIL,
  valid,
} from "./voice.ts";

const HOUR = 3_600_000;

function judge(facts: NamespaceFacts, now = NOW) {
  const [mode] = evaluateNamespace(facts, now).modes;
  const judged = mode?.outcome === "judged" ? mode.releases[0] : undefined;
  if (judged === undefined) throw new Error("one release is judged");
  return { ...judged, codes: judged.findings.map(({ code }) => code) };
}

test("one that may run does until its approval ends, and pods start until its grace does", () => {
  expect(judge(toOpenFacts())).toMatchObject({
    codes: [],
    revoked: undefined,
    unverified: undefined,
    until: Date.parse(UNTIL),
    notAfter: Date.parse(UNTIL) + 72 * HOUR,
  });
});

describe("one that was revoked", () => {
  test.each([{ release: "v5" }, { digests: [MODEL] }, { digests: [SERVER] }])(
    "by %j never runs, whatever else is there",
    (spec) => {
      const judged = judge(toOpenFacts({ revocations: [revoke("r", spec)] }));
      expect(judged.revoked?.code).toBe("release" in spec ? "ReleaseRevoked" : "DigestRevoked");
      expect(judged.notAfter).toBe(0);
    },
  );

  test("says so before what else is lacking", () => {
    const revocations = [revoke("r", { digests: [MODEL] })];
    const { codes } = judge(toBareFacts({ revocations, systems: [], assessments: [] }));
    expect(codes).toEqual(["DigestRevoked", "SystemMissing"]);
    const unread = { outcome: "invalid" as const, metadata: { name: "x", namespace: "voice" }, why: "no reason" };
    const both = judge(toBareFacts({ revocations: [unread as never, ...revocations] }));
    expect(both.codes[0]).toBe("DigestRevoked");
    expect(both.codes).toContain("RevocationInvalid");
    expect(both.codes).toContain("ApprovalMissing");
  });

  test("by something that cannot be read may be it, and does not run", () => {
    const unread = { outcome: "invalid" as const, metadata: { name: "x", namespace: "voice" }, why: "no reason" };
    expect(judge(toOpenFacts({ revocations: [unread as never] }))).toMatchObject({
      codes: ["RevocationInvalid"],
      notAfter: 0,
    });
  });
});

describe("one whose tier allows some formats alone", () => {
  const policy = {
    ...TRUSTED,
    spec: AIPolicy.spec.parse({
      ...POLICY_SPEC,
      tiers: POLICY_SPEC.tiers.map((tier) => ({ ...tier, formats: ["onnx"] })),
    }),
  };
  const holding = (formats: string[], isSigned = true) => {
    const [model, server] = toArtifacts(MODEL);
    const found = { ...model, model: { digest: `model:v1:sha256:${"0".repeat(64)}`, formats } };
    const artifacts = [isSigned ? found : { ...found, signatures: [] }, server];
    const release = make<ModelRelease>(ModelRelease, "v5", toReleaseSpec(MODEL), { status: { artifacts } });
    return judge(toOpenFacts({ modes: new Map([["enforce", policy]]), releases: [valid(release)] }));
  };

  test("runs with these, and with no other", () => {
    expect(holding(["onnx"])).toMatchObject({ codes: [], notAfter: Date.parse(UNTIL) + 72 * HOUR });
    expect(holding(["onnx", "pickle"])).toMatchObject({ codes: ["FormatForbidden"], until: 0, notAfter: 0 });
    expect(holding(["onnx", "pickle"]).unverified?.code).toBe("FormatForbidden");
  });

  test("has to be signed first", () => {
    // What was found for other signers is looked at again before anything is said of it.
    expect(holding(["pickle"], false).codes).toEqual(["VerificationPending"]);
  });
});

describe("one that is not approved", () => {
  const facts = toOpenFacts();
  const target = { kind: "ModelRelease", name: "v5", digest: judge(facts).approvable?.digest };

  test("lacks its approval", () => {
    expect(judge({ ...facts, approvals: facts.approvals.slice(0, 1) })).toMatchObject({
      codes: ["ApprovalMissing"],
      until: 0,
      notAfter: 0,
    });
  });

  test("was rejected by somebody, for a reason, and never runs", () => {
    const rejection = toApproval(
      "no",
      { target, decision: "reject", until: undefined, reason: "it drops callers" },
      "carol",
    );
    const judged = judge({ ...facts, approvals: [...facts.approvals, valid(rejection)] });
    expect(judged).toMatchObject({ codes: ["ApprovalRejected"], until: 0, notAfter: 0 });
    expect(judged.findings[0]?.text).toContain("release v5");
    expect(judged.findings[0]?.text).toContain("carol");
    expect(judged.findings[0]?.text).toContain("it drops callers");
  });

  test("ran out, grace and all", () => {
    expect(judge(facts, Date.parse(UNTIL) + 72 * HOUR + 1).codes).toContain("ApprovalExpired");
  });
});

test("what was approved as it is was not edited", () => {
  const facts = toOpenFacts();
  const digest = judge(facts).approvable?.digest ?? "";
  const approvedAs = (approved: string) => {
    const [first] = facts.releases;
    if (first?.outcome !== "valid") throw new Error("one release");
    const status = { ...first.object.status, approved: { digest: approved } };
    return judge({ ...facts, releases: [valid({ ...first.object, status } as ModelRelease)] }).approvable?.editedAt;
  };
  expect(approvedAs(digest)).toBeUndefined();
  expect(approvedAs(`v1:sha256:${"0".repeat(64)}`)).toBe(NOW);
});
