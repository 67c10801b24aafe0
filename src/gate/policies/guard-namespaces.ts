/** Loosening the governance of a namespace takes a right; tightening is free. Sub-resources carry labels too. */
import { MODES, modeLabel } from "../../api/labels.ts";
import { FULL_ADMIN_VARIABLE, mayGovern } from "./callers.ts";
import { EVERYWHERE, type Validation, type ValidatingPolicy } from "./policy.ts";
import { type Cel, sayCel } from "./sentences.ts";

const hasLabel = (of: Cel, label: string): Cel => `(has(${of}.metadata.labels) && '${label}' in ${of}.metadata.labels)`;

function checkMode(label: string): Validation {
  const old = `oldObject.metadata.labels['${label}']`;
  const isKept = `(${hasLabel("object", label)} && object.metadata.labels['${label}'] == ${old})`;
  return {
    expression: `!${hasLabel("oldObject", label)} || ${isKept} || ${mayGovern(`string(${old})`)}`,
    message: "GovernanceLoosened",
    messageExpression: sayCel("GovernanceLoosened"),
  };
}

/** Governing labels of namespaces. */
export const GUARD_NAMESPACES: ValidatingPolicy = {
  kind: "validating",
  name: "vouchsafe-guard-namespaces",
  rules: [
    {
      apiGroups: [""],
      apiVersions: ["v1"],
      operations: ["UPDATE"],
      resources: ["namespaces", "namespaces/status", "namespaces/finalize"],
    },
  ],
  variables: [FULL_ADMIN_VARIABLE],
  param: "none",
  validations: MODES.map((mode) => checkMode(modeLabel(mode))),
  bindings: EVERYWHERE,
};
