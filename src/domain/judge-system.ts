/** How one AISystem stands under one policy: its tier, its risk, its fence. What it lacks closes its gate. */
import type { Tier } from "../api/ai-policy.ts";
import type { AISystem } from "../api/ai-system.ts";
import { AUTHORS_ANNOTATION } from "../api/labels.ts";
import { collectAuthors, toAuthorKey } from "./authors.ts";
import { digestFlows, digestSystem } from "./digest.ts";
import type { Read } from "./facts.ts";
import { type Stated, stateFinding } from "./findings.ts";
import { type AssessmentJudgement, judgeAssessment } from "./judge-assessment.ts";
import { findHighestImpact, findProhibitedUse, selectTier } from "./risk.ts";
import type { Bench, TieredSystem } from "./tiered-system.ts";

export interface SystemJudgement {
  name: string;
  /** What closes the gate, worst first. */
  findings: Stated[];
  /** Undefined where the entry cannot be read or no tier takes it. */
  tiered: TieredSystem | undefined;
  /** How its risk stands; undefined where it has no tier. */
  assessment: AssessmentJudgement | undefined;
  /** Who may stop it, sorted. */
  stopAuthority: string[];
}

/** Judges one system. */
export function judgeSystem(read: Read<AISystem>, bench: Bench): SystemJudgement {
  const { name } = read.metadata;
  const { namespace } = bench.facts;
  const values = { system: name, namespace, policy: bench.policy.name };
  const closed = (finding: Stated): SystemJudgement => ({
    name,
    findings: [finding],
    tiered: undefined,
    assessment: undefined,
    // Who may stop is known also of a system that no tier takes.
    stopAuthority: read.outcome === "valid" ? read.object.spec.oversight.stopAuthority.toSorted() : [],
  });
  if (read.outcome === "invalid") return closed(stateFinding("SystemInvalid", { ...values, why: read.why }));
  const { object } = read;
  const impact = findHighestImpact(object.spec.impact);
  const tier = selectTier(bench.policy.spec.tiers, object.spec.impact);
  if (tier === undefined) return closed(stateFinding("TierMissing", { ...values, impact }));

  const key = toAuthorKey("AISystem", name);
  const tiered: TieredSystem = {
    object,
    tier,
    impact,
    specDigest: digestSystem(object.spec),
    flows: digestFlows(object.spec),
    authors: collectAuthors(bench.known, key, object.metadata.annotations?.[AUTHORS_ANNOTATION]),
  };
  const halted = bench.halted.get(name);
  const assessment = judgeAssessment(tiered, bench);
  const use = findProhibitedUse(bench.policy.spec.risk, object.spec);
  const findings = [
    ...(halted === undefined ? [] : [halted]),
    ...(use === undefined ? [] : [stateFinding("UseProhibited", { ...values, use })]),
    ...(object.metadata.deletionTimestamp === undefined ? [] : [stateFinding("SystemDeleting", values)]),
    ...(object.spec.lifecycle === "retired" ? [stateFinding("SystemRetired", values)] : []),
    ...assessment.findings,
    ...judgeFence(name, tier, bench),
  ];
  return { name, findings, tiered, assessment, stopAuthority: object.spec.oversight.stopAuthority.toSorted() };
}

function judgeFence(system: string, tier: Tier, { facts, isFenced }: Bench): Stated[] {
  if (tier.segmentation !== "Required" || !isFenced) return [];
  const fence = facts.fences.get(system) ?? { outcome: "broken", why: "it was not looked at yet" };
  if (fence.outcome === "whole") return [];
  return [stateFinding("NotFenced", { system, namespace: facts.namespace, why: fence.why })];
}
