/**
 * The gate at the level of Deployments and the like. What may never run is refused there, so that no tool puts it
 * back; what may not run yet only warns, so that a waiting rollout goes on by itself once people approved. On
 * UPDATE only images that the update brings in are judged, and without a Warrant the pods are refused anyway.
 */
import {
  IMAGE_VARIABLES,
  listImages,
  PENDING,
  readSystem,
  REFUSED,
  SYSTEM_STEPS,
  UNKNOWN,
  UNPINNED,
} from "./images.ts";
import { ACTIONS, bindModes, type ResourceRule, type ValidatingPolicy } from "./policy.ts";
import { type Cel, firstOf } from "./sentences.ts";

const WORKLOADS: ResourceRule[] = [
  {
    apiGroups: ["apps"],
    apiVersions: ["v1"],
    operations: ["CREATE", "UPDATE"],
    resources: ["deployments", "statefulsets", "daemonsets", "replicasets"],
  },
  { apiGroups: ["batch"], apiVersions: ["v1"], operations: ["CREATE", "UPDATE"], resources: ["jobs", "cronjobs"] },
  { apiGroups: [""], apiVersions: ["v1"], operations: ["CREATE", "UPDATE"], resources: ["replicationcontrollers"] },
];

const templateOf = (of: Cel): Cel =>
  `(has(${of}.spec.jobTemplate) ? ${of}.spec.jobTemplate.spec.template : ${of}.spec.template)`;

const hasTemplate: Cel = "has(object.spec.jobTemplate) || has(object.spec.template)";

const VARIABLES = [
  { name: "template", expression: templateOf("object") },
  { name: "named", expression: listImages("variables.template.spec") },
  {
    name: "before",
    expression: `oldObject == null ? [] : (\n${listImages(`${templateOf("oldObject")}.spec`)})`,
  },
  { name: "judged", expression: "variables.named.filter(i, !(i in variables.before))" },
  ...IMAGE_VARIABLES,
  {
    name: "system",
    expression: `has(variables.template.metadata) ? (${readSystem("variables.template.metadata")}) : ''`,
  },
  { name: "never", expression: firstOf([REFUSED]) },
  {
    name: "notYet",
    expression: `variables.never != '' ? '' : (${firstOf([UNPINNED, UNKNOWN, PENDING, ...SYSTEM_STEPS])})`,
  },
];

const common = {
  kind: "validating",
  rules: WORKLOADS,
  matchConditions: [{ name: "has-template", expression: hasTemplate }],
  variables: VARIABLES,
  param: "Warrant",
} as const;

/** Refuses what may never run, and what may not run yet where the AIPolicy says so. */
export const WORKLOADS_REFUSED: ValidatingPolicy = {
  ...common,
  name: "vouchsafe-workloads-refused",
  matchConditions: [...common.matchConditions],
  validations: [
    {
      expression: "variables.never == ''",
      message: "the workload may never run",
      messageExpression: "variables.never",
    },
    {
      expression: "!(has(params.spec.notYet) && params.spec.notYet == 'Refuse') || variables.notYet == ''",
      message: "the workload may not run yet",
      messageExpression: "variables.notYet",
    },
  ],
  bindings: bindModes(ACTIONS, "Allow"),
};

/** Warns of what may not run yet. */
export const WORKLOADS_PENDING: ValidatingPolicy = {
  ...common,
  name: "vouchsafe-workloads-pending",
  matchConditions: [...common.matchConditions],
  validations: [
    {
      expression: "(has(params.spec.notYet) && params.spec.notYet == 'Refuse') || variables.notYet == ''",
      message: "the workload may not run yet",
      messageExpression: "variables.notYet",
    },
  ],
  bindings: bindModes({ enforce: ["Warn", "Audit"], warn: ["Warn"], audit: ["Audit"] }, "Allow"),
};
