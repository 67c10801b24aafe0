/** AISystem: the inventory entry of one AI system, its impact and the network flows it may have. */
import * as z from "zod";
import {
  approvalDigest,
  asAtomicMap,
  asSet,
  conditions,
  consequence,
  contentDigest,
  keyedBy,
  label,
  notApproved,
  objectName,
  prose,
  sentence,
  withRules,
} from "./fields.ts";
import { AGE_COLUMN, MESSAGE_COLUMN, readyColumn, REASON_COLUMN } from "./columns.ts";
import { systemGitHub } from "./github.ts";
import { defineKind, type ObjectOf } from "./kind.ts";

/** What Kubernetes takes as the key of a label, without the bounds of its parts. */
const LABEL_KEY =
  "^([a-z0-9]([-a-z0-9]*[a-z0-9])?([.][a-z0-9]([-a-z0-9]*[a-z0-9])?)*/)?[A-Za-z0-9]([-A-Za-z0-9_.]{0,61}[A-Za-z0-9])?$";
/** What Kubernetes takes as the value of a label. */
const LABEL_VALUE = /^(([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9])?$/;

/** Labels that a selector asks for. A CRD has no place for a pattern of keys, so that is a rule. */
const podLabels = () =>
  withRules(
    asAtomicMap(z.record(z.string().max(317).regex(new RegExp(LABEL_KEY)), z.string().max(63).regex(LABEL_VALUE)), 16),
    {
      rule: `self.all(k, k.matches('${LABEL_KEY}') && (!k.contains('/') || k.indexOf('/') <= 253))`,
      message: "pods must name labels as Kubernetes takes them",
    },
  );

const peer = withRules(
  z.object({
    namespace: label()
      .optional()
      .describe("Name of the peer's namespace; the system's own where it is left out beside pods."),
    pods: podLabels()
      .optional()
      .describe("Labels that all peer pods carry; every pod of the namespace where it is left out."),
    cidr: z
      .string()
      .max(64)
      .meta({ format: "cidr" })
      .optional()
      .describe("Address range outside the cluster, such as 10.20.0.0/24."),
  }),
  {
    rule: "has(self.cidr) != (has(self.namespace) || has(self.pods))",
    message: "name either a cidr, or a namespace and/or pods",
  },
);

const flowFields = {
  name: label().describe("Name of the flow, used in the name of its NetworkPolicy rule and in messages."),
  ports: asSet(z.array(z.int().min(1).max(65535)).min(1).max(32)).describe("Destination ports."),
  protocol: z.enum(["TCP", "UDP", "SCTP"]).default("TCP").describe("Transport protocol of all these ports."),
};

const ingressFlow = z.object({ ...flowFields, from: peer.describe("Who may connect.") });
const egressFlow = z.object({ ...flowFields, to: peer.describe("What may be connected to.") });

const spec = z
  .object({
    owner: z
      .object({
        team: sentence(128).describe("The team that owns the system."),
        contact: notApproved(sentence(256)).describe("Where to reach the team; not part of what is approved."),
      })
      .describe("Who owns the system and where to reach them."),
    accountable: sentence(256).describe("The person or function that answers for the system."),
    purpose: prose(2048).describe("What the system is for and what it is not for."),
    role: z
      .enum(["provider", "deployer", "both"])
      .describe("The organisation's role: does it provide the system to others, deploy it, or both."),
    lifecycle: z
      .enum(["design", "development", "validation", "production", "retired"])
      .describe("Where the system stands in its life; nothing of a retired system may run."),
    uses: asSet(z.array(label()).max(32))
      .optional()
      .describe("Kinds of use, in the words of the organisation's AIPolicy, which may prohibit some."),
    impact: z
      .object({
        safety: consequence().describe("Worst credible consequence for people's health and safety."),
        rights: consequence().describe("Worst credible consequence for people's rights."),
        privacy: consequence().describe("Worst credible consequence for people's privacy."),
        fairness: consequence().describe("Worst credible consequence for fair treatment."),
        security: consequence().describe("Worst credible consequence for security."),
      })
      .describe("Worst credible consequences; the highest sets the tier."),
    dataFlows: z
      .object({
        ingress: keyedBy(z.array(ingressFlow).max(32), "name").optional().describe("Connections to the system."),
        egress: keyedBy(z.array(egressFlow).max(32), "name").optional().describe("Connections from the system."),
      })
      .optional()
      .describe("The only network flows the system may have; every other is refused."),
    oversight: z
      .object({
        stopAuthority: asSet(z.array(sentence(128)).min(1).max(16)).describe("Who may stop the system."),
      })
      .describe("How people keep control."),
    github: systemGitHub().optional().describe("Where the system's manifests are kept, and what is done there."),
    links: notApproved(
      keyedBy(
        z
          .array(
            z.object({
              name: label().describe("Name of the link."),
              url: z.string().max(1024).meta({ format: "uri" }).describe("Where it leads."),
            }),
          )
          .max(32),
        "name",
      ),
    )
      .optional()
      .describe("Documents and dashboards; not part of what is approved."),
  })
  .describe("What the product team declares.");

const status = z
  .object({
    observedGeneration: z.int().min(0).optional().describe("The generation this status was decided for."),
    tier: label().optional().describe("The policy tier that the impact falls into."),
    specDigest: contentDigest().optional().describe("Digest of the approved part of spec; approvals rest on it."),
    release: objectName().optional().describe("The newest release that may run."),
    approved: z
      .object({
        digest: contentDigest().describe("specDigest under which assessment and a release were last approved."),
        tier: label().describe("The tier then."),
        impact: consequence().describe("The highest impact then; an edit that raises it has no grace."),
        flows: approvalDigest().describe("Digest of the data flows then; an edit that changes them has no grace."),
      })
      .optional()
      .describe("The content on which the last complete approval rests."),
    conditions: conditions(),
  })
  .describe("What the operator observed.");

export const AISystem = defineKind({
  kind: "AISystem",
  plural: "aisystems",
  singular: "aisystem",
  shortNames: ["ais"],
  namespaced: true,
  description:
    "An AI system in the inventory: who owns it, what it is for, what it can do to people, and which network flows it may have. Its pods carry the label vouchsafe.dev/system with its name.",
  spec,
  status,
  columns: [
    { name: "Tier", type: "string", jsonPath: ".status.tier", description: "Policy tier of the impact" },
    { name: "Release", type: "string", jsonPath: ".status.release", description: "Newest release that may run" },
    readyColumn("Whether a release of the system may run"),
    REASON_COLUMN,
    { name: "Owner", type: "string", jsonPath: ".spec.owner.team", description: "Owning team", priority: 1 },
    MESSAGE_COLUMN,
    AGE_COLUMN,
  ],
  rules: [
    {
      rule: "size(self.metadata.name) <= 63",
      message: "the name must fit a label value: 63 characters at most",
    },
  ],
});
export type AISystem = ObjectOf<typeof AISystem>;
/** One end of a data flow. */
export type Peer = z.output<typeof peer>;
