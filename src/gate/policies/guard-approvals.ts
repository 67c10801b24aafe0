/**
 * An Approval is judged when it is made, against the Warrant `approvals` of its namespace: true name, entitled by
 * RBAC, no author of the change, for content that is asked for now, in a wanted role, within the allowed time.
 */
import { isOperator, isRequester, mayApproveAs } from "./callers.ts";
import { type Operator, ownResources, type ValidatingPolicy } from "./policy.ts";
import { sayCel, showCel } from "./sentences.ts";

const SPEC = "object.spec";
const TARGET = `(${SPEC}.target.kind + ' ' + ${SPEC}.target.name)`;
const IS_WITHDRAWAL = `${SPEC}.decision == 'withdraw'`;
/** Only what opens something has to come from somebody who did not write it, and has to end. */
const OPENS = `${SPEC}.decision in ['approve', 'accept']`;

/** Judges the creation of Approvals. Where nothing may be approved there is no Warrant, and none is taken. */
export const guardApprovals = (operator: Operator): ValidatingPolicy => ({
  kind: "validating",
  name: "vouchsafe-guard-approvals",
  rules: [ownResources(["CREATE"], "approvals")],
  variables: [
    { name: "wanted", expression: "has(params.spec.approvals) ? params.spec.approvals : {}" },
    {
      name: "isKnown",
      expression: `${SPEC}.target.digest in variables.wanted && variables.wanted[${SPEC}.target.digest].kind == ${SPEC}.target.kind && variables.wanted[${SPEC}.target.digest].name == ${SPEC}.target.name`,
    },
    { name: "roles", expression: `variables.isKnown ? variables.wanted[${SPEC}.target.digest].roles : {}` },
    { name: "authors", expression: `variables.isKnown ? variables.wanted[${SPEC}.target.digest].authors : []` },
  ],
  param: "Warrant",
  validations: [
    {
      // Whose review it is, GitHub told the operator; for everybody else the API server tells.
      expression: `has(${SPEC}.approver) && (${SPEC}.source == 'GitHub' ? ${isOperator(operator)} : ${isRequester(`${SPEC}.approver`)})`,
      message: "ApproverFalse",
      messageExpression: sayCel("ApproverFalse"),
    },
    {
      // In which role a review counts, the AIPolicy says.
      expression: `${SPEC}.source == 'GitHub' || ${mayApproveAs(`${SPEC}.role`)}`,
      message: "ApproverUnentitled",
      messageExpression: sayCel("ApproverUnentitled", { role: showCel(`${SPEC}.role`) }),
    },
    {
      expression: `${IS_WITHDRAWAL} || variables.isKnown`,
      message: "ApprovalDigestUnknown",
      messageExpression: sayCel("ApprovalDigestUnknown", { target: TARGET }),
    },
    {
      expression: `!(${OPENS}) || !(has(${SPEC}.approver) && ${SPEC}.approver.username in variables.authors)`,
      message: "ApproverIsAuthor",
      messageExpression: sayCel("ApproverIsAuthor"),
    },
    {
      expression: `${IS_WITHDRAWAL} || ${SPEC}.role in variables.roles`,
      message: "ApprovalRoleNotWanted",
      messageExpression: sayCel("ApprovalRoleNotWanted", { target: TARGET, role: showCel(`${SPEC}.role`) }),
    },
    {
      expression: `!(${OPENS}) || (timestamp(${SPEC}.until) > timestamp(object.metadata.creationTimestamp) && (!(${SPEC}.role in variables.roles) || timestamp(${SPEC}.until) <= timestamp(object.metadata.creationTimestamp) + duration(string(variables.roles[${SPEC}.role] * 24) + 'h')))`,
      message: "ApprovalTooLong",
      messageExpression: sayCel("ApprovalTooLong", { role: showCel(`${SPEC}.role`) }),
    },
  ],
  bindings: [{ suffix: "everywhere", actions: ["Deny", "Audit"], reads: { name: "approvals", missing: "Deny" } }],
});
