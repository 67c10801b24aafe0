// A namespace whose Warrant is compiled from its facts, pods that run in it, and words for what changed.
import { AIPolicy } from "../../../src/api/ai-policy.ts";
import { AISystem } from "../../../src/api/ai-system.ts";
import { RiskAssessment } from "../../../src/api/risk-assessment.ts";
import { Stop } from "../../../src/api/stop.ts";
import type { WarrantSpec } from "../../../src/api/warrant.ts";
import { decideNamespace } from "../../../src/controllers/governance/decide.ts";
import { listValid, type NamespaceFacts } from "../../../src/domain/facts.ts";
import { listRevokedReleases } from "../../../src/domain/revocations.ts";
import { judgeRunning, type ReleaseIndex, type RunningPod } from "../../../src/gate/find-breaches.ts";
import {
  ASSESSMENT_SPEC,
  make,
  MODEL,
  MODEL6,
  NAMESPACE,
  NOW,
  POLICY_SPEC,
  SERVER,
  SYSTEM_SPEC,
  toArtifacts,
  toOpenFacts,
  toRelease,
  TRUSTED,
  valid,
} from "../domain/voice.ts";

export const STRANGE = `sha256:${"9".repeat(64)}`;
export const SIDECAR = `sha256:${"f".repeat(64)}`;

/** A pod of v5 unless told otherwise. */
export const toPod = (change: Partial<RunningPod> = {}): RunningPod => ({
  name: "gate-1",
  system: "gate",
  images: [`r.example/m:v5@${MODEL}`, `r.example/s@${SERVER}`],
  isMirror: false,
  ...change,
});
export const V6 = { images: [`r.example/m:v6@${MODEL6}`, `r.example/s@${SERVER}`] };

const RELEASES = [valid(toRelease("v5", MODEL)), valid(toRelease("v6", MODEL6, "v6"))];
/** v5 and v6 may run. */
export const toFacts = (change: Partial<NamespaceFacts> = {}) => toOpenFacts({ releases: RELEASES, ...change });
export const without = (facts: NamespaceFacts, approval: string) => ({
  ...facts,
  approvals: facts.approvals.filter(({ metadata }) => metadata.name !== approval),
});
/** Everything was approved once; then something changed. */
export const after = (change: Partial<NamespaceFacts>): NamespaceFacts => ({ ...toFacts(), ...change });

export const warrantOf = (facts: NamespaceFacts, now = NOW): WarrantSpec =>
  decideNamespace(facts, now).warrants.get("enforce") ?? { notYet: "Warn" };

export const INDEX: ReleaseIndex = {
  releasesOf: new Map([
    [MODEL, ["v5"]],
    [MODEL6, ["v6"]],
    [SERVER, ["v5", "v6"]],
  ]),
  systemOf: new Map([
    ["v5", "gate"],
    ["v6", "gate"],
  ]),
  approved: new Set(["v5", "v6"]),
  revoked: new Set(),
  stops: new Map(),
};
export const indexOf = (facts: NamespaceFacts): ReleaseIndex => ({
  ...INDEX,
  revoked: listRevokedReleases(listValid(facts.revocations)),
  stops: new Map(listValid(facts.stops).map(({ metadata, spec }) => [spec.system, metadata.name])),
});

export const see = (facts: NamespaceFacts, pod = toPod(), now = NOW, index = indexOf(facts)) =>
  judgeRunning(pod, warrantOf(facts, now), index, { now, namespace: NAMESPACE });

export const system = (spec: object) => [valid(make<AISystem>(AISystem, "gate", { ...SYSTEM_SPEC, ...spec }))];
export const assessment = (spec: object) => [
  valid(make<RiskAssessment>(RiskAssessment, "risk", { ...ASSESSMENT_SPEC, ...spec })),
];
export const stop = () => [
  valid(make<Stop>(Stop, "halt", { system: "gate", authority: "oncall", reason: "callers complain" })),
];
export const policy = (change: object) =>
  new Map([["enforce" as const, { ...TRUSTED, spec: AIPolicy.spec.parse({ ...POLICY_SPEC, ...change }) }]]);
export const unsigned = () => {
  const status = { artifacts: toArtifacts(MODEL).map((one) => ({ ...one, signatures: [] })) };
  const release = { ...toRelease("v5", MODEL) };
  return [valid({ ...release, status: { ...release.status, ...status } } as typeof release)];
};
