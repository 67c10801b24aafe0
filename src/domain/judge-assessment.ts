/** How the RiskAssessment of one system stands: its level, its age, and whether people accepted what is left. */
import type { Level } from "../api/fields.ts";
import type { RiskAssessment, RiskVerdict } from "../api/risk-assessment.ts";
import type { Authors } from "./authors.ts";
import { digestApprovable, digestRiskRules } from "./digest.ts";
import { listValid } from "./facts.ts";
import { type Stated, stateFinding } from "./findings.ts";
import type { ApprovalStanding, JudgedApproval } from "./judge-approval.ts";
import { judgeContent } from "./judge-content.ts";
import { type Bench, describeEdit, isEditWorse, type TieredSystem } from "./tiered-system.ts";
import { findWorstLevel, isAbove, judgeRisk } from "./risk.ts";
import { DAY, parseDay, parseDuration, toIso } from "./time.ts";

/** What is known once there is exactly one assessment that can be read. */
export interface Assessed {
  object: RiskAssessment;
  level: Level;
  verdict: RiskVerdict;
  digest: string;
  authors: Authors;
  acceptance: JudgedApproval;
  /** When it was first seen to differ from what was accepted; undefined where it does not differ. */
  editedAt: number | undefined;
  /** What changed since it was accepted. */
  stale: string[];
}

export interface AssessmentJudgement {
  findings: Stated[];
  assessed: Assessed | undefined;
  /** Nothing rests on the assessment after this moment. */
  notAfter: number;
  /** When acceptance or assessment end; `notAfter` is later by the grace. */
  until: number;
}

/** Judges the assessment of a system. */
export function judgeAssessment(system: TieredSystem, bench: Bench): AssessmentJudgement {
  const { facts } = bench;
  const name = system.object.metadata.name;
  const values = { system: name, namespace: facts.namespace };
  const nothing = (finding: Stated) => ({ findings: [finding], assessed: undefined, notAfter: 0, until: 0 });
  const about = listValid(facts.assessments).filter(({ spec }) => spec.system === name);
  const [object, ...others] = about;
  if (others.length > 0) {
    const names = about.map(({ metadata }) => metadata.name).join(", ");
    return nothing(stateFinding("AssessmentContested", { ...values, names }));
  }
  if (object === undefined) {
    const broken = facts.assessments.find((read) => read.outcome === "invalid");
    if (broken?.outcome !== "invalid") return nothing(stateFinding("AssessmentMissing", values));
    return nothing(stateFinding("AssessmentInvalid", { ...values, assessment: broken.metadata.name, why: broken.why }));
  }
  return judgeObject(object, system, bench);
}

function judgeObject(object: RiskAssessment, system: TieredSystem, bench: Bench): AssessmentJudgement {
  const { policy } = bench;
  const level = findWorstLevel(policy.spec.risk, object.spec.scenarios);
  const verdict = judgeRisk(policy.spec.risk, level, system.object.spec);
  const bound = { system: system.specDigest, tier: system.tier.name, risk: digestRiskRules(policy.spec.risk) };
  const { name, namespace = "" } = object.metadata;
  const digest = digestApprovable({ kind: "RiskAssessment", namespace, name, spec: object.spec, bound });
  const last = object.status?.approved;
  const { authors, approval, editedAt } = judgeContent(
    {
      kind: "RiskAssessment",
      metadata: object.metadata,
      digest,
      lastApproved: last?.digest,
      origin: object.status?.origin,
      editedAt: object.status?.editedAt,
      isWorse: last === undefined || isAbove(level, last.level) || isEditWorse(system),
    },
    system,
    bench,
  );
  const isEdited = editedAt !== undefined;
  const stale = isEdited ? [describeEdit(system, "the assessment or the policy's rules on risk")] : [];
  const assessed: Assessed = { object, level, verdict, digest, authors, acceptance: approval, editedAt, stale };
  return conclude(assessed, system, bench);
}

/** The first moment after the assessment's age and its review date. */
function findAgeEnd({ spec }: RiskAssessment, maxAgeDays: number | undefined): { tooOld: number; overdue: number } {
  const assessedOn = parseDay(spec.assessedOn) ?? Number.NEGATIVE_INFINITY;
  const reviewBy = parseDay(spec.reviewBy) ?? Number.NEGATIVE_INFINITY;
  const tooOld = maxAgeDays === undefined ? Number.POSITIVE_INFINITY : assessedOn + (maxAgeDays + 1) * DAY;
  return { tooOld, overdue: reviewBy + DAY };
}

function conclude(assessed: Assessed, system: TieredSystem, bench: Bench): AssessmentJudgement {
  const { object, verdict } = assessed;
  const grace = parseDuration(bench.policy.spec.expiryGrace);
  const values = {
    assessment: object.metadata.name,
    namespace: bench.facts.namespace,
    system: system.object.metadata.name,
    level: assessed.level,
    tolerance: bench.policy.spec.risk.tolerance,
    tier: system.tier.name,
    days: String(system.tier.assessment?.maxAgeDays ?? ""),
    assessedOn: object.spec.assessedOn,
    reviewBy: object.spec.reviewBy,
  };
  const { tooOld, overdue } = findAgeEnd(object, system.tier.assessment?.maxAgeDays);
  const findings: Stated[] = [];
  if (verdict === "AboveTolerance") findings.push(stateFinding("RiskAboveTolerance", values));
  if (!(tooOld + grace > bench.now)) findings.push(stateFinding("AssessmentTooOld", values));
  if (!(overdue + grace > bench.now)) findings.push(stateFinding("ReviewOverdue", values));
  const hasRoles = system.tier.approvals?.some(({ of }) => of === "RiskAssessment") === true;
  const acceptance = judgeAcceptance(assessed, { ...values, hasRoles: hasRoles ? "yes" : "" });
  if (acceptance.finding !== undefined) findings.push(acceptance.finding);
  const until = Math.min(tooOld, overdue, acceptance.until);
  return { findings, assessed, until, notAfter: Math.min(tooOld + grace, overdue + grace, acceptance.notAfter) };
}

interface Accepted {
  finding?: Stated;
  until: number;
  notAfter: number;
}

function judgeAcceptance(assessed: Assessed, values: Record<string, string>): Accepted {
  const { standing } = assessed.acceptance;
  const isNeeded = assessed.verdict === "NeedsAcceptance";
  // A rejection counts also where no acceptance would be needed.
  if (!isNeeded && standing.standing !== "rejected") {
    return { until: Number.POSITIVE_INFINITY, notAfter: Number.POSITIVE_INFINITY };
  }
  if (values.hasRoles === "" && standing.standing !== "rejected") {
    const missing = `tier ${values.tier} names no role that may accept a risk`;
    return { finding: stateFinding("RiskNotAccepted", { ...values, missing }), until: 0, notAfter: 0 };
  }
  return explainStanding(standing, assessed, values);
}

function explainStanding(standing: ApprovalStanding, assessed: Assessed, values: Record<string, string>): Accepted {
  const closed = (finding: Stated): Accepted => ({ finding, until: 0, notAfter: 0 });
  switch (standing.standing) {
    case "approved":
    case "stale":
      return { until: standing.until, notAfter: standing.notAfter };
    case "expired":
      return closed(stateFinding("RiskNotAccepted", { ...values, missing: `it ended on ${toIso(standing.until)}` }));
    case "rejected": {
      const { approver, approval, reason: why } = standing;
      const target = `RiskAssessment ${values.assessment}`;
      return closed(stateFinding("ApprovalRejected", { ...values, target, approver, approval, why }));
    }
    case "lacking": {
      const changes = assessed.stale[0];
      if (changes !== undefined) return closed(stateFinding("AcceptanceStale", { ...values, changes }));
      return closed(stateFinding("RiskNotAccepted", { ...values, missing: standing.missing }));
    }
  }
}
