/** Incident: a breach, near miss, concern, nonconformity or drill, with its clocks and what people found. */
import { z } from "zod";
import {
  calendarDate,
  conditions,
  contentDigest,
  label,
  objectName,
  prose,
  sentence,
  timestamp,
  withRules,
} from "./fields.ts";
import { AGE_COLUMN } from "./columns.ts";
import { defineKind, type ObjectOf } from "./kind.ts";

const spec = z
  .object({
    system: label().describe("Name of the AISystem in this namespace."),
    release: objectName().optional().describe("The ModelRelease concerned."),
    type: z.enum(["breach", "nearMiss", "concern", "nonconformity", "drill"]).describe("What kind of event it is."),
    severity: z.enum(["minor", "major", "critical"]).describe("How bad it is."),
    summary: sentence().describe("What happened, in one sentence."),
    digests: z
      .array(contentDigest())
      .max(64)
      .meta({ "x-kubernetes-list-type": "set" })
      .optional()
      .describe("Digests concerned."),
    occurredAt: timestamp().optional().describe("When it happened, as far as known."),
    detectedAt: timestamp().describe("When it was noticed."),
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
      .describe("What people found out and did; an incident closes only with cause, action and check."),
  })
  .describe("What is known about the event.");

const status = z
  .object({
    observedGeneration: z.int().min(0).optional().describe("The generation this status was decided for."),
    conditions: conditions(),
  })
  .describe("What the operator observed.");

export const Incident = defineKind({
  kind: "Incident",
  plural: "incidents",
  singular: "incident",
  shortNames: ["inc"],
  namespaced: true,
  description:
    "A breach, near miss, concern, nonconformity or drill around one AISystem: when it was noticed, how bad it is, its cause, the action taken and the check of its effect.",
  spec: withRules(spec, {
    rule: "self.system == oldSelf.system && self.detectedAt == oldSelf.detectedAt",
    message: "an incident keeps its system and the moment it was noticed",
  }).describe("What is known about the event."),
  status,
  columns: [
    { name: "System", type: "string", jsonPath: ".spec.system", description: "The AISystem" },
    { name: "Type", type: "string", jsonPath: ".spec.type", description: "Kind of event" },
    { name: "Severity", type: "string", jsonPath: ".spec.severity", description: "How bad it is" },
    {
      name: "Closed",
      type: "string",
      jsonPath: '.status.conditions[?(@.type=="Closed")].status',
      description: "Whether cause, action and check are all there",
    },
    { name: "Summary", type: "string", jsonPath: ".spec.summary", description: "What happened", priority: 1 },
    AGE_COLUMN,
  ],
  rules: [],
});
export type Incident = ObjectOf<typeof Incident>;
