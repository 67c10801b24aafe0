/**
 * The digests that approvals name and rest on (docs/adr/0004). Hashing is all it does; whether an approval
 * counts is decided in approvals.ts.
 */
import { createHash } from "node:crypto";
import { AIPolicy, type RiskRules } from "../api/ai-policy.ts";
import { AISystem } from "../api/ai-system.ts";
import { ModelRelease } from "../api/model-release.ts";
import { RiskAssessment } from "../api/risk-assessment.ts";
import type * as z from "zod";
import { toApprovedForm, toCanonicalText } from "./canonical.ts";

/** What a decision on a release rests on besides its spec. */
export interface ReleaseBound {
  /** `digestSystem` of the AISystem. */
  system: string;
  /** Name of its tier. */
  tier: string;
}

/** What the acceptance of a risk rests on besides the assessment's spec. */
export interface AssessmentBound extends ReleaseBound {
  /** `digestRiskRules` of the policy. */
  risk: string;
}

/** One object of which an approval digest is taken. */
export type Approvable =
  | { kind: "ModelRelease"; namespace: string; name: string; spec: unknown; bound: ReleaseBound }
  | { kind: "RiskAssessment"; namespace: string; name: string; spec: unknown; bound: AssessmentBound };

function hash(value: unknown): string {
  return `sha256:${createHash("sha256").update(toCanonicalText(value), "utf8").digest("hex")}`;
}

/** `sha256:` and the hex digest of the canonical approved form of a value under a schema. */
export function digestForm(schema: z.ZodType, value: unknown): string {
  return hash(toApprovedForm(schema, value));
}

/** Digest of an AISystem's spec, as `status.specDigest` shows it and approvals rest on it. */
export const digestSystem = (spec: AISystem["spec"]) => digestForm(AISystem.spec, spec);

/** Digest of the policy's section on risk. */
export const digestRiskRules = (risk: RiskRules) => digestForm(AIPolicy.spec.shape.risk, risk);

/** Digest of a system's data flows in the form of approval digests; without flows, that of an empty object. */
export function digestFlows(spec: AISystem["spec"]): string {
  return `v1:${digestForm(AISystem.spec.shape.dataFlows, spec.dataFlows ?? {})}`;
}

/** The approval digest under a given schema of spec; `digestApprovable` knows the schema of the kinds. */
export function digestUnder(schema: z.ZodType, { kind, namespace, name, spec, bound }: Approvable): string {
  return `v1:${hash({ kind, namespace, name, spec: toApprovedForm(schema, spec), bound })}`;
}

/** What an Approval has to name: `v1:sha256:` and 64 hex digits over kind, namespace, name, spec and bound. */
export function digestApprovable(approvable: Approvable): string {
  switch (approvable.kind) {
    case "ModelRelease":
      return digestUnder(ModelRelease.spec, approvable);
    case "RiskAssessment":
      return digestUnder(RiskAssessment.spec, approvable);
  }
}
