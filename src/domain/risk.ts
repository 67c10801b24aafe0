/**
 * How a policy judges a risk: a look-up in its matrix, the worst of what is left, and the tier that a system's
 * impact falls into. It computes no products and knows no people; acceptance is counted in approvals.ts.
 */
import type { RiskRules, Tier } from "../api/ai-policy.ts";
import type { AISystem } from "../api/ai-system.ts";
import { CONSEQUENCES, type Consequence, LEVELS, type Level, type Likelihood } from "../api/fields.ts";
import type { RiskVerdict, Scenario } from "../api/risk-assessment.ts";

/** Looks a level up in the matrix. A row that is too short gives the highest level. */
export function lookUpLevel(risk: RiskRules, likelihood: Likelihood, consequence: Consequence): Level {
  return risk.matrix[likelihood][CONSEQUENCES.indexOf(consequence)] ?? "critical";
}

/** Whether `level` is higher than `other`. */
export function isAbove(level: Level, other: Level): boolean {
  return LEVELS.indexOf(level) > LEVELS.indexOf(other);
}

/** The worst residual level over the scenarios; without scenarios nothing is known, so the highest. */
export function findWorstLevel(risk: RiskRules, scenarios: readonly Scenario[]): Level {
  let worst: Level | undefined;
  for (const { residual } of scenarios) {
    const level = lookUpLevel(risk, residual.likelihood, residual.consequence);
    if (worst === undefined || isAbove(level, worst)) worst = level;
  }
  return worst ?? "critical";
}

/** The first use of the system that the policy prohibits, or undefined. */
export function findProhibitedUse(risk: RiskRules, spec: AISystem["spec"]): string | undefined {
  return spec.uses?.find((use) => risk.prohibitedUses?.includes(use) === true);
}

/** Judges a residual level, or a system whose use is prohibited whatever the level. */
export function judgeRisk(risk: RiskRules, level: Level, spec: AISystem["spec"]): RiskVerdict {
  if (findProhibitedUse(risk, spec) !== undefined) return "Prohibited";
  // Tolerance first: a policy whose appetite lies above its tolerance must not widen it.
  if (isAbove(level, risk.tolerance)) return "AboveTolerance";
  return isAbove(level, risk.appetite) ? "NeedsAcceptance" : "WithinAppetite";
}

/** The highest impact of a system. */
export function findHighestImpact(impact: AISystem["spec"]["impact"]): Consequence {
  const rank = Math.max(...Object.values(impact).map((one) => CONSEQUENCES.indexOf(one)));
  return CONSEQUENCES[rank] ?? "severe";
}

/** The first tier that takes the impact, or undefined where none does. */
export function selectTier(tiers: readonly Tier[], impact: AISystem["spec"]["impact"]): Tier | undefined {
  const rank = CONSEQUENCES.indexOf(findHighestImpact(impact));
  return tiers.find((tier) => CONSEQUENCES.indexOf(tier.when.impactAtMost) >= rank);
}
