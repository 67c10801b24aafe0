/**
 * The one judgement on a namespace: every system and every release, under the policy of every mode. Pure: the same
 * facts at the same time give the same judgement, whoever asks.
 */
import { MODES, type Mode } from "../api/labels.ts";
import { recallAuthors, toAuthorKey } from "./authors.ts";
import { listValid, type NamespaceFacts, type PolicyFacts } from "./facts.ts";
import { type Stated, stateFinding } from "./findings.ts";
import { gatherHolds, type Holds } from "./holds.ts";
import { judgeRelease, type ReleaseJudgement } from "./judge-release.ts";
import { judgeSystem, type SystemJudgement } from "./judge-system.ts";
import { gatherRevoked, type Revoked } from "./revocations.ts";
import type { UsablePolicy } from "./tiered-system.ts";
import { gatherQuest } from "./trust.ts";

/** How the namespace stands under the policy of one mode. */
export type ModeJudgement =
  | { outcome: "judged"; mode: Mode; policy: UsablePolicy; systems: SystemJudgement[]; releases: ReleaseJudgement[] }
  | { outcome: "unusable"; mode: Mode; policyName: string; finding: Stated };

export interface NamespaceJudgement {
  modes: ModeJudgement[];
  /** The mode that statuses tell about: the strictest one that is set. */
  governing: ModeJudgement | undefined;
  revoked: Revoked;
  holds: Holds;
}

function findPolicyFault(policy: Exclude<PolicyFacts, { outcome: "valid" }>): Stated {
  switch (policy.outcome) {
    case "missing":
      return stateFinding("PolicyMissing", { policy: policy.name });
    case "invalid":
      return stateFinding("PolicyInvalid", { policy: policy.name, why: policy.why });
  }
}

/** The uid of every object that is or rests on what is approved, by `Kind/name`. */
export function listUids(facts: NamespaceFacts): Map<string, string> {
  const uids = new Map<string, string>();
  const add = (kind: string, reads: NamespaceFacts["systems" | "assessments" | "releases"]) => {
    for (const { metadata } of reads) uids.set(toAuthorKey(kind, metadata.name), metadata.uid ?? "");
  };
  add("AISystem", facts.systems);
  add("RiskAssessment", facts.assessments);
  add("ModelRelease", facts.releases);
  return uids;
}

/** Judges the namespace at the moment `now`, epoch milliseconds. */
export function evaluateNamespace(facts: NamespaceFacts, now: number): NamespaceJudgement {
  const revoked = gatherRevoked(facts);
  const holds = gatherHolds(facts);
  const known = recallAuthors(facts.warrants.get("approvals"), listUids(facts));
  const trustDigest = gatherQuest([...facts.modes.values()]).digest;
  const modes = MODES.flatMap((mode): ModeJudgement[] => {
    const policy = facts.modes.get(mode);
    if (policy === undefined) return [];
    if (policy.outcome !== "valid") {
      return [{ outcome: "unusable", mode, policyName: policy.name, finding: findPolicyFault(policy) }];
    }
    const isFenced = facts.modes.has("enforce");
    const bench = { facts, policy, known, trustDigest, isFenced, halted: holds.systems, now };
    const systems = facts.systems.map((read) => judgeSystem(read, bench));
    const byName = new Map(systems.map((system) => [system.name, system]));
    const releases = listValid(facts.releases).map((release) =>
      judgeRelease(release, byName.get(release.spec.system), revoked, bench),
    );
    return [{ outcome: "judged", mode, policy, systems, releases }];
  });
  return { modes, governing: modes[0], revoked, holds };
}
