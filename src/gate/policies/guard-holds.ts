/**
 * What an incident holds is not to be lost: a workload that was rolled back is not deleted by a tool that would make it
 * anew from what was revoked, and what was recorded of it is written by the operator alone.
 */
import { IS_CLEANER, IS_CLEANUP, isOperator } from "./callers.ts";
import { isOurs } from "./guard-fence.ts";
import { ACTIONS, EVERYWHERE, type Operator, type ValidatingPolicy, WRITES } from "./policy.ts";
import { type Cel, sayCel } from "./sentences.ts";

/** request.name is empty where many are deleted at once. */
const WORKLOAD: Cel = "request.kind.kind + '/' + oldObject.metadata.name";

/** Deletion of workloads that the Warrant lists as held. With its namespace everything goes. */
export const guardHolds = (operator: Operator): ValidatingPolicy => ({
  kind: "validating",
  name: "vouchsafe-guard-holds",
  rules: [
    {
      apiGroups: ["apps"],
      apiVersions: ["v1"],
      operations: ["DELETE"],
      resources: ["deployments", "statefulsets", "daemonsets"],
    },
    { apiGroups: ["batch"], apiVersions: ["v1"], operations: ["DELETE"], resources: ["jobs", "cronjobs"] },
  ],
  matchConditions: [{ name: "is-no-operator", expression: `!(${isOperator(operator)} || ${IS_CLEANUP})` }],
  param: "Warrant",
  validations: [
    {
      expression: `!has(params.spec.held) || !(${WORKLOAD} in params.spec.held)`,
      message: "HoldGuarded",
      messageExpression: sayCel("HoldGuarded", {
        workload: WORKLOAD,
        incident: `string(params.spec.held[${WORKLOAD}])`,
        namespace: "request.namespace",
      }),
    },
  ],
  bindings: [
    { suffix: "enforce", mode: "enforce", actions: ACTIONS.enforce, reads: { name: "enforce", missing: "Allow" } },
  ],
});

/** A ControllerRevision has no spec; what it holds is its data. */
const IS_UNTYING_RECORD: Cel = `(request.operation == 'UPDATE' && ${IS_CLEANER} && ${isOurs("object")} && object.data == oldObject.data)`;

/** Last-known-good states and frozen evidence. */
export const guardRevisions = (operator: Operator): ValidatingPolicy => ({
  kind: "validating",
  name: "vouchsafe-guard-revisions",
  rules: [{ apiGroups: ["apps"], apiVersions: ["v1"], operations: WRITES, resources: ["controllerrevisions"] }],
  matchConditions: [{ name: "is-record", expression: `${isOurs("object")} || ${isOurs("oldObject")}` }],
  param: "none",
  validations: [
    {
      expression: `${isOperator(operator)} || ${IS_CLEANUP} || ${IS_UNTYING_RECORD}`,
      message: "RevisionGuarded",
      messageExpression: sayCel("RevisionGuarded"),
    },
  ],
  bindings: EVERYWHERE,
});
