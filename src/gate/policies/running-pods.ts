/**
 * Keeps running pods what they were when the gate judged them: image and system label. It reads no Warrant,
 * so a missing one can never keep a finalizer from being removed.
 */
import { SYSTEM_LABEL } from "../../api/labels.ts";
import { isOperator } from "./callers.ts";
import { ACTIONS, bindModes, type Operator, type ValidatingPolicy } from "./policy.ts";
import { type Cel, sayCel } from "./sentences.ts";

const isUnchanged = (field: string): Cel =>
  `(!has(object.spec.${field}) || object.spec.${field}.all(c, has(oldObject.spec.${field}) && oldObject.spec.${field}.exists(o, o.name == c.name && (has(c.image) ? has(o.image) && o.image == c.image : !has(o.image)))))`;

// The sign tells an empty label from none.
const labelOf = (of: Cel): Cel =>
  `has(${of}.metadata.labels) && '${SYSTEM_LABEL}' in ${of}.metadata.labels ? '=' + ${of}.metadata.labels['${SYSTEM_LABEL}'] : ''`;

/** Updates of pods through every door that can change them; a Binding's labels end up on its pod. */
export const toRunningPods = (operator: Operator): ValidatingPolicy => ({
  kind: "validating",
  name: "vouchsafe-running-pods",
  rules: [
    {
      apiGroups: [""],
      apiVersions: ["v1"],
      operations: ["UPDATE"],
      resources: ["pods", "pods/status", "pods/ephemeralcontainers", "pods/resize"],
    },
    { apiGroups: [""], apiVersions: ["v1"], operations: ["CREATE"], resources: ["pods/binding", "bindings"] },
  ],
  variables: [
    { name: "label", expression: labelOf("object") },
    { name: "oldLabel", expression: `oldObject == null ? '' : (${labelOf("oldObject")})` },
  ],
  param: "none",
  validations: [
    {
      expression: `oldObject == null || (${isUnchanged("containers")} && ${isUnchanged("initContainers")})`,
      message: "RunningImageChanged",
      messageExpression: sayCel("RunningImageChanged"),
    },
    {
      expression: `variables.label == variables.oldLabel || ${isOperator(operator)}`,
      message: "SystemLabelGuarded",
      messageExpression: sayCel("SystemLabelGuarded"),
    },
  ],
  bindings: bindModes(ACTIONS),
});
