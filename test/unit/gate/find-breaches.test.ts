// What runs and is no longer vouched for: every way in which that comes about, from the Warrant that tells of it.
import { describe, expect, test } from "vitest";
import { AISystem } from "../../../src/api/ai-system.ts";
import { ModelRelease } from "../../../src/api/model-release.ts";
import type { BreachKind } from "../../../src/api/reaction.ts";
import { ClusterRevocation } from "../../../src/api/revocation.ts";
import type { WarrantSpec } from "../../../src/api/warrant.ts";
import type { NamespaceFacts } from "../../../src/domain/facts.ts";
import { judgeRunning, type RunningPod } from "../../../src/gate/find-breaches.ts";
import {
  ASSESSMENT_SPEC,
  make,
  MODEL,
  MODEL6,
  NAMESPACE,
  NOW,
  revoke,
  SYSTEM_SPEC,
  toRelease,
  valid,
} from "../domain/voice.ts";
import {
  after,
  assessment,
  INDEX,
  see,
  STRANGE,
  stop,
  system,
  toFacts,
  toPod,
  unsigned,
  V6,
  warrantOf,
  without,
} from "./breach-scene.ts";

const DAY = 86_400_000;

test("what is vouched for is no breach", () => {
  expect(see(toFacts())).toBeUndefined();
  expect(see(toFacts(), toPod(V6))).toBeUndefined();
});

describe("every way out of being vouched for", () => {
  const risky = [{ ...ASSESSMENT_SPEC.scenarios[0], residual: { likelihood: "likely", consequence: "major" } }];
  test.each<[BreachKind, string, NamespaceFacts, RunningPod, number]>([
    [
      "DigestRevoked",
      "its digest is revoked",
      after({ revocations: [revoke("r", { digests: [MODEL] })] }),
      toPod(),
      NOW,
    ],
    [
      "DigestRevoked",
      "its digest is revoked everywhere",
      after({
        clusterRevocations: [valid(make<ClusterRevocation>(ClusterRevocation, "r", { digests: [MODEL], reason: "x" }))],
      }),
      toPod(),
      NOW,
    ],
    [
      "ReleaseRevoked",
      "its release is revoked",
      after({ revocations: [revoke("r", { release: "v5" })] }),
      toPod(),
      NOW,
    ],
    [
      "SignerRevoked",
      "its signer is revoked",
      after({
        clusterRevocations: [
          valid(make<ClusterRevocation>(ClusterRevocation, "r", { signer: "model-pipeline", reason: "leaked" })),
        ],
      }),
      toPod(),
      NOW,
    ],
    ["ApprovalExpired", "its approval and the grace are over", toFacts(), toPod(), Date.parse("2027-01-18T00:00:01Z")],
    ["ApprovalWithdrawn", "its approval was withdrawn", without(toFacts(), "mr-v5"), toPod(), NOW],
    [
      "AssessmentExpired",
      "the assessment is too old",
      toFacts({ assessments: assessment({ assessedOn: "2026-05-01" }) }),
      toPod(),
      NOW,
    ],
    ["AssessmentExpired", "the assessment is gone", after({ assessments: [] }), toPod(), NOW],
    ["AssessmentStale", "nobody accepts the risk any more", without(toFacts(), "risk-risk"), toPod(), NOW],
    [
      "RiskAboveTolerance",
      "the risk is above tolerance",
      toFacts({ assessments: assessment({ scenarios: risky }) }),
      toPod(),
      NOW,
    ],
    [
      "RiskAboveTolerance",
      "its use is prohibited",
      toFacts({ systems: system({ uses: ["social-scoring"] }) }),
      toPod(),
      NOW,
    ],
    ["SignatureLost", "its signatures are gone", toFacts({ releases: unsigned() }), toPod(), NOW],
    ["SystemRetired", "its system is retired", toFacts({ systems: system({ lifecycle: "retired" }) }), toPod(), NOW],
    ["SystemStopped", "a person stops its system", after({ stops: stop() }), toPod(), NOW],
    ["ImageUnvouched", "no Warrant lists its digest", toFacts(), toPod({ images: [`r.example/x@${STRANGE}`] }), NOW],
    ["ImageUnvouched", "it names no digest", toFacts(), toPod({ images: ["r.example/x:latest"] }), NOW],
    ["ImageUnvouched", "it mixes releases", toFacts(), toPod({ images: [`a@${MODEL}`, `b@${MODEL6}`] }), NOW],
    ["ImageUnvouched", "it belongs to no system", toFacts(), toPod({ system: "" }), NOW],
    ["ImageUnvouched", "it belongs to a system that is unknown", toFacts(), toPod({ system: "other" }), NOW],
    ["MirrorPod", "a node made it from a file", toFacts(), toPod({ isMirror: true }), NOW],
    [
      "GovernanceChanged",
      "no tier takes its system any more",
      toFacts({ systems: system({ impact: { ...SYSTEM_SPEC.impact, safety: "severe" } }) }),
      toPod(),
      NOW,
    ],
    [
      "GovernanceChanged",
      "its policy is gone",
      after({ modes: new Map([["enforce", { outcome: "missing", name: "standard" }]]) }),
      toPod(),
      NOW,
    ],
  ])("%s: %s", (...[kind, , facts, pod, now]) => {
    expect(see(facts, pod, now)).toMatchObject({ kind });
  });

  test.each<[string, NamespaceFacts, number]>([
    ["the approval ran out but its grace did not", toFacts(), Date.parse("2027-01-15T00:00:00Z") + DAY],
    ["the fence is being built", toFacts({ fences: new Map() }), NOW],
    [
      "the system is being deleted",
      toFacts({
        systems: [
          valid(
            make<AISystem>(AISystem, "gate", SYSTEM_SPEC, { metadata: { deletionTimestamp: "2026-11-24T00:00:00Z" } }),
          ),
        ],
      }),
      NOW,
    ],
    [
      "verification goes on",
      toFacts({ releases: [valid(make<ModelRelease>(ModelRelease, "v5", toRelease("v5", MODEL).spec))] }),
      NOW,
    ],
  ])("no breach: %s", (_, facts, now) => {
    expect(see(facts, toPod(), now)).toBeUndefined();
  });

  test("a grant that ended while nobody recompiled the Warrant is over to the second", () => {
    const stale = warrantOf(toFacts());
    const at = (now: number) => judgeRunning(toPod(), stale, INDEX, { now, namespace: NAMESPACE })?.kind;
    expect(at(Date.parse("2027-01-17T23:59:59Z"))).toBeUndefined();
    expect(at(Date.parse("2027-01-18T00:00:00Z"))).toBe("ApprovalExpired");
  });

  test("a reason that this version does not know is a breach all the same", () => {
    const warrant: WarrantSpec = { notYet: "Warn", images: { [MODEL]: { refused: { code: "NewerCode", text: "x" } } } };
    expect(judgeRunning(toPod(), warrant, INDEX, { now: NOW, namespace: NAMESPACE })?.kind).toBe("ImageUnvouched");
  });

  test("what nobody ever approved was not withdrawn", () => {
    const never = { ...INDEX, approved: new Set(["v6"]) };
    expect(see(without(toFacts(), "mr-v5"), toPod(), NOW, never)?.kind).toBe("ImageUnvouched");
  });
});

describe("a Stop", () => {
  test("dominates every other reason, and names the order", () => {
    const facts = after({ stops: stop(), revocations: [revoke("r", { digests: [MODEL], release: "v5" })] });
    expect(see(facts)).toMatchObject({ kind: "SystemStopped", order: "halt", release: undefined, system: "gate" });
    expect(see(facts)?.why.text).toMatch(/callers complain/);
  });

  test.each<[string, Partial<NamespaceFacts>]>([
    ["the policy is gone", { modes: new Map([["enforce", { outcome: "missing", name: "standard" }]]) }],
    ["no tier takes the system", { systems: system({ impact: { ...SYSTEM_SPEC.impact, safety: "severe" } }) }],
    ["the system cannot be read", { systems: [{ outcome: "invalid", metadata: { name: "gate" }, why: "x" }] }],
    ["the system is gone", { systems: [] }],
  ])("stops also where %s", (_, change) => {
    expect(see(after({ stops: stop(), ...change }))).toMatchObject({ kind: "SystemStopped", order: "halt" });
  });

  test("means pods of its system alone", () => {
    expect(see(after({ stops: stop() }), toPod({ system: "other", images: [`x@${STRANGE}`] }))?.kind).toBe(
      "ImageUnvouched",
    );
  });
});
