/** Guards of what the gate rests on: Warrants and statuses are the operator's, decisions are never changed. */
import { FULL_ADMIN_VARIABLE, IS_CLEANUP, IS_UNTYING, isOperator, isRequester, mayGovern } from "./callers.ts";
import { EVERYWHERE, type Operator, ownResources, type ValidatingPolicy, WRITES } from "./policy.ts";
import { sayCel } from "./sentences.ts";

/** Warrants are written by the operator alone, through every door. */
export const guardWarrants = (operator: Operator): ValidatingPolicy => ({
  kind: "validating",
  name: "vouchsafe-guard-warrants",
  rules: [ownResources(WRITES, "warrants", "warrants/*")],
  param: "none",
  validations: [
    {
      expression: `${isOperator(operator)} || ${IS_CLEANUP} || ${IS_UNTYING}`,
      message: "WarrantGuarded",
      messageExpression: sayCel("WarrantGuarded", { namespace: "request.namespace" }),
    },
  ],
  bindings: EVERYWHERE,
});

/** Statuses carry facts that approvals and authors rest on. */
export const guardStatus = (operator: Operator): ValidatingPolicy => ({
  kind: "validating",
  name: "vouchsafe-guard-status",
  rules: [ownResources(["UPDATE"], "*/status")],
  param: "none",
  validations: [
    { expression: isOperator(operator), message: "StatusGuarded", messageExpression: sayCel("StatusGuarded") },
  ],
  bindings: EVERYWHERE,
});

const DECISIONS = ["approvals", "revocations", "clusterrevocations"];

/** Decisions are never changed; no record is deleted but by those who may govern records. */
export const GUARD_RECORDS: ValidatingPolicy = {
  kind: "validating",
  name: "vouchsafe-guard-records",
  rules: [ownResources(["UPDATE", "DELETE"], ...DECISIONS), ownResources(["DELETE"], "stops", "incidents")],
  variables: [FULL_ADMIN_VARIABLE],
  param: "none",
  validations: [
    {
      expression: "request.operation != 'UPDATE' || object.spec == oldObject.spec",
      message: "RecordImmutable",
      messageExpression: sayCel("RecordImmutable"),
    },
    {
      expression: `request.operation != 'DELETE' || ${IS_CLEANUP} || ${mayGovern("'records'")}`,
      message: "RecordDeletionGuarded",
      messageExpression: sayCel("RecordDeletionGuarded"),
    },
  ],
  bindings: EVERYWHERE,
};

/** A Revocation names its author truly, or nobody where the API server cannot stamp. */
export const GUARD_REVOKERS: ValidatingPolicy = {
  kind: "validating",
  name: "vouchsafe-guard-revokers",
  rules: [ownResources(["CREATE"], "revocations", "clusterrevocations")],
  param: "none",
  validations: [
    {
      expression: `!has(object.spec.by) || ${isRequester("object.spec.by")}`,
      message: "RevokerFalse",
      messageExpression: sayCel("RevokerFalse"),
    },
  ],
  bindings: EVERYWHERE,
};
