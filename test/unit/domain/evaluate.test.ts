// What opens and closes a gate: one release that may run, and everything that can go wrong with it, one by one.
import { describe, expect, test } from "vitest";
import { AIPolicy } from "../../../src/api/ai-policy.ts";
import { AISystem } from "../../../src/api/ai-system.ts";
import { ClusterRevocation } from "../../../src/api/revocation.ts";
import { ModelRelease } from "../../../src/api/model-release.ts";
import { RiskAssessment } from "../../../src/api/risk-assessment.ts";
import type { NamespaceFacts, Read } from "../../../src/domain/facts.ts";
import { decideNamespace } from "../../../src/controllers/governance/decide.ts";
import {
  approveAll,
  ASSESSMENT_SPEC,
  make,
  MODEL,
  MODEL6,
  NOW,
  POLICY_SPEC,
  revoke,
  SERVER,
  SYSTEM_SPEC,
  toApproval,
  toArtifacts,
  toBareFacts,
  toOpenFacts,
  toRelease,
  toReleaseSpec,
  TRUSTED,
  valid,
} from "./voice.ts";

const DAY = 86_400_000;

function look(facts: NamespaceFacts, now = NOW) {
  const decision = decideNamespace(facts, now);
  const warrant = decision.warrants.get("enforce");
  const entry = (digest: string) => warrant?.images?.[digest];
  const ready = decision.releases[0]?.status.conditions.find(({ type }) => type === "Ready");
  return { decision, warrant, entry, ready, isOpen: (entry(MODEL)?.grants?.length ?? 0) > 0 };
}

const broken = <O>(name: string): Read<O> => ({
  outcome: "invalid",
  metadata: { name, namespace: "voice" },
  why: "spec: nonsense",
});
const system = (spec: object, rest = {}) => [
  valid(make<AISystem>(AISystem, "gate", { ...SYSTEM_SPEC, ...spec }, rest)),
];
const assessment = (spec: object) => [
  valid(make<RiskAssessment>(RiskAssessment, "risk", { ...ASSESSMENT_SPEC, ...spec })),
];
const scenario = (likelihood: string, consequence: string) => ({
  scenarios: [
    {
      id: "one",
      description: "x",
      inherent: { likelihood, consequence },
      treatment: { option: "accept" },
      residual: { likelihood, consequence },
    },
  ],
});
const policy = (change: object) =>
  new Map([["enforce" as const, { ...TRUSTED, spec: AIPolicy.spec.parse({ ...POLICY_SPEC, ...change }) }]]);
const release = (artifacts: unknown[]) => [
  valid(make<ModelRelease>(ModelRelease, "v5", toReleaseSpec(MODEL), { status: { artifacts } })),
];

test("with signatures, approvals, a fair risk and a fence the release may run", () => {
  const { entry, ready, warrant } = look(toOpenFacts());
  expect(ready).toMatchObject({ status: "True" });
  // The end of the approval plus 72 hours of grace.
  expect(entry(MODEL)?.grants).toEqual([
    { system: "gate", release: "v5", artifact: "model", notAfter: "2027-01-18T00:00:00Z" },
  ]);
  expect(entry(SERVER)?.grants).toHaveLength(1);
  expect(warrant?.systems?.gate?.gate).toBe("Open");
  expect(warrant?.pins).toEqual({ "r.example/m:v5": MODEL });
});

const CLOSED: [string, () => NamespaceFacts, string][] = [
  [
    "the policy does not exist",
    () => toOpenFacts({ modes: new Map([["enforce", { outcome: "missing", name: "x" }]]), approvals: [] }),
    "PolicyMissing",
  ],
  [
    "the policy cannot be read",
    () => toOpenFacts({ modes: new Map([["enforce", { outcome: "invalid", name: "x", why: "y" }]]), approvals: [] }),
    "PolicyInvalid",
  ],
  ["no such system", () => toOpenFacts({ systems: [] }), "SystemMissing"],
  ["the system cannot be read", () => toOpenFacts({ systems: [broken("gate")] }), "SystemInvalid"],
  ["the system is retired", () => toOpenFacts({ systems: system({ lifecycle: "retired" }) }), "SystemRetired"],
  [
    "the system is being deleted",
    () => toOpenFacts({ systems: system({}, { metadata: { deletionTimestamp: "2026-11-24T00:00:00Z" } }) }),
    "SystemDeleting",
  ],
  [
    "no tier takes the impact",
    () => toOpenFacts({ systems: system({ impact: { ...SYSTEM_SPEC.impact, safety: "severe" } }) }),
    "TierMissing",
  ],
  ["a prohibited use", () => toOpenFacts({ systems: system({ uses: ["social-scoring"] }) }), "UseProhibited"],
  ["no fence", () => toOpenFacts({ fences: new Map() }), "NotFenced"],
  ["no assessment", () => toOpenFacts({ assessments: [] }), "AssessmentMissing"],
  ["an assessment that cannot be read", () => toOpenFacts({ assessments: [broken("risk")] }), "AssessmentInvalid"],
  [
    "two assessments",
    () =>
      toOpenFacts({
        assessments: [...assessment({}), valid(make<RiskAssessment>(RiskAssessment, "second", ASSESSMENT_SPEC))],
      }),
    "AssessmentContested",
  ],
  [
    "an old assessment",
    () => toOpenFacts({ assessments: assessment({ assessedOn: "2026-05-01" }) }),
    "AssessmentTooOld",
  ],
  ["an overdue review", () => toOpenFacts({ assessments: assessment({ reviewBy: "2026-11-20" }) }), "ReviewOverdue"],
  [
    "a risk above tolerance",
    () => toOpenFacts({ assessments: assessment(scenario("likely", "major")) }),
    "RiskAboveTolerance",
  ],
  [
    "a risk nobody accepted",
    () => ({
      ...toOpenFacts(),
      approvals: toOpenFacts().approvals.filter(({ metadata }) => metadata.name.startsWith("mr")),
    }),
    "RiskNotAccepted",
  ],
  [
    "a release nobody approved",
    () => ({
      ...toOpenFacts(),
      approvals: toOpenFacts().approvals.filter(({ metadata }) => metadata.name.startsWith("risk")),
    }),
    "ApprovalMissing",
  ],
  ["not verified yet", () => toOpenFacts({ releases: release([]) }), "VerificationPending"],
  [
    "no signature over the model",
    () =>
      toOpenFacts({
        releases: release(
          toArtifacts(MODEL).map((one) => ({
            ...one,
            signatures: one.signatures.filter(({ over }) => over === "artifact"),
          })),
        ),
      }),
    "SignatureMissing",
  ],
  [
    "a signature by a key that is not the signer's",
    () =>
      toOpenFacts({
        releases: release(
          toArtifacts(MODEL).map((one) => ({
            ...one,
            signatures: one.signatures.map((s) => ({ ...s, signerDigest: MODEL6 })),
          })),
        ),
      }),
    "SignatureMissing",
  ],
  ["facts of another digest", () => toOpenFacts({ releases: release(toArtifacts(MODEL6)) }), "VerificationPending"],
  [
    "a registry that failed",
    () =>
      toOpenFacts({
        releases: release(
          toArtifacts(MODEL).map((one) => ({
            ...one,
            signatures: [],
            problems: [{ code: "RegistryFailed", text: "RegistryFailed: x" }],
          })),
        ),
      }),
    "RegistryFailed",
  ],
  [
    "one key under two names where two signers are asked",
    () =>
      toOpenFacts({
        modes: policy({
          tiers: [
            {
              ...POLICY_SPEC.tiers[0],
              signatures: [{ over: "model", anyOf: ["model-pipeline", "release-pipeline"], count: 2 }],
            },
          ],
        }),
      }),
    "SignatureMissing",
  ],
  [
    "a broken trust root",
    () =>
      toOpenFacts({
        modes: new Map([
          [
            "enforce",
            {
              ...TRUSTED,
              signers: {
                ...TRUSTED.signers,
                "model-pipeline": {
                  outcome: "broken",
                  finding: { code: "TrustRootMalformed", text: "TrustRootMalformed: x" },
                },
              },
            },
          ],
        ]),
      }),
    "TrustRootMalformed",
  ],
  ["a revoked digest", () => ({ ...toOpenFacts(), revocations: [revoke("r", { digests: [MODEL] })] }), "DigestRevoked"],
  ["a revoked release", () => ({ ...toOpenFacts(), revocations: [revoke("r", { release: "v5" })] }), "ReleaseRevoked"],
  [
    "a revoked signer",
    () => ({
      ...toOpenFacts(),
      clusterRevocations: [
        valid(make<ClusterRevocation>(ClusterRevocation, "r", { signer: "model-pipeline", reason: "key lost" })),
      ],
    }),
    "SignerRevoked",
  ],
  [
    "the key of a revoked signer under another name",
    () => {
      const signatures = [{ over: "model", anyOf: ["renamed"] }];
      const signers = { ...TRUSTED.signers, renamed: TRUSTED.signers["model-pipeline"] };
      const spec = AIPolicy.spec.parse({
        ...POLICY_SPEC,
        signers: [...POLICY_SPEC.signers, { name: "renamed", publicKey: { pem: "x" } }],
        tiers: [{ ...POLICY_SPEC.tiers[0], signatures }],
      });
      const lost = make<ClusterRevocation>(ClusterRevocation, "r", { signer: "model-pipeline", reason: "key lost" });
      const facts = toOpenFacts({ modes: new Map([["enforce", { ...TRUSTED, signers, spec }]]) });
      return { ...facts, clusterRevocations: [valid(lost)] };
    },
    "SignatureMissing",
  ],
  ["a revocation that cannot be read", () => ({ ...toOpenFacts(), revocations: [broken("r")] }), "RevocationInvalid"],
];

test.each(CLOSED)("closed: %s", (_, facts, code) => {
  const { isOpen, ready } = look(facts());
  expect(isOpen, "no grant is left").toBe(false);
  // Where the policy cannot be used there is nothing to judge a release by.
  expect(ready?.reason).toBe(code);
});

describe("approvals and time", () => {
  const at = (text: string) => Date.parse(text);

  test("after its end the approval has 72 hours of grace, warned of in steps, and then it is over", () => {
    const facts = toOpenFacts();
    const condition = (now: number) =>
      look(facts, now).decision.releases[0]?.status.conditions.find(({ type }) => type === "Expiring");
    expect(condition(at("2027-01-01T00:00:00Z"))?.status).toBe("False");
    expect(condition(at("2027-01-05T00:00:00Z"))?.message).toContain("within 14 days");
    expect(condition(at("2027-01-12T00:00:00Z"))?.message).toContain("within 7 days");
    expect(condition(at("2027-01-17T06:00:00Z"))?.message).toContain("within 1 day");
    expect(look(facts, at("2027-01-17T23:59:00Z")).isOpen).toBe(true);
    expect(look(facts, at("2027-01-18T00:00:01Z"))).toMatchObject({
      isOpen: false,
      ready: { reason: "ApprovalExpired" },
    });
  });

  test("it comes back at every moment that changes something", () => {
    expect(look(toOpenFacts()).decision.nextChange).toBe(at("2027-01-18T00:00:00Z") - 14 * DAY);
  });

  test("an author unknown to the cluster takes one more person", () => {
    const delivered = make<ModelRelease>(ModelRelease, "v5", toReleaseSpec(MODEL), {
      metadata: {
        annotations: { "vouchsafe.dev/authors": "system:serviceaccount:argocd:argocd-application-controller" },
      },
      status: { artifacts: toArtifacts(MODEL) },
    });
    const facts = toOpenFacts({ releases: [valid(delivered)] });
    expect(look(facts)).toMatchObject({ isOpen: false, ready: { reason: "ApprovalMissing" } });
    const target = facts.approvals.flatMap((read) =>
      read.outcome === "valid" && read.object.spec.target.kind === "ModelRelease" ? [read.object.spec.target] : [],
    )[0];
    const second = valid(toApproval("second", { target }, "carol"));
    expect(look({ ...facts, approvals: [...facts.approvals, second] }).isOpen).toBe(true);
  });

  test("so does a system that nobody is known to have written", () => {
    const facts = toOpenFacts({ systems: system({}, { metadata: { annotations: {} } }) });
    expect(look(facts)).toMatchObject({ isOpen: false });
  });

  test("a deliverer that is a user counts as unknown too", () => {
    const modes = policy({ deliverers: ["bob"] });
    expect(look(toOpenFacts({ modes })).isOpen).toBe(false);
  });

  describe("where Git tells who wrote what was delivered", () => {
    const argo = "system:serviceaccount:argocd:controller";
    const by = { metadata: { annotations: { "vouchsafe.dev/authors": argo } } };
    const delivered = (change: object | undefined): NamespaceFacts => {
      const base = {
        modes: policy({ deliverers: [argo] }),
        systems: system({}, by),
        assessments: [valid(make<RiskAssessment>(RiskAssessment, "risk", ASSESSMENT_SPEC))],
      };
      const artifacts = toArtifacts(MODEL);
      const toDelivered = (status: object) =>
        valid(
          make<ModelRelease>(ModelRelease, "v5", toReleaseSpec(MODEL), { ...by, status: { artifacts, ...status } }),
        );
      const bare = toOpenFacts({ ...base, releases: [toDelivered({})] });
      const target = bare.approvals.flatMap((read) => (read.outcome === "valid" ? [read.object.spec.target] : []));
      const digest = target.find(({ kind }) => kind === "ModelRelease")?.digest;
      const origin = {
        digest,
        repository: "acme/deploy",
        commit: "a".repeat(40),
        authors: ["carol"],
        authorship: "Known",
      };
      const releases = [toDelivered(change === undefined ? {} : { origin: { ...origin, ...change } })];
      // Of the assessment another person than usual approves, since its system was delivered too.
      const second = target
        .filter(({ kind }) => kind === "RiskAssessment")
        .map((one) => valid(toApproval("second", { target: one, role: "owner", decision: "accept" }, "olga")));
      return { ...bare, releases, approvals: [...bare.approvals, ...second] };
    };
    test.each<[string, object | undefined, boolean]>([
      ["one approver is enough", {}, true],
      ["not without that", undefined, false],
      ["not where somebody unknown is among them", { authorship: "Unknown" }, false],
      ["not for other content", { digest: `v1:sha256:${"0".repeat(64)}` }, false],
      ["not where the approver is who wrote it", { authors: ["alice"] }, false],
    ])("%s", (_, change, isOpen) => {
      expect(look(delivered(change)).isOpen).toBe(isOpen);
    });
  });
});

describe("an edit after approval", () => {
  /** Facts whose statuses are those that the operator wrote when everything was approved. */
  const settled = (): NamespaceFacts => {
    const facts = toOpenFacts();
    const { decision } = look(facts);
    const withStatus = <O extends { metadata: AISystem["metadata"] }>(object: O, status: object, more: object = {}) =>
      valid({ ...object, status: { ...more, ...status } } as O);
    return {
      ...facts,
      systems: decision.systems.map(({ object, status }) => withStatus(object, status)),
      assessments: decision.assessments.map(({ object, status }) => withStatus(object, status)),
      releases: decision.releases.map(({ object, status }) =>
        withStatus(object, status, { artifacts: object.status?.artifacts }),
      ),
      warrants: decision.warrants,
    };
  };
  const editSystem = (facts: NamespaceFacts, spec: object): NamespaceFacts => ({
    ...facts,
    systems: facts.systems.map((read) =>
      read.outcome === "valid"
        ? valid({ ...read.object, spec: AISystem.spec.parse({ ...SYSTEM_SPEC, ...spec }) } as AISystem)
        : read,
    ),
  });

  test("lowered impact: the acceptance no longer fits, what runs stays in force for editGrace", () => {
    const facts = editSystem(settled(), { impact: { ...SYSTEM_SPEC.impact, privacy: "minor" } });
    const { decision, isOpen } = look(facts);
    expect(decision.assessments[0]?.status.staleBecause).toEqual([
      "of AISystem gate the highest impact changed from moderate to minor",
    ]);
    expect(isOpen).toBe(true);
    const counted = decision.approvals.flatMap(({ status }) =>
      status.conditions.map(({ status: is, reason }) => `${is} ${reason}`),
    );
    expect(counted).toEqual(["True LastApprovedInForce", "True LastApprovedInForce"]);
    expect(decision.releases[0]?.status.approvals, "the release says the same").toEqual([
      expect.objectContaining({ counts: "Yes", why: "it was given for earlier content (edit grace)" }),
    ]);
    const edited = decision.releases[0]?.status.editedAt;
    expect(edited).toBe("2026-11-24T12:00:00Z");
    expect(decision.warrants.get("enforce")?.images?.[MODEL]?.grants?.[0]?.notAfter).toBe("2026-11-27T12:00:00Z");
  });

  test.each([
    ["raised impact", { impact: { ...SYSTEM_SPEC.impact, privacy: "major" } }],
    ["other data flows", { dataFlows: { egress: [{ name: "hub", to: { cidr: "0.0.0.0/0" }, ports: [443] }] } }],
  ])("%s is worse: nothing of the old approval stays", (_, spec) => {
    expect(look(editSystem(settled(), spec)).isOpen).toBe(false);
  });

  test("a withdrawal closes it also within editGrace", () => {
    const facts = editSystem(settled(), { impact: { ...SYSTEM_SPEC.impact, privacy: "minor" } });
    const [first] = facts.approvals.filter(({ metadata }) => metadata.name.startsWith("mr"));
    if (first?.outcome !== "valid") throw new Error("the fixture has an approval");
    const { target } = first.object.spec;
    const withdrawal = valid(
      toApproval(
        "w",
        {
          target,
          decision: "withdraw",
          until: undefined,
          withdraws: { name: first.metadata.name, uid: first.metadata.uid },
        },
        "alice",
      ),
    );
    expect(look({ ...facts, approvals: [...facts.approvals, withdrawal] }).isOpen).toBe(false);
  });

  test("an edit gives no time beyond the end of what was approved", () => {
    const facts = editSystem(settled(), { impact: { ...SYSTEM_SPEC.impact, privacy: "minor" } });
    const editedAt = "2027-01-18T12:00:00Z";
    const mark = <O extends { status?: object }>(reads: readonly Read<O & { metadata: AISystem["metadata"] }>[]) =>
      reads.map((read) =>
        read.outcome === "valid" ? valid({ ...read.object, status: { ...read.object.status, editedAt } }) : read,
      );
    const late = { ...facts, assessments: mark(facts.assessments), releases: mark(facts.releases) };
    expect(look(late, Date.parse("2027-01-17T00:00:00Z")).isOpen, "within expiryGrace").toBe(true);
    expect(look(late, Date.parse("2027-01-19T00:00:00Z")), "past it").toMatchObject({
      isOpen: false,
      ready: { status: "False" },
    });
  });

  test("a release made anew has no grace", () => {
    const facts = settled();
    const anew = toRelease("v5", MODEL6);
    expect(
      look({ ...facts, releases: [valid({ ...anew, metadata: { ...anew.metadata, uid: "new" } })] }).entry(MODEL6)
        ?.grants,
    ).toBeUndefined();
  });
});

describe("revocations", () => {
  test("refused beats vouched, whichever release lists the digest", () => {
    const bare = toBareFacts({
      releases: [
        valid(toRelease("v5", MODEL)),
        valid(toRelease("copy", MODEL, "copy")),
        valid(toRelease("v6", MODEL6, "v6")),
      ],
    });
    const { entry } = look({ ...bare, approvals: approveAll(bare), revocations: [revoke("r", { release: "v5" })] });
    expect(entry(MODEL)?.refused?.code).toBe("DigestRevoked");
    expect(
      entry(SERVER)?.grants?.map(({ release: name }) => name),
      "the shared server runs on for the other release",
    ).toEqual(["v6"]);
  });

  test("a digest stays refused when release, system and memory are gone", () => {
    const facts = toBareFacts({
      systems: [],
      assessments: [],
      releases: [],
      revocations: [revoke("r", { release: "v5" }, { digests: [MODEL] })],
    });
    expect(look(facts).entry(MODEL)?.refused?.code).toBe("DigestRevoked");
  });

  test("a release that went before it was looked at is known by the Warrant that granted it", () => {
    const before = look(toOpenFacts());
    const facts = toBareFacts({
      releases: [],
      revocations: [revoke("r", { release: "v5" })],
      warrants: before.decision.warrants,
    });
    const { decision, entry } = look(facts);
    expect(entry(MODEL)?.refused?.code).toBe("DigestRevoked");
    expect(decision.revocations[0]?.status.digests).toContain(MODEL);
  });
});

test("two releases that claim one tag with different digests pin neither and say so", () => {
  const facts = toBareFacts({ releases: [valid(toRelease("v5", MODEL)), valid(toRelease("v5-again", MODEL6))] });
  const { warrant, decision } = look({ ...facts, approvals: approveAll(facts) });
  expect(warrant?.pins).toEqual({});
  expect(decision.releases[0]?.status.conditions.find(({ type }) => type === "Pinned")).toMatchObject({
    status: "False",
    reason: "TagContested",
  });
});

test("with more digests than a Warrant holds, only refusals are in force", () => {
  const many = Array.from({ length: 1100 }, (_, i) =>
    valid(toRelease(`v${i}`, `sha256:${i.toString(16).padStart(64, "0")}`, `t${i}`)),
  );
  const more = Array.from({ length: 950 }, (_, i) =>
    valid(
      make<ModelRelease>(ModelRelease, `w${i}`, {
        ...toReleaseSpec(`sha256:${(5000 + i).toString(16).padStart(64, "0")}`, `u${i}`),
      }),
    ),
  );
  const facts = toBareFacts({ releases: [...many, ...more], revocations: [revoke("r", { digests: [MODEL6] })] });
  const { warrant, decision } = look({ ...facts, approvals: approveAll(facts) });
  expect(Object.entries(warrant?.images ?? {})).toEqual([
    [MODEL6, { refused: expect.objectContaining({ code: "DigestRevoked" }) }],
  ]);
  expect(decision.releases[0]?.status.conditions.find(({ type }) => type === "Ready")).toMatchObject({
    status: "False",
    reason: "WarrantFull",
  });
});

test("and so it is with fewer digests whose grants are too large for etcd", () => {
  // 8 groups of 32 releases with long names, which share 16 images each: 128 entries of 32 grants.
  const [, signed] = toArtifacts(MODEL);
  const releases = Array.from({ length: 256 }, (_, i) => {
    const images = Array.from({ length: 16 }, (__, j) => `sha256:${((i % 8) * 16 + j).toString(16).padStart(64, "0")}`);
    const artifacts = images.map((digest, j) => ({ name: `a${j}`, image: `r.example/x@${digest}` }));
    const status = { artifacts: images.map((digest, j) => ({ ...signed, name: `a${j}`, digest })) };
    return valid(
      make<ModelRelease>(
        ModelRelease,
        `${"n".repeat(240)}-${i}`,
        { system: "gate", version: "v", artifacts },
        { status },
      ),
    );
  });
  const facts = toBareFacts({ releases });
  const { warrant } = look({ ...facts, approvals: approveAll(facts) });
  expect(Buffer.byteLength(JSON.stringify(warrant)), "etcd takes 1.5 MiB").toBeLessThan(1_572_864);
  expect(warrant?.images, "nothing is granted, nothing was refused").toEqual({});
  expect(warrant?.unknown).toContain("WarrantFull");
});
