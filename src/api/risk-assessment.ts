/** RiskAssessment: the risks and impacts of one AISystem, their treatment, and how the policy judges what is left. */
import * as z from "zod";
import {
  approvalDigest,
  calendarDate,
  conditions,
  consequence,
  keyedBy,
  label,
  level,
  likelihood,
  notApproved,
  prose,
  sentence,
  timestamp,
  withRules,
} from "./fields.ts";
import { gitOrigin } from "./github.ts";
import { AGE_COLUMN, readyColumn, REASON_COLUMN } from "./columns.ts";
import { defineKind, type ObjectOf } from "./kind.ts";
import { countedApproval } from "./approval-count.ts";

/** How the policy judges an assessment, from best to worst. */
export const RISK_VERDICTS = ["WithinAppetite", "NeedsAcceptance", "AboveTolerance", "Prohibited"] as const;
export type RiskVerdict = (typeof RISK_VERDICTS)[number];

const rating = z.object({
  likelihood: likelihood().describe("How likely the scenario is."),
  consequence: consequence().describe("How bad it would be."),
});

const measure = z.object({
  what: sentence(256).describe("The measure."),
  owner: sentence(128).describe("Who carries it out."),
  due: calendarDate().describe("Until when."),
  progress: notApproved(z.enum(["open", "started", "done"]))
    .optional()
    .describe("How far it is; ticking it off voids no approval."),
});

const scenario = withRules(
  z.object({
    id: label().describe("Name of the scenario."),
    threat: z
      .object({
        atlas: z
          .string()
          .max(32)
          .regex(/^AML\.[A-Z]+[0-9]{4}(\.[0-9]{3})?$/)
          .optional()
          .describe("MITRE ATLAS technique, such as AML.T0043."),
        owasp: z
          .string()
          .max(16)
          .regex(/^(LLM|ML)[0-9]{2}(:20[0-9]{2})?$/)
          .optional()
          .describe("OWASP item, such as LLM01:2025."),
      })
      .optional()
      .describe("The threat in a public vocabulary."),
    description: prose(1024).describe("What could happen, to whom."),
    inherent: rating.describe("The risk without treatment."),
    treatment: z
      .object({
        option: z.enum(["mitigate", "accept", "avoid", "transfer"]).describe("What is done about it."),
        measures: z.array(measure).max(32).optional().describe("The measures that justify the residual risk."),
      })
      .describe("What is done about the risk."),
    residual: rating.describe("The risk that is left; it decides."),
  }),
  {
    rule: "(self.residual.likelihood == self.inherent.likelihood && self.residual.consequence == self.inherent.consequence) || (has(self.treatment.measures) && size(self.treatment.measures) > 0)",
    message: "a residual risk other than the inherent one needs at least one measure",
  },
);

const spec = z
  .object({
    system: label().describe("Name of the AISystem in this namespace."),
    scenarios: keyedBy(z.array(scenario).min(1).max(64), "id").describe("What could go wrong; the worst one decides."),
    impactAssessment: z
      .object({
        individuals: prose(2048).describe("Consequences for individuals."),
        groups: prose(2048).describe("Consequences for groups of people."),
        society: prose(2048).describe("Consequences for society."),
      })
      .describe("Consequences for people and society (ISO/IEC 42001, 6.1.4)."),
    assessedOn: calendarDate().describe("The day the assessment was made; the policy bounds its age."),
    reviewBy: calendarDate().describe("The day it has to be looked at again; after it nothing new is vouched on it."),
  })
  .describe("What the risk owner declares.");

const status = z
  .object({
    observedGeneration: z.int().min(0).optional().describe("The generation this status was decided for."),
    level: level().optional().describe("Worst residual level over the scenarios, looked up in the policy's matrix."),
    verdict: z.enum(RISK_VERDICTS).optional().describe("How the policy judges that level."),
    digest: approvalDigest().optional().describe("What an Approval has to name to accept this risk as it stands."),
    approved: z
      .object({
        digest: approvalDigest().describe("The content that was accepted last."),
        until: timestamp().describe("Until when."),
        level: level().describe("The level at that time; an edit that raises it has no grace."),
      })
      .optional()
      .describe("What was accepted last."),
    editedAt: timestamp().optional().describe("When the content was first seen to differ from what was accepted."),
    staleBecause: z.array(sentence()).max(8).optional().describe("What changed since it was accepted."),
    approvals: keyedBy(z.array(countedApproval).max(64), "name").optional().describe("The approvals considered."),
    origin: gitOrigin().optional().describe("Who wrote it, as far as Git knows; only where reviews count."),
    conditions: conditions(),
  })
  .describe("What the operator observed.");

export const RiskAssessment = defineKind({
  kind: "RiskAssessment",
  plural: "riskassessments",
  singular: "riskassessment",
  shortNames: ["ra"],
  namespaced: true,
  description:
    "The risks and impacts of one AISystem, what is done about them and what is left. The policy's matrix turns what is left into a verdict; people accept it with an Approval that names the digest in status.",
  spec,
  status,
  columns: [
    { name: "System", type: "string", jsonPath: ".spec.system", description: "The assessed AISystem" },
    { name: "Level", type: "string", jsonPath: ".status.level", description: "Worst residual level" },
    { name: "Verdict", type: "string", jsonPath: ".status.verdict", description: "How the policy judges it" },
    readyColumn("Whether releases may rest on it"),
    REASON_COLUMN,
    { name: "Review-By", type: "string", jsonPath: ".spec.reviewBy", description: "Next review", priority: 1 },
    { name: "Digest", type: "string", jsonPath: ".status.digest", description: "What to approve", priority: 1 },
    AGE_COLUMN,
  ],
  rules: [
    {
      rule: "self.spec.system == oldSelf.spec.system",
      message: "an assessment stays with its system: make a new RiskAssessment for another one",
    },
  ],
});
export type RiskAssessment = ObjectOf<typeof RiskAssessment>;
/** One scenario with its ratings. */
export type Scenario = z.output<typeof scenario>;
