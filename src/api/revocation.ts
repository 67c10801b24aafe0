/** Revocation and ClusterRevocation: what may not run any more. Create-only; deleting one needs a governance right. */
import * as z from "zod";
import { stampedUser } from "./approval.ts";
import { asSet, conditions, contentDigest, label, objectName, sentence, timestamp, withRules } from "./fields.ts";
import { AGE_COLUMN } from "./columns.ts";
import { defineKind, type ObjectOf, type PrinterColumn } from "./kind.ts";

const shared = {
  digests: asSet(z.array(contentDigest()).min(1).max(256))
    .optional()
    .describe("Digests that may not run any more, whichever release lists them."),
  reason: sentence().describe("Why; people whose workload is refused read it."),
  since: timestamp().optional().describe("Since when the fault is known."),
  by: stampedUser().optional().describe("Who revokes: stamped by the API server, or checked against it."),
};
const never = { rule: "self == oldSelf", message: "a revocation is never changed: create another one" };
const neverAtAll = { rule: "self.spec == oldSelf.spec", message: "a revocation is never changed: create another one" };

const namespacedSpec = withRules(
  z.object({
    ...shared,
    release: objectName()
      .optional()
      .describe(
        "A ModelRelease of this namespace; it stays revoked when it is deleted and made anew. Its models fall with it, and of its other images those that no release lists which is not revoked.",
      ),
  }),
  { rule: "has(self.digests) || has(self.release)", message: "name digests, a release, or both" },
  never,
).describe("What is revoked; never changed.");

const clusterSpec = withRules(
  z.object({
    ...shared,
    signer: label().optional().describe("A signer; its signatures count in no policy any more."),
  }),
  { rule: "has(self.digests) || has(self.signer)", message: "name digests, a signer, or both" },
  never,
).describe("What is revoked; never changed.");

const status = z
  .object({
    digests: asSet(z.array(contentDigest()).max(256))
      .optional()
      .describe("Digests of the artifacts that the revoked release names or named."),
    conditions: conditions(),
  })
  .describe("What the operator observed.");

const clusterStatus = z.object({}).describe("Nothing is observed: it works by itself.");

const reason: PrinterColumn = { name: "Reason", type: "string", jsonPath: ".spec.reason", description: "Why" };
const by: PrinterColumn = { name: "By", type: "string", jsonPath: ".spec.by.username", description: "By whom" };

export const Revocation = defineKind({
  kind: "Revocation",
  plural: "revocations",
  singular: "revocation",
  shortNames: ["rev"],
  namespaced: true,
  description:
    "Digests or a release that may not run in this namespace any more. It works at once and for good: refused beats vouched, whichever release lists the digest.",
  spec: namespacedSpec,
  status,
  columns: [
    { name: "Release", type: "string", jsonPath: ".spec.release", description: "The revoked release" },
    reason,
    by,
    AGE_COLUMN,
  ],
  rules: [neverAtAll],
});
export type Revocation = ObjectOf<typeof Revocation>;

export const ClusterRevocation = defineKind({
  kind: "ClusterRevocation",
  plural: "clusterrevocations",
  singular: "clusterrevocation",
  shortNames: ["crev"],
  namespaced: false,
  description:
    "Digests or a signer that may not be trusted in any namespace any more. It works at once and for good: refused beats vouched.",
  spec: clusterSpec,
  status: clusterStatus,
  columns: [
    { name: "Signer", type: "string", jsonPath: ".spec.signer", description: "The revoked signer" },
    reason,
    by,
    AGE_COLUMN,
  ],
  rules: [neverAtAll],
});
export type ClusterRevocation = ObjectOf<typeof ClusterRevocation>;
