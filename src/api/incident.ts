/** Incident: a breach, near miss, concern, nonconformity or drill: its clocks, what was done, what people found. */
import * as z from "zod";
import { AGE_COLUMN } from "./columns.ts";
import {
  asAtomicList,
  asAtomicMap,
  asSet,
  calendarDate,
  conditions,
  contentDigest,
  keyedBy,
  label,
  objectName,
  prose,
  sentence,
  timestamp,
  withRules,
} from "./fields.ts";
import { defineKind, type ObjectOf } from "./kind.ts";
import { BREACHES, RUNGS } from "./reaction.ts";

const spec = withRules(
  z.object({
    system: label().optional().describe("Name of the AISystem in this namespace; left out where none is concerned."),
    release: objectName().optional().describe("The ModelRelease concerned."),
    type: z.enum(["breach", "nearMiss", "concern", "nonconformity", "drill"]).describe("What kind of event it is."),
    breach: z.enum(BREACHES).optional().describe("How something that runs stopped being vouched for."),
    severity: z.enum(["minor", "major", "critical"]).describe("How bad it is."),
    summary: sentence().describe("What happened, in one sentence."),
    digests: asSet(z.array(contentDigest()).max(64)).optional().describe("Digests concerned."),
    occurredAt: timestamp().optional().describe("When it happened, as far as known."),
    detectedAt: timestamp().describe("When it was noticed."),
    order: objectName().optional().describe("The Stop that it carries out."),
    go: keyedBy(
      z
        .array(
          z.object({
            rung: z.enum(RUNGS).describe("The rung that may be taken."),
            authority: sentence(128).describe("The entry of stopAuthority in whose name."),
          }),
        )
        .max(RUNGS.length),
      "rung",
    )
      .optional()
      .describe("Rungs that wait for a person and may go ahead: vouchsafe incident go."),
    review: z
      .object({
        cause: prose(2048).optional().describe("The cause that people found."),
        action: prose(2048).optional().describe("What is done so that it does not happen again."),
        check: z
          .object({
            due: calendarDate().describe("When the action's effect is checked."),
            result: prose(2048).optional().describe("What the check showed."),
          })
          .optional()
          .describe("The check of the action's effect (ISO/IEC 42001, 10.2)."),
      })
      .optional()
      .describe("What people found out and did."),
    state: z.enum(["Open", "Closed"]).default("Open").describe("Closed by people, for good."),
  }),
  {
    rule: "self.detectedAt == oldSelf.detectedAt && has(self.system) == has(oldSelf.system) && (!has(self.system) || self.system == oldSelf.system) && has(self.breach) == has(oldSelf.breach) && (!has(self.breach) || self.breach == oldSelf.breach)",
    message: "an incident keeps its system, its breach and the moment it was noticed",
  },
  {
    rule: "self.state == 'Open' || (has(self.review) && has(self.review.cause) && has(self.review.action) && has(self.review.check) && has(self.review.check.result))",
    message: "an incident closes only with cause, action and the result of a check: vouchsafe incident review",
  },
  { rule: "oldSelf.state == 'Open' || self.state == 'Closed'", message: "a closed incident stays closed" },
  {
    rule: "oldSelf.state == 'Open' || (self.summary == oldSelf.summary && self.severity == oldSelf.severity && has(self.review) == has(oldSelf.review) && (!has(self.review) || self.review == oldSelf.review) && has(self.go) == has(oldSelf.go) && (!has(self.go) || self.go == oldSelf.go))",
    message: "the record of a closed incident is never changed: open another one",
  },
);

/** How far one rung came. */
export const RESULTS = ["Started", "Done", "Waiting", "Failed", "NotSupported", "TakenBack"] as const;

const action = z.object({
  rung: z.enum(RUNGS).describe("The rung of the ladder."),
  target: z.string().min(1).max(317).describe("What it was done to: Pods, or Kind/name of a workload."),
  startedAt: timestamp().describe("When it was begun."),
  doneAt: timestamp().optional().describe("When it was observed to be done."),
  result: z.enum(RESULTS).describe("How far it came."),
  observed: sentence().describe("What was observed, never what was intended."),
});

/** The most digests that one rollback tells of. */
export const MAX_SWAPS = 32;

const workload = z.object({
  kind: z.enum(["Deployment", "StatefulSet", "DaemonSet", "Job", "CronJob"]).describe("Its kind."),
  name: objectName().describe("Its name."),
  uid: z.string().max(64).describe("Its uid."),
  hold: z.enum(["Held", "Released"]).describe("Held: others may not delete it, and may not bring the digests back."),
  to: objectName().optional().describe("The ModelRelease that it was rolled back to."),
  snapshot: objectName().optional().describe("The last-known-good ControllerRevision that it was rolled back to."),
  replicas: z.int().min(0).optional().describe("Replicas before it was throttled."),
  suspended: z.enum(["ByUs"]).optional().describe("Set on a Job or CronJob that was suspended here."),
  rollbacks: z.int().min(0).optional().describe("How often others put it back after a rollback here."),
  swaps: asAtomicMap(z.record(z.string().max(71), contentDigest()), MAX_SWAPS)
    .optional()
    .describe("Digests that were replaced, each with what took its place."),
});

/** The most workloads that one Incident names. */
export const MAX_WORKLOADS = 64;
/** How often evidence is frozen for one Incident at most. */
export const MAX_FREEZES = 6;
/** The most actions that one Incident tells of. */
export const MAX_ACTIONS = 256;

const frozen = z.object({
  what: label().describe("What was frozen, such as pods or events."),
  name: objectName().describe("The ControllerRevision that holds it."),
  digest: contentDigest().describe("SHA-256 of its canonical JSON (RFC 8785)."),
  objects: z.int().min(0).describe("How many objects it holds."),
  pods: asAtomicList(z.array(objectName()).max(256)).optional().describe("The pods that it tells of."),
});

const status = z
  .object({
    observedGeneration: z.int().min(0).optional().describe("The generation this status was decided for."),
    tier: label()
      .optional()
      .describe("The tier whose ladder it climbs: the one that was in force when it was noticed."),
    pods: asAtomicList(z.array(objectName()).max(256))
      .optional()
      .describe("Pods in breach when it was noticed; at most 256 are named."),
    workloads: keyedBy(z.array(workload).max(MAX_WORKLOADS), "kind", "name")
      .optional()
      .describe("Workloads that run it."),
    actions: keyedBy(z.array(action).max(MAX_ACTIONS), "rung", "target")
      .optional()
      .describe("What was done, in order."),
    frozen: keyedBy(z.array(frozen).max(32), "what").optional().describe("Frozen evidence, by digest."),
    timeline: z
      .object({
        refused: sentence(16).optional().describe("From notice until the API server refuses it."),
        quarantined: sentence(16).optional().describe("From notice until every pod is quarantined."),
        leftServices: sentence(16).optional().describe("From notice until no EndpointSlice names a pod of it."),
        frozen: sentence(16).optional().describe("From notice until evidence is frozen."),
        rolledBack: sentence(16).optional().describe("From notice until every workload was rolled back."),
        restored: sentence(16).optional().describe("From notice until vouched pods serve again."),
      })
      .optional()
      .describe("How long each step took, in seconds."),
    pullRequest: z
      .object({
        state: z.enum(["Proposed", "Queued", "Failed", "NotNeeded"]).describe("Whether the pull request is there."),
        url: z.string().max(512).optional().describe("Where it is."),
        number: z.int().min(1).optional().describe("Its number."),
        at: timestamp().describe("When it was last looked at."),
        message: sentence().describe("What was observed."),
      })
      .optional()
      .describe("The pull request that makes Git true again."),
    conditions: conditions(),
  })
  .describe("What the operator observed.");

const condition = (name: string, description: string) => ({
  name,
  type: "string" as const,
  jsonPath: `.status.conditions[?(@.type=="${name}")].status`,
  description,
});

export const Incident = defineKind({
  kind: "Incident",
  plural: "incidents",
  singular: "incident",
  shortNames: ["inc"],
  namespaced: true,
  description:
    "A breach, near miss, concern, nonconformity or drill around one AISystem: when it was noticed, how bad it is, what was done in what time, the frozen evidence, its cause, the action taken and the check of its effect.",
  spec: spec.describe("What is known about the event."),
  status,
  columns: [
    { name: "System", type: "string", jsonPath: ".spec.system", description: "The AISystem" },
    { name: "Type", type: "string", jsonPath: ".spec.type", description: "Kind of event" },
    { name: "Breach", type: "string", jsonPath: ".spec.breach", description: "How vouching was lost" },
    { name: "Severity", type: "string", jsonPath: ".spec.severity", description: "How bad it is" },
    condition("Contained", "Whether what is in breach serves nobody any more"),
    condition("Restored", "Whether vouched pods serve again"),
    { name: "State", type: "string", jsonPath: ".spec.state", description: "Whether people closed it" },
    { name: "Summary", type: "string", jsonPath: ".spec.summary", description: "What happened", priority: 1 },
    AGE_COLUMN,
  ],
  rules: [],
});
export type Incident = ObjectOf<typeof Incident>;
export type IncidentStatus = NonNullable<Incident["status"]>;
/** One rung as it was taken. */
export type IncidentAction = z.output<typeof action>;
/** A workload that runs what is in breach. */
export type IncidentWorkload = z.output<typeof workload>;
export type FrozenPiece = z.output<typeof frozen>;
