/** What the status of an AISystem says. Pure. */
import type { AISystem } from "../../api/ai-system.ts";
import type { NamespaceJudgement } from "../../domain/evaluate.ts";
import { type Stated, stateFinding } from "../../domain/findings.ts";
import type { ReleaseJudgement } from "../../domain/judge-release.ts";
import type { SystemJudgement } from "../../domain/judge-system.ts";
import { type ConditionDraft, holds, lacks, toUngoverned } from "./condition-draft.ts";

export interface SystemStatus {
  tier?: string;
  specDigest?: string;
  release?: string;
  approved?: NonNullable<NonNullable<AISystem["status"]>["approved"]>;
  conditions: ConditionDraft[];
}

/** The newest release of the system that may run. */
function findNewest(releases: readonly ReleaseJudgement[], system: string): ReleaseJudgement | undefined {
  return releases
    .filter(({ object, findings }) => object.spec.system === system && findings.length === 0)
    .toSorted(
      (a, b) =>
        Date.parse(b.object.metadata.creationTimestamp ?? "") - Date.parse(a.object.metadata.creationTimestamp ?? ""),
    )
    .at(0);
}

const FENCE_CODES = ["NotFenced"];
const isAboutFence = ({ code }: Stated) => FENCE_CODES.includes(code);

function draftConditions(
  system: SystemJudgement,
  newest: ReleaseJudgement | undefined,
  releases: readonly ReleaseJudgement[],
  none: Stated,
) {
  const fence = system.findings.find(isAboutFence);
  const other = system.findings.find((finding) => !isAboutFence(finding));
  const [closed] = system.findings;
  const waiting = releases.find(({ object }) => object.spec.system === system.name)?.findings[0];
  const vouched =
    newest === undefined
      ? lacks("Vouched", closed ?? waiting ?? none)
      : holds("Vouched", "MayRun", `pods of release ${newest.object.metadata.name} are admitted`);
  return [
    other === undefined
      ? holds("Assessed", "RiskInOrder", "the risk is within the policy, or accepted")
      : lacks("Assessed", other),
    fence === undefined
      ? holds(
          "Fenced",
          "PoliciesStand",
          "its NetworkPolicies stand in the API server; enforcement is the network plugin's",
        )
      : lacks("Fenced", fence),
    vouched,
    { ...vouched, type: "Ready" },
  ];
}

/** Decides the status of one system. `approved` tells whether people approved its present content. */
export function decideSystem(
  object: AISystem,
  judgement: NamespaceJudgement,
  approved: ReadonlySet<string>,
): SystemStatus {
  const { name, namespace = "" } = object.metadata;
  const { governing } = judgement;
  const kept = object.status?.approved;
  const base = kept === undefined ? {} : { approved: kept };
  if (governing === undefined) {
    return { ...base, conditions: [toUngoverned(stateFinding("NamespaceNotGoverned", { namespace }))] };
  }
  if (governing.outcome === "unusable") return { ...base, conditions: [lacks("Ready", governing.finding)] };
  const system = governing.systems.find((one) => one.name === name);
  if (system === undefined) return { ...base, conditions: [] };
  const newest = findNewest(governing.releases, name);
  const { tiered } = system;
  const fresh =
    tiered !== undefined && approved.has(name)
      ? { approved: { digest: tiered.specDigest, tier: tiered.tier.name, impact: tiered.impact, flows: tiered.flows } }
      : base;
  return {
    ...(tiered === undefined ? {} : { tier: tiered.tier.name, specDigest: tiered.specDigest }),
    ...(newest === undefined ? {} : { release: newest.object.metadata.name }),
    ...fresh,
    conditions: draftConditions(
      system,
      newest,
      governing.releases,
      stateFinding("NoRelease", { system: name, namespace }),
    ),
  };
}
