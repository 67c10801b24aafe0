// What counts as a breach, what its Incident is called, and how bad it is: tables worked by hand.
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { BREACHES, type BreachKind } from "../../../src/api/reaction.ts";
import { BREACH_OF, nameIncident, rateBreach, toGovernanceBreach } from "../../../src/domain/breach.ts";
import type { FindingCode } from "../../../src/domain/findings.ts";

/** By breach, every finding that means it for a pod that runs. */
const MEANS: Record<BreachKind, FindingCode[]> = {
  DigestRevoked: ["DigestRevoked"],
  ReleaseRevoked: ["ReleaseRevoked"],
  SignerRevoked: ["SignerRevoked"],
  ApprovalExpired: ["ApprovalExpired", "GrantExpired"],
  ApprovalWithdrawn: ["ApprovalMissing", "ApprovalRejected"],
  AssessmentExpired: [
    "AssessmentContested",
    "AssessmentInvalid",
    "AssessmentMissing",
    "AssessmentTooOld",
    "ReviewOverdue",
  ],
  AssessmentStale: ["AcceptanceStale", "ApprovalStale", "RiskNotAccepted"],
  RiskAboveTolerance: ["RiskAboveTolerance", "UseProhibited"],
  SignatureLost: [
    "FormatForbidden",
    "ModelMismatch",
    "SignatureExpired",
    "SignatureInvalid",
    "SignatureMissing",
    "SignerUnknown",
  ],
  SystemRetired: ["SystemRetired"],
  SystemStopped: ["SystemStopped"],
  ImageUnvouched: [
    "ImageNotPinned",
    "ImageUnknown",
    "ReleasesMixed",
    "SystemLabelMissing",
    "SystemMissing",
    "SystemUnknown",
  ],
  MirrorPod: ["MirrorPodRuns"],
  FenceWidened: ["FenceWidened"],
  GovernanceChanged: [
    "GateDamaged",
    "NamespaceReleased",
    "PolicyInvalid",
    "PolicyMissing",
    "SystemInvalid",
    "TierMissing",
  ],
};

describe("what a finding means for a pod that runs", () => {
  test.each(BREACHES)("%s", (kind) => {
    const codes = Object.entries(BREACH_OF).flatMap(([code, means]) => (means === kind ? [code] : []));
    expect(codes.toSorted()).toEqual(MEANS[kind]);
  });

  // What the operator has to mend itself, or what an orderly end brings, ends nothing that runs.
  test.each<FindingCode>([
    "RegistryFailed",
    "PullSecretUnusable",
    "VerificationPending",
    "TrustRootMissing",
    "WarrantFull",
    "WarrantMissing",
    "NotFenced",
    "SystemDeleting",
    "RevocationInvalid",
    "RunAsNonRootRequired",
  ])("%s is no breach", (code) => {
    expect(BREACH_OF[code]).toBe("none");
  });
});

/** What people or machines took back, or what tells of tampering; the rest merely ran out. */
const MINOR: BreachKind[] = ["ApprovalExpired", "AssessmentExpired", "AssessmentStale", "SystemRetired"];

test.each(BREACHES)("%s is rated", (kind) => {
  expect(rateBreach(kind)).toBe(MINOR.includes(kind) ? "minor" : "major");
});

describe("the name of an Incident", () => {
  const C = `sha256:${"c".repeat(64)}`;
  const none = { system: "gate", release: undefined, order: undefined, digests: [] };

  // The eight digits are those of sha256sum over the JSON of kind, system and cause: a later version has to find the
  // Incidents of an earlier one.
  test.each<[string, Parameters<typeof nameIncident>[0], number, string]>([
    [
      "of a release",
      { ...none, kind: "ReleaseRevoked", release: "v6", digests: [C] },
      0,
      "gate-release-revoked-2611d89f",
    ],
    [
      "whose second episode it is",
      { ...none, kind: "ReleaseRevoked", release: "v6" },
      1,
      "gate-release-revoked-2611d89f-2",
    ],
    [
      "of digests that no release lists",
      { ...none, kind: "ImageUnvouched", digests: [C] },
      0,
      "gate-image-unvouched-48333ec4",
    ],
    [
      "of a Stop",
      { ...none, kind: "SystemStopped", order: "order-1", digests: [C] },
      0,
      "gate-system-stopped-09771ff4",
    ],
    [
      "of a system with a long name, cut without a dash at its end",
      { ...none, system: `${"a".repeat(27)}-${"b".repeat(35)}`, kind: "RiskAboveTolerance", release: "v6" },
      0,
      `${"a".repeat(27)}-risk-above-tolerance-dd6860fe`,
    ],
  ])("%s", (_, breach, episode, expected) => {
    expect(nameIncident(breach, episode)).toBe(expected);
  });

  test("of what governs carries no system", () => {
    const breach = toGovernanceBreach({ code: "NamespaceReleased", text: "x" });
    expect(breach).toMatchObject({ kind: "GovernanceChanged", system: undefined, digests: [], pods: [] });
    expect(nameIncident(breach, 0)).toMatch(/^namespace-governance-changed-[a-f0-9]{8}$/);
  });

  const label = fc.stringMatching(/^[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?$/);
  const release = fc.option(fc.stringMatching(/^[a-z0-9]([-a-z0-9.]{0,80}[a-z0-9])?$/), { nil: undefined });
  const digests = fc.uniqueArray(fc.stringMatching(/^sha256:[a-f0-9]{64}$/), { maxLength: 3 });
  const breach = fc.record({
    kind: fc.constantFrom(...BREACHES),
    system: fc.option(label, { nil: undefined }),
    release,
    order: release,
    digests,
  });

  test("is a label value, whatever the breach and however often it came back", () => {
    fc.assert(
      fc.property(breach, fc.nat(9_998), (one, episode) => {
        const name = nameIncident(one, episode);
        expect(name).toMatch(/^[a-z0-9]([-a-z0-9]*[a-z0-9])?$/);
        expect(name.length).toBeLessThanOrEqual(63);
        expect(nameIncident({ ...one }, episode)).toBe(name);
      }),
    );
  });

  test("tells breaches and episodes apart", () => {
    const identity = (one: Parameters<typeof nameIncident>[0]) =>
      JSON.stringify([one.kind, one.system, one.order ?? one.release ?? one.digests]);
    fc.assert(
      fc.property(breach, breach, fc.nat(9), fc.nat(9), (one, other, first, second) => {
        const isSame = identity(one) === identity(other) && first === second;
        expect(nameIncident(one, first) === nameIncident(other, second)).toBe(isSame);
      }),
    );
  });
});
