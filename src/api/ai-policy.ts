/** AIPolicy: what must be true before an AI workload runs, per tier of impact. */
import * as z from "zod";
import {
  asAtomicList,
  asSet,
  conditions,
  consequence,
  duration,
  keyedBy,
  label,
  level,
  username,
  withRules,
} from "./fields.ts";
import { FILE_FORMATS } from "./file-formats.ts";
import { policyGitHub } from "./github.ts";
import { AGE_COLUMN, readyColumn, REASON_COLUMN } from "./columns.ts";
import { defineKind, type ObjectOf } from "./kind.ts";
import { ARTIFACT_FORMATS } from "./model-release.ts";
import { reactions } from "./reaction.ts";
import { signer } from "./signer.ts";

const five = (row: string) =>
  asAtomicList(z.array(level()).min(5).max(5)).describe(
    `Levels of a ${row} scenario by consequence: negligible, minor, moderate, major, severe.`,
  );

const risk = z.object({
  matrix: z
    .object({
      rare: five("rare"),
      unlikely: five("unlikely"),
      possible: five("possible"),
      likely: five("likely"),
      almostCertain: five("almost certain"),
    })
    .describe("Risk level by likelihood and consequence: a look-up, never a product."),
  appetite: level().describe("At or below this level no acceptance is needed."),
  tolerance: level().describe("Up to this level a risk may be accepted for a time; beyond it nothing runs."),
  prohibitedUses: asSet(z.array(label()).max(64))
    .optional()
    .describe("Uses that no approval can allow; an AISystem that names one never runs."),
});

const signatureDemand = withRules(
  z.object({
    over: z
      .enum(["artifact", "model", "attestation"])
      .describe(
        "artifact: every artifact's manifest; model: the files of every artifact but those of format Image; attestation: a statement about every artifact.",
      ),
    predicateType: z
      .string()
      .min(1)
      .max(512)
      .regex(/^[^\s]+$/)
      .optional()
      .describe("What the attestation has to state (in-toto), such as https://slsa.dev/provenance/v1."),
    format: z
      .enum(ARTIFACT_FORMATS)
      .optional()
      .describe("Only for artifacts of this format; for all where it is left out."),
    anyOf: asSet(z.array(label()).min(1).max(16)).describe("Signers that may give it."),
    count: z.int().min(1).max(16).default(1).describe("How many different signers are needed."),
  }),
  { rule: "self.count <= size(self.anyOf)", message: "count cannot exceed the number of signers in anyOf" },
  {
    rule: "has(self.predicateType) == (self.over == 'attestation')",
    message: "set predicateType exactly when over is attestation",
  },
);

const approvalDemand = z.object({
  of: z.enum(["ModelRelease", "RiskAssessment"]).describe("What has to be approved."),
  role: label().describe("The role that may approve it: RBAC verb use on approvalroles, by this name."),
  count: z.int().min(1).max(16).default(1).describe("How many different people."),
  maxAgeDays: z.int().min(1).max(3650).optional().describe("How long such an approval may hold at most."),
});

const podDemands = z.object({
  runAsNonRoot: z.enum(["Required", "Any"]).default("Any").describe("Whether runAsNonRoot: true is demanded."),
  readOnlyRootFilesystem: z
    .enum(["Required", "Any"])
    .default("Any")
    .describe("Whether readOnlyRootFilesystem: true is demanded of every container."),
  hostNetwork: z.enum(["Forbidden", "Any"]).default("Forbidden").describe("A pod on the host's network has no fence."),
  serviceAccountToken: z
    .enum(["Forbidden", "Any"])
    .default("Any")
    .describe("Whether automountServiceAccountToken: false is demanded."),
});

const tier = z.object({
  name: label().describe("The tier's name."),
  when: z
    .object({ impactAtMost: consequence().describe("The highest impact that still falls into the tier.") })
    .describe("Which systems fall into the tier; the first tier that matches counts."),
  signatures: asAtomicList(z.array(signatureDemand).min(1).max(16)).describe("Signatures that are demanded."),
  formats: asSet(
    z
      .array(z.enum(FILE_FORMATS).exclude(["unknown", "polyglot"]))
      .min(1)
      .max(32),
  )
    .optional()
    .describe(
      "What files a signed model may consist of, told by their content; anything where it is left out. Every file is read for it once.",
    ),
  approvals: asAtomicList(z.array(approvalDemand).max(16)).optional().describe("Approvals that are demanded."),
  assessment: z
    .object({ maxAgeDays: z.int().min(1).max(3650).describe("How old the RiskAssessment may be.") })
    .describe("What is demanded of the RiskAssessment."),
  segmentation: z
    .enum(["Required", "Optional"])
    .default("Required")
    .describe("Whether a system runs only behind its fence."),
  pod: podDemands
    .default({
      runAsNonRoot: "Any",
      readOnlyRootFilesystem: "Any",
      hostNetwork: "Forbidden",
      serviceAccountToken: "Any",
    })
    .describe("What is demanded of every pod."),
  onBreach: reactions()
    .optional()
    .describe("What happens to what runs when it is no longer vouched for; docs/containment.md has the defaults."),
});

const spec = z
  .object({
    signers: keyedBy(z.array(signer()).min(1).max(32), "name").describe("Who may sign."),
    risk: risk.describe("How risks are judged."),
    tiers: keyedBy(z.array(tier).min(1).max(16), "name").describe(
      "What is demanded, from the lowest impact to the highest. A system that no tier matches is refused.",
    ),
    expiryGrace: duration()
      .default("72h")
      .describe("How long pods of a release may still be re-created after its approval ended."),
    editGrace: duration()
      .default("72h")
      .describe("How long an edited object's last approved content stays in force, unless the edit is worse."),
    notYet: z
      .enum(["Warn", "Refuse"])
      .default("Warn")
      .describe("What happens to a Deployment or the like whose image is not vouched for yet; its pods are refused."),
    deliverers: asSet(z.array(username()).max(32))
      .optional()
      .describe("Users that pass on other people's work, such as Argo CD: what they apply needs one more approver."),
    approvingServiceAccounts: asSet(z.array(username()).max(32))
      .optional()
      .describe("ServiceAccounts that may approve; all others may not."),
    deniedApprovers: asSet(z.array(username()).max(256))
      .optional()
      .describe("Users whose approvals count no longer, such as people who left."),
    github: policyGitHub()
      .optional()
      .describe("Whose reviews on GitHub count as approvals; nobody's where it is left out."),
    supportingImages: asSet(
      z
        .array(
          z
            .string()
            .max(512)
            .regex(/^[^@\s]+@sha256:[a-f0-9]{64}$/),
        )
        .max(64),
    )
      .optional()
      .describe("Images by digest that may run in governed pods beside the model, without expiry."),
  })
  .describe("What the governance team demands.");

const status = z
  .object({
    observedGeneration: z.int().min(0).optional().describe("The generation this status was decided for."),
    namespaces: z.int().min(0).optional().describe("How many namespaces name the policy, in any mode."),
    conditions: conditions(),
  })
  .describe("What the operator observed.");

export const AIPolicy = defineKind({
  kind: "AIPolicy",
  plural: "aipolicies",
  singular: "aipolicy",
  shortNames: ["aip"],
  namespaced: false,
  description:
    "What must be true before an AI workload runs: who may sign, how risks are judged, and per tier of impact which signatures, approvals and pod settings are demanded. A namespace names it in the label vouchsafe.dev/enforce, warn or audit.",
  spec,
  status,
  columns: [
    readyColumn("Whether the policy can be used"),
    REASON_COLUMN,
    { name: "Namespaces", type: "integer", jsonPath: ".status.namespaces", description: "Namespaces that name it" },
    AGE_COLUMN,
  ],
  rules: [
    {
      rule: "self.spec.tiers.all(t, t.signatures.all(s, s.anyOf.all(n, self.spec.signers.exists(k, k.name == n))))",
      message: "every name in signatures.anyOf must be one of spec.signers",
    },
    {
      rule: "size(self.metadata.name) <= 63",
      message: "the name must fit a label value: 63 characters at most",
    },
  ],
});
export type AIPolicy = ObjectOf<typeof AIPolicy>;
export type Tier = z.output<typeof tier>;
export type SignatureDemand = z.output<typeof signatureDemand>;
export type ApprovalDemand = z.output<typeof approvalDemand>;
export type RiskRules = z.output<typeof risk>;
