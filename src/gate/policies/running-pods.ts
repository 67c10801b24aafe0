/**
 * Keeps running pods what they were when the gate judged them, image and system label, and those in quarantine where
 * the operator put them. It reads no Warrant, so a missing one can never keep a finalizer from being removed.
 */
import { LABELS_BEFORE_ANNOTATION, QUARANTINE_LABEL, SYSTEM_LABEL } from "../../api/labels.ts";
import { isOperator } from "./callers.ts";
import { ACTIONS, bindModes, type Operator, type ValidatingPolicy } from "./policy.ts";
import { type Cel, sayCel } from "./sentences.ts";

const isUnchanged = (field: string): Cel =>
  `(!has(object.spec.${field}) || object.spec.${field}.all(c, has(oldObject.spec.${field}) && oldObject.spec.${field}.exists(o, o.name == c.name && (has(c.image) ? has(o.image) && o.image == c.image : !has(o.image)))))`;

// The sign tells an empty value from none.
const readMark = (of: Cel, field: "labels" | "annotations", key: string): Cel =>
  `(has(${of}.metadata.${field}) && '${key}' in ${of}.metadata.${field} ? '=' + ${of}.metadata.${field}['${key}'] : '')`;

const labelOf = (of: Cel): Cel => readMark(of, "labels", SYSTEM_LABEL);
/** What the operator writes on a pod that it contains, and reads again when it sets the pod free. */
const marksOf = (of: Cel): Cel =>
  `[${readMark(of, "labels", QUARANTINE_LABEL)}, ${readMark(of, "annotations", LABELS_BEFORE_ANNOTATION)}]`;
const labelsOf = (of: Cel): Cel => `(has(${of}.metadata.labels) ? ${of}.metadata.labels : {})`;

/** Pods through every door that can change them; a Binding's labels and annotations end up on its pod. */
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
    { name: "oldLabel", expression: `oldObject == null ? '' : ${labelOf("oldObject")}` },
    { name: "marks", expression: marksOf("object") },
    { name: "oldMarks", expression: `oldObject == null ? ['', ''] : ${marksOf("oldObject")}` },
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
    {
      expression: `(variables.marks == variables.oldMarks && (variables.oldMarks[0] == '' || ${labelsOf("object")} == ${labelsOf("oldObject")})) || ${isOperator(operator)}`,
      message: "QuarantineGuarded",
      messageExpression: sayCel("QuarantineGuarded"),
    },
  ],
  bindings: bindModes(ACTIONS),
});
