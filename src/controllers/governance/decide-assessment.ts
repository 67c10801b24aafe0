/** What the status of a RiskAssessment says. Pure. */
import type { CountedApproval } from "../../api/approval-count.ts";
import type { RiskAssessment, RiskVerdict } from "../../api/risk-assessment.ts";
import type { Level } from "../../api/fields.ts";
import type { NamespaceJudgement } from "../../domain/evaluate.ts";
import { stateFinding } from "../../domain/findings.ts";
import type { Assessed } from "../../domain/judge-assessment.ts";
import { toIso } from "../../domain/time.ts";
import { type ConditionDraft, holds, lacks, toUngoverned } from "./condition-draft.ts";

export interface AssessmentStatus {
  level?: Level;
  verdict?: RiskVerdict;
  digest?: string;
  approved?: NonNullable<NonNullable<RiskAssessment["status"]>["approved"]>;
  editedAt?: string;
  staleBecause?: string[];
  approvals?: CountedApproval[];
  conditions: ConditionDraft[];
}

const keepApproved = ({ status }: RiskAssessment) =>
  status?.approved === undefined ? {} : { approved: status.approved };

function findApproved({ acceptance, digest, level, object }: Assessed) {
  const { standing } = acceptance;
  if (standing.standing !== "approved" || !Number.isFinite(standing.until)) return keepApproved(object);
  return { approved: { digest, until: toIso(standing.until), level } };
}

function describeAcceptance({ verdict, acceptance, level }: Assessed): ConditionDraft {
  const { standing } = acceptance;
  if (standing.standing === "stale") {
    return holds(
      "Accepted",
      "LastAcceptedInForce",
      `edited since it was accepted; the last accepted content stays in force until ${toIso(standing.notAfter)}, then it lacks ${standing.lacking}`,
    );
  }
  if (verdict === "WithinAppetite") return holds("Accepted", "WithinAppetite", `level ${level} needs no acceptance`);
  const until = standing.standing === "approved" ? ` until ${toIso(standing.until)}` : "";
  return holds("Accepted", "Accepted", `level ${level} is accepted${until}`);
}

/** Decides the status of one assessment. */
export function decideAssessment(object: RiskAssessment, { governing }: NamespaceJudgement): AssessmentStatus {
  const { namespace = "", name } = object.metadata;
  const kept = keepApproved(object);
  if (governing === undefined) {
    return { ...kept, conditions: [toUngoverned(stateFinding("NamespaceNotGoverned", { namespace }))] };
  }
  if (governing.outcome === "unusable") return { ...kept, conditions: [lacks("Ready", governing.finding)] };
  const system = governing.systems.find((one) => one.name === object.spec.system);
  if (system?.assessment === undefined) {
    const values = { referrer: `RiskAssessment ${name}`, system: object.spec.system, namespace };
    const finding = system?.findings[0] ?? stateFinding("SystemMissing", values);
    return { ...kept, conditions: [lacks("Ready", finding)] };
  }
  const { assessed, findings } = system.assessment;
  if (assessed === undefined) {
    const [first] = findings;
    return { ...kept, conditions: first === undefined ? [] : [lacks("Ready", first)] };
  }
  const [first] = findings;
  const accepted = first === undefined ? describeAcceptance(assessed) : lacks("Accepted", first);
  // Stale also while the last accepted content stays in force: people have to know.
  const isStale = assessed.stale.length > 0;
  return {
    level: assessed.level,
    verdict: assessed.verdict,
    digest: assessed.digest,
    ...findApproved(assessed),
    ...(assessed.editedAt === undefined ? {} : { editedAt: toIso(assessed.editedAt) }),
    ...(isStale ? { staleBecause: assessed.stale } : {}),
    approvals: assessed.acceptance.counted,
    conditions: [accepted, { ...accepted, type: "Ready" }],
  };
}
