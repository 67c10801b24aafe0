/**
 * Warrant: the compiled gate of one namespace and mode, which the API server's admission policies read
 * as their parameter. Only the operator writes it. The Warrant named `approvals` says what may be approved now.
 */
import * as z from "zod";
import {
  asAtomicList,
  asAtomicMap,
  asSet,
  contentDigest,
  label,
  objectName,
  sentence,
  timestamp,
  username,
} from "./fields.ts";
import { AGE_COLUMN } from "./columns.ts";
import { defineKind, type ObjectOf } from "./kind.ts";

/** The most digests that one Warrant holds; 4,900 reach etcd's limit of one object. */
export const MAX_WARRANT_IMAGES = 2000;
/** The most bytes that a Warrant's spec has as JSON: etcd takes 1.5 MiB for the whole object. */
export const MAX_WARRANT_BYTES = 1_200_000;

const grant = z.object({
  system: label().describe("The AISystem whose pods may run it."),
  release: objectName().describe("The ModelRelease that lists it; all images of a pod must share one."),
  artifact: label().describe("Its name within the release."),
  notAfter: timestamp().describe("Pods created after this moment are refused."),
});

const refusal = z.object({
  code: z.string().max(64).describe("Code of the finding, see docs/findings.md."),
  text: sentence(512).describe("What people read: what, why, who can mend it, the next command."),
});

const withheld = z.object({
  system: label().describe("The AISystem of the release."),
  release: objectName().describe("A ModelRelease that lists it and may not run."),
  code: z.string().max(64).describe("Code of the finding that keeps the release from running."),
});

const entry = z.object({
  grants: asAtomicList(z.array(grant).max(32)).optional().describe("For whom it may run; none where it is left out."),
  refused: refusal.optional().describe("Set where it may never run; refused beats every grant."),
  pending: refusal.optional().describe("Set where it may not run yet."),
  withheld: asAtomicList(z.array(withheld).max(32))
    .optional()
    .describe("What keeps releases that list it from running; beside grants to others too."),
});

const systemGate = z.object({
  tier: label().optional().describe("The system's tier."),
  gate: z.enum(["Open", "Closed"]).describe("Whether any pod of the system may start."),
  why: refusal.optional().describe("Why the gate is closed."),
  runAsNonRoot: z.enum(["Required", "Any"]).describe("Demand on every container."),
  readOnlyRootFilesystem: z.enum(["Required", "Any"]).describe("Demand on every container."),
  hostNetwork: z.enum(["Forbidden", "Any"]).describe("Demand on the pod."),
  serviceAccountToken: z.enum(["Forbidden", "Any"]).describe("Demand on the pod."),
  stopAuthority: asSet(z.array(sentence(128)).max(16))
    .optional()
    .describe("Who may stop the system, as its AISystem names them."),
});

const approvable = z.object({
  kind: z.enum(["ModelRelease", "RiskAssessment"]).describe("Kind of what may be approved."),
  name: objectName().describe("Its name."),
  uid: z.string().max(64).describe("Its uid."),
  authors: asSet(z.array(username()).max(64)).describe("Who wrote it; none of them may approve it."),
  roles: asAtomicMap(z.record(z.string().max(63), z.int().min(0).max(3650)), 16).describe(
    "Wanted roles, each with the number of days an approval may hold at most.",
  ),
});

const spec = z
  .object({
    policy: z.string().max(63).optional().describe("The AIPolicy that the namespace names in this mode."),
    images: asAtomicMap(z.record(z.string().max(71), entry), MAX_WARRANT_IMAGES)
      .optional()
      .describe("By digest: for whom the image may run, or why it may not."),
    pins: asAtomicMap(z.record(z.string().max(512), contentDigest()), MAX_WARRANT_IMAGES)
      .optional()
      .describe("Tags that releases pin, as repository:tag, each with its digest."),
    supporting: asSet(z.array(contentDigest()).max(64)).optional().describe("Digests that may run beside any model."),
    systems: asAtomicMap(z.record(z.string().max(63), systemGate), 1000)
      .optional()
      .describe("By AISystem: its gate."),
    notYet: z.enum(["Warn", "Refuse"]).default("Warn").describe("What workloads get whose image may not run yet."),
    held: asAtomicMap(z.record(z.string().max(320), objectName()), 1000)
      .optional()
      .describe("Workloads, as Kind/name, that nobody may delete while the named Incident holds them."),
    unknown: sentence(512).optional().describe("What people read about an image that no release lists."),
    approvals: asAtomicMap(z.record(z.string().max(74), approvable), MAX_WARRANT_IMAGES)
      .optional()
      .describe("By digest to approve: what it is and who may decide (only in the Warrant named approvals)."),
    formerAuthors: asAtomicMap(z.record(z.string().max(320), asSet(z.array(username()).max(64))), 1001)
      .optional()
      .describe("Authors of deleted or not approvable objects by Kind/name: deleting and re-creating launders nobody."),
  })
  .describe("The compiled gate.");

const status = z.object({}).describe("Nothing is observed: the API server reads spec.");

export const Warrant = defineKind({
  kind: "Warrant",
  plural: "warrants",
  singular: "warrant",
  shortNames: ["war"],
  namespaced: true,
  description:
    "The compiled gate of one namespace and mode: which digests may run here for which system and release, until when, or why not. Written by the operator alone and read by the API server's admission policies.",
  spec,
  status,
  columns: [
    { name: "Policy", type: "string", jsonPath: ".spec.policy", description: "The AIPolicy it was compiled from" },
    AGE_COLUMN,
  ],
  rules: [
    {
      rule: "self.metadata.name in ['enforce', 'warn', 'audit', 'approvals']",
      message: "a Warrant is named enforce, warn, audit or approvals",
    },
  ],
});
export type Warrant = ObjectOf<typeof Warrant>;
export type WarrantSpec = Warrant["spec"];
export type Grant = z.output<typeof grant>;
export type WarrantEntry = z.output<typeof entry>;
export type SystemGate = z.output<typeof systemGate>;
export type Approvable = z.output<typeof approvable>;
/** A sentence with its code, as the gate gives it to people. */
export type Refusal = z.output<typeof refusal>;
