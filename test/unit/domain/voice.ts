// A namespace in which one release may run, in memory; tests change one thing of it at a time.
import { AIPolicy } from "../../../src/api/ai-policy.ts";
import { AISystem } from "../../../src/api/ai-system.ts";
import { Approval } from "../../../src/api/approval.ts";
import type { KindDefinition, ObjectMeta } from "../../../src/api/kind.ts";
import { ModelRelease } from "../../../src/api/model-release.ts";
import { Revocation } from "../../../src/api/revocation.ts";
import { RiskAssessment } from "../../../src/api/risk-assessment.ts";
import type { NamespaceFacts, PolicyFacts, Read } from "../../../src/domain/facts.ts";
import { evaluateNamespace } from "../../../src/domain/evaluate.ts";
import { gatherQuest } from "../../../src/domain/trust.ts";
import type { ResolvedSigner } from "../../../src/domain/signers.ts";

export const NAMESPACE = "voice";
export const NOW = Date.parse("2026-11-24T12:00:00Z");
export const MODEL = `sha256:${"a".repeat(64)}`;
export const SERVER = `sha256:${"b".repeat(64)}`;
export const MODEL6 = `sha256:${"c".repeat(64)}`;
export const UNTIL = "2027-01-15T00:00:00Z";
/** What a Warrant demands of the pods of a system: nothing. */
export const NO_DEMANDS = {
  runAsNonRoot: "Any",
  readOnlyRootFilesystem: "Any",
  hostNetwork: "Any",
  serviceAccountToken: "Any",
} as const;

const toKey = (pem: string, keyDigest: string) =>
  ({ outcome: "usable", anchor: { by: "key", pem, keyDigest }, digest: keyDigest }) as const satisfies ResolvedSigner;
const KEY = toKey("x", `sha256:${"1".repeat(64)}`);
const RELEASE_KEY = toKey("y", `sha256:${"2".repeat(64)}`);

/** Makes an object as the API server would give it: defaults filled in. */
export function make<O>(
  kind: KindDefinition,
  name: string,
  spec: unknown,
  rest: { metadata?: Partial<ObjectMeta>; status?: unknown } = {},
): O {
  return {
    apiVersion: "vouchsafe.dev/v1alpha1",
    kind: kind.kind,
    metadata: {
      name,
      namespace: NAMESPACE,
      uid: `uid-${name}`,
      generation: 1,
      creationTimestamp: "2026-11-20T00:00:00Z",
      annotations: { "vouchsafe.dev/authors": "bob" },
      ...rest.metadata,
    },
    spec: kind.spec.parse(spec),
    ...(rest.status === undefined ? {} : { status: kind.status.parse(rest.status) }),
  } as O;
}

export const valid = <O>(object: O & { metadata: ObjectMeta }): Read<O> => ({
  outcome: "valid",
  metadata: object.metadata,
  object,
});

const L = "low";
const M = "medium";
const H = "high";
const C = "critical";

export const POLICY_SPEC = {
  signers: [
    { name: "model-pipeline", publicKey: { pem: "x" } },
    { name: "release-pipeline", publicKey: { pem: "y" } },
  ],
  risk: {
    matrix: {
      rare: [L, L, L, M, H],
      unlikely: [L, L, M, H, H],
      possible: [L, M, M, H, C],
      likely: [M, M, H, C, C],
      almostCertain: [M, H, H, C, C],
    },
    appetite: L,
    tolerance: M,
    prohibitedUses: ["social-scoring"],
  },
  tiers: [
    {
      name: "limited",
      when: { impactAtMost: "major" },
      signatures: [
        { over: "model", anyOf: ["model-pipeline"] },
        { over: "artifact", anyOf: ["release-pipeline"] },
      ],
      approvals: [
        { of: "ModelRelease", role: "validator", maxAgeDays: 90 },
        { of: "RiskAssessment", role: "owner", maxAgeDays: 90 },
      ],
      assessment: { maxAgeDays: 180 },
    },
  ],
};

export const SYSTEM_SPEC = {
  owner: { team: "speech", contact: "speech@acme.example" },
  accountable: "Head",
  purpose: "Detects speech.",
  role: "deployer",
  lifecycle: "production",
  impact: { safety: "minor", rights: "negligible", privacy: "moderate", fairness: "minor", security: "minor" },
  oversight: { stopAuthority: ["oncall"] },
};

export const ASSESSMENT_SPEC = {
  system: "gate",
  scenarios: [
    {
      id: "missed",
      description: "x",
      inherent: { likelihood: "likely", consequence: "moderate" },
      treatment: { option: "mitigate", measures: [{ what: "suite", owner: "speech", due: "2026-12-01" }] },
      residual: { likelihood: "possible", consequence: "moderate" },
    },
  ],
  impactAssessment: { individuals: "x", groups: "x", society: "x" },
  assessedOn: "2026-11-02",
  reviewBy: "2027-05-01",
};

export const toReleaseSpec = (model: string, tag = "v5") => ({
  system: "gate",
  version: tag,
  artifacts: [
    { name: "model", image: `r.example/m:${tag}@${model}`, format: "ModelPack" },
    { name: "server", image: `r.example/s@${SERVER}` },
  ],
});

export const TRUSTED = {
  outcome: "valid",
  name: "standard",
  spec: AIPolicy.spec.parse(POLICY_SPEC),
  signers: { "model-pipeline": KEY, "release-pipeline": RELEASE_KEY },
} as const satisfies PolicyFacts;

/** What verification found: both signatures on the model, one on the server. */
export const toArtifacts = (model: string) => {
  const base = { closure: [], trust: gatherQuest([TRUSTED]).digest, verifiedAt: "2026-11-24T00:00:00Z" };
  const artifact = {
    signer: "release-pipeline",
    signerDigest: RELEASE_KEY.digest,
    keyDigest: RELEASE_KEY.digest,
    over: "artifact",
    form: "cosign-bundle",
  };
  return [
    {
      ...base,
      name: "model",
      digest: model,
      signatures: [
        {
          signer: "model-pipeline",
          signerDigest: KEY.digest,
          keyDigest: KEY.digest,
          over: "model",
          form: "oms",
          files: 1,
        },
        artifact,
      ],
    },
    { ...base, name: "server", digest: SERVER, signatures: [artifact] },
  ];
};

export const toRelease = (name: string, model: string, tag = "v5"): ModelRelease =>
  make(ModelRelease, name, toReleaseSpec(model, tag), { status: { artifacts: toArtifacts(model) } });

export const toApproval = (name: string, spec: Record<string, unknown>, by: string): Approval =>
  make(Approval, name, {
    role: "validator",
    decision: "approve",
    until: UNTIL,
    reason: "x",
    approver: { username: by },
    ...spec,
  });

/** Facts without approvals. */
export const toBareFacts = (change: Partial<NamespaceFacts> = {}): NamespaceFacts => ({
  namespace: NAMESPACE,
  modes: new Map([["enforce", TRUSTED]]),
  systems: [valid(make<AISystem>(AISystem, "gate", SYSTEM_SPEC))],
  assessments: [valid(make<RiskAssessment>(RiskAssessment, "risk", ASSESSMENT_SPEC))],
  releases: [valid(toRelease("v5", MODEL))],
  approvals: [],
  revocations: [],
  clusterRevocations: [],
  incidents: [],
  stops: [],
  fences: new Map([["gate", { outcome: "whole" }]]),
  warrants: new Map(),
  ...change,
});

/** Approvals by alice (validator) and ruth (owner) of everything as it stands. */
export function approveAll(facts: NamespaceFacts): Read<Approval>[] {
  const judgement = evaluateNamespace(facts, NOW);
  const [mode] = judgement.modes;
  if (mode?.outcome !== "judged") throw new Error("the policy of the fixture is usable");
  const risks = mode.systems.flatMap(({ assessment }) => {
    const assessed = assessment?.assessed;
    if (assessed === undefined) return [];
    const target = { kind: "RiskAssessment", name: assessed.object.metadata.name, digest: assessed.digest };
    return [valid(toApproval(`risk-${target.name}`, { target, role: "owner", decision: "accept" }, "ruth"))];
  });
  const releases = mode.releases.flatMap(({ object, approvable }) => {
    if (approvable === undefined) return [];
    const target = { kind: "ModelRelease", name: object.metadata.name, digest: approvable.digest };
    return [valid(toApproval(`mr-${target.name}`, { target }, "alice"))];
  });
  return [...risks, ...releases];
}

/** Facts in which v5 may run. */
export function toOpenFacts(change: Partial<NamespaceFacts> = {}): NamespaceFacts {
  const bare = toBareFacts(change);
  return { ...bare, approvals: change.approvals ?? approveAll(bare) };
}

export const revoke = (name: string, spec: Record<string, unknown>, status?: unknown): Read<Revocation> =>
  valid(
    make<Revocation>(Revocation, name, { reason: "drops callers", ...spec }, status === undefined ? {} : { status }),
  );
