/** Approval: one authenticated person's decision on one digest of one object, in one role. Create-only. */
import * as z from "zod";
import { approvalDigest, conditions, label, objectName, sentence, timestamp, username, withRules } from "./fields.ts";
import { reviewEvidence } from "./github.ts";
import { AGE_COLUMN } from "./columns.ts";
import { defineKind, type ObjectOf } from "./kind.ts";

/** The user that the API server authenticated. */
export const stampedUser = () =>
  z.object({
    username: username().describe("The user name as the API server authenticated it."),
    uid: z.string().max(256).optional().describe("The user's uid, where the authenticator gives one."),
  });

const spec = withRules(
  z.object({
    target: z
      .object({
        kind: z.enum(["ModelRelease", "RiskAssessment"]).describe("Kind of what is decided on."),
        name: objectName().describe("Its name in this namespace."),
        digest: approvalDigest().describe("Its status.digest: the decision holds for this content only."),
      })
      .describe("What is decided on."),
    role: label().describe("The role in which the decision is made: RBAC verb use on approvalroles, by this name."),
    decision: z
      .enum(["approve", "accept", "reject", "withdraw"])
      .describe("approve a ModelRelease, accept a RiskAssessment, reject either, or withdraw an earlier Approval."),
    withdraws: z
      .object({
        name: objectName().describe("Name of the Approval that is withdrawn."),
        uid: z.string().min(1).max(64).describe("Its uid, so that no namesake is meant."),
      })
      .optional()
      .describe("The Approval that is withdrawn, with decision withdraw."),
    until: timestamp().optional().describe("Until when the decision holds; required to approve or accept."),
    reason: sentence().describe("Why."),
    approver: stampedUser().optional().describe("Who decides: stamped by the API server, or checked against it."),
    source: z
      .enum(["Kubernetes", "GitHub"])
      .default("Kubernetes")
      .describe("Where the decision was made; GitHub is written by the operator alone."),
    review: reviewEvidence().optional().describe("The review that the decision is, with source GitHub."),
  }),
  {
    rule: "(self.decision == 'withdraw') == has(self.withdraws)",
    message: "set withdraws exactly when decision is withdraw",
  },
  {
    rule: "self.decision in ['reject', 'withdraw'] || has(self.until)",
    message: "to approve or accept, set until: the day the decision ends",
  },
  {
    rule: "self.decision != 'approve' || self.target.kind == 'ModelRelease'",
    message: "a ModelRelease is approved, a RiskAssessment is accepted",
  },
  {
    rule: "self.decision != 'accept' || self.target.kind == 'RiskAssessment'",
    message: "a RiskAssessment is accepted, a ModelRelease is approved",
  },
  {
    rule: "has(self.review) == (self.source == 'GitHub' && self.decision != 'withdraw')",
    message: "set review exactly when source is GitHub, and not to withdraw",
  },
  { rule: "self == oldSelf", message: "an Approval is never changed: withdraw it and create a new one" },
).describe("The decision; never changed.");

const status = z.object({ conditions: conditions() }).describe("What the operator observed.");

export const Approval = defineKind({
  kind: "Approval",
  plural: "approvals",
  singular: "approval",
  shortNames: ["apr"],
  namespaced: true,
  description:
    "One authenticated person's decision on one digest of one ModelRelease or RiskAssessment, in one role, until a date. Made with kubectl create or vouchsafe approve; never changed, never kept in Git.",
  spec,
  status,
  columns: [
    { name: "Kind", type: "string", jsonPath: ".spec.target.kind", description: "What it is about" },
    { name: "Target", type: "string", jsonPath: ".spec.target.name", description: "Its name" },
    { name: "Decision", type: "string", jsonPath: ".spec.decision", description: "The decision" },
    { name: "Role", type: "string", jsonPath: ".spec.role", description: "In which role" },
    { name: "Approver", type: "string", jsonPath: ".spec.approver.username", description: "By whom" },
    {
      name: "Counts",
      type: "string",
      jsonPath: '.status.conditions[?(@.type=="Counted")].status',
      description: "Whether it counts now",
    },
    { name: "Until", type: "string", jsonPath: ".spec.until", description: "Until when" },
    AGE_COLUMN,
  ],
  rules: [
    {
      rule: "self.spec == oldSelf.spec",
      message: "an Approval is never changed: withdraw it and create a new one",
    },
  ],
});
export type Approval = ObjectOf<typeof Approval>;
