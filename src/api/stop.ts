/** Stop: a person's order that a system stands still, in force in the API server from the moment it is created. */
import * as z from "zod";
import { stampedUser } from "./approval.ts";
import { AGE_COLUMN } from "./columns.ts";
import { conditions, label, sentence, withRules } from "./fields.ts";
import { defineKind, type ObjectOf } from "./kind.ts";

const spec = withRules(
  z.object({
    system: label().describe("The AISystem that has to stand still."),
    authority: sentence(128).describe(
      "The entry of the system's oversight.stopAuthority in whose name it is ordered: RBAC verb use on stopauthorities, by this name.",
    ),
    reason: sentence().describe("Why; people whose pods are refused read it."),
    by: stampedUser().optional().describe("Who orders it: stamped by the API server, or checked against it."),
    resumed: z
      .object({
        authority: sentence(128).describe("The entry of stopAuthority in whose name it is lifted."),
        reason: sentence().describe("Why the system may run again."),
      })
      .optional()
      .describe("Set once, to lift the order; the record stays."),
  }),
  {
    rule: "self.system == oldSelf.system && self.authority == oldSelf.authority && self.reason == oldSelf.reason && has(self.by) == has(oldSelf.by) && (!has(self.by) || self.by == oldSelf.by)",
    message: "a Stop is never changed, only lifted: vouchsafe resume",
  },
  {
    rule: "!has(oldSelf.resumed) || (has(self.resumed) && self.resumed == oldSelf.resumed)",
    message: "a Stop that was lifted stays lifted: create another one",
  },
).describe("The order.");

const status = z.object({ conditions: conditions() }).describe("What the operator observed.");

export const Stop = defineKind({
  kind: "Stop",
  plural: "stops",
  singular: "stop",
  shortNames: ["stp"],
  namespaced: true,
  description:
    "A person's order that an AI system stands still. From its creation on the API server refuses pods of the system, with the operator up or down; the operator freezes evidence and ends the pods that run. vouchsafe resume lifts it.",
  spec,
  status,
  columns: [
    { name: "System", type: "string", jsonPath: ".spec.system", description: "The system that stands still" },
    { name: "By", type: "string", jsonPath: ".spec.by.username", description: "By whom" },
    { name: "Reason", type: "string", jsonPath: ".spec.reason", description: "Why" },
    { name: "Resumed", type: "string", jsonPath: ".spec.resumed.reason", description: "Why it was lifted" },
    AGE_COLUMN,
  ],
  rules: [],
});
export type Stop = ObjectOf<typeof Stop>;
