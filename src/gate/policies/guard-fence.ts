/**
 * Keeps the fence whole: its NetworkPolicies are the operator's, and since policies only ever add up, a foreign
 * one that allows anything is refused in enforced namespaces unless its author may govern them.
 */
import { MANAGED_BY, MANAGED_BY_LABEL, modeLabel } from "../../api/labels.ts";
import { FULL_ADMIN_VARIABLE, IS_CLEANUP, IS_UNTYING, isOperator, mayGovern } from "./callers.ts";
import { ACTIONS, type Operator, type ValidatingPolicy, WRITES } from "./policy.ts";
import { type Cel, sayCel } from "./sentences.ts";

/** Whether an object is one that the operator keeps. */
export const isOurs = (of: Cel): Cel =>
  `(${of} != null && has(${of}.metadata.labels) && '${MANAGED_BY_LABEL}' in ${of}.metadata.labels && ${of}.metadata.labels['${MANAGED_BY_LABEL}'] == '${MANAGED_BY}')`;

const ALLOWS = ["ingress", "egress"]
  .map((way) => `(has(object.spec.${way}) && size(object.spec.${way}) > 0)`)
  .join(" || ");

/** NetworkPolicies in enforced namespaces. */
export const guardFence = (operator: Operator): ValidatingPolicy => ({
  kind: "validating",
  name: "vouchsafe-guard-fence",
  rules: [
    { apiGroups: ["networking.k8s.io"], apiVersions: ["v1"], operations: WRITES, resources: ["networkpolicies"] },
  ],
  matchConditions: [
    { name: "is-no-operator", expression: `!(${isOperator(operator)} || ${IS_CLEANUP} || ${IS_UNTYING})` },
  ],
  variables: [FULL_ADMIN_VARIABLE],
  param: "none",
  validations: [
    {
      expression: `!${isOurs("object")} && !${isOurs("oldObject")}`,
      message: "FenceGuarded",
      messageExpression: sayCel("FenceGuarded"),
    },
    {
      expression: `request.operation == 'DELETE' || (oldObject != null && object.spec == oldObject.spec) || !(${ALLOWS}) || ${mayGovern(`string(namespaceObject.metadata.labels['${modeLabel("enforce")}'])`)}`,
      message: "ForeignPolicyAllows",
      messageExpression: sayCel("ForeignPolicyAllows"),
    },
  ],
  bindings: [{ suffix: "enforce", mode: "enforce", actions: ACTIONS.enforce }],
});
