/**
 * The shape of admission policies and their bindings, and the few ways in which ours are bound. A policy is
 * data: a name, what it matches, CEL texts. Nothing here knows what a policy is about.
 */
import { API_VERSION } from "../../api/kind.ts";
import { MODES, type Mode, modeLabel } from "../../api/labels.ts";
import type { Cel } from "./sentences.ts";

/** Name of the operator's ServiceAccount in every installation. */
export const SERVICE_ACCOUNT = "vouchsafe";

/** Who the operator is, as the API server sees it. */
export interface Operator {
  /** The namespace it runs in; its own gate never governs it. */
  namespace: string;
  /** Name of its ServiceAccount there. */
  serviceAccount: string;
}

/** Requests that a policy judges. */
export interface ResourceRule {
  apiGroups: string[];
  apiVersions: string[];
  operations: ("CREATE" | "UPDATE" | "DELETE")[];
  resources: string[];
}

interface Named {
  name: string;
  expression: Cel;
}

/** A check; the API server shows the message of the first one that fails. */
export interface Validation {
  expression: Cel;
  /** Said where messageExpression cannot be evaluated. */
  message: string;
  messageExpression?: Cel;
}

/** What every policy says, whether it judges or changes a request. */
interface PolicyBase {
  name: string;
  rules: ResourceRule[];
  matchConditions?: Named[];
  variables?: Named[];
  /** The kind whose objects, chosen by the binding, are handed to the texts one at a time. */
  param: "Warrant" | "Stop" | "none";
  bindings: Binding[];
}

/** A policy that judges requests. */
export interface ValidatingPolicy extends PolicyBase {
  kind: "validating";
  validations: Validation[];
}

/** A policy that changes requests; `applyConfiguration` gives what to merge into the object. */
export interface MutatingPolicy extends PolicyBase {
  kind: "mutating";
  applyConfiguration: Cel;
}

export type Policy = ValidatingPolicy | MutatingPolicy;

/** The objects of the request's namespace that the texts read. */
export interface Reads {
  /** The one to read; each of the kind in turn where it is left out. */
  name?: string;
  /** What it means that there is none. */
  missing: "Allow" | "Deny";
}

/** Where a policy works and what its refusal does. */
export interface Binding {
  /** Ends the binding's name: policy, hyphen, suffix. */
  suffix: string;
  /** Only in namespaces that are governed in this mode, the operator's own never; everywhere where it is left out. */
  mode?: Mode;
  /** Empty for a mutating policy. */
  actions: ("Deny" | "Warn" | "Audit")[];
  reads?: Reads;
}

/** Every mode with its own consequence: refused, warned, recorded. */
export const ACTIONS: Record<Mode, Binding["actions"]> = {
  enforce: ["Deny", "Audit"],
  warn: ["Warn"],
  audit: ["Audit"],
};

/** One binding per mode. Each reads the Warrant named after its mode where `missing` is given. */
export function bindModes(actions: Record<Mode, Binding["actions"]>, missing?: Reads["missing"]): Binding[] {
  return MODES.map((mode) => ({
    suffix: mode,
    mode,
    actions: actions[mode],
    ...(missing === undefined ? {} : { reads: { name: mode, missing } }),
  }));
}

/** A guard that holds in the whole cluster. */
export const EVERYWHERE: Binding[] = [{ suffix: "everywhere", actions: ["Deny", "Audit"] }];

/** The same, reading the Warrant in force. */
export const everywhereBy = (missing: Reads["missing"]): Binding[] =>
  EVERYWHERE.map((binding) => ({ ...binding, reads: { name: "enforce", missing } }));

/** All operations that write. */
export const WRITES: ResourceRule["operations"] = ["CREATE", "UPDATE", "DELETE"];

/** Resources of the product's own group. */
export function ownResources(operations: ResourceRule["operations"], ...resources: string[]): ResourceRule {
  return { apiGroups: ["vouchsafe.dev"], apiVersions: ["*"], operations, resources };
}

const ADMISSION = "admissionregistration.k8s.io/v1";

const isGoverned = (mode: Mode) => ({ key: modeLabel(mode), operator: "Exists" });

/**
 * A policy that is bound by modes alone says already in its constraints what no binding of it reaches: while the API
 * server does not know the kind of its parameters yet, it refuses all that the constraints match, asking no binding.
 */
function toNamespaceSelector({ bindings }: Policy, operator: Operator): { namespaceSelector?: object } {
  const modes = new Set(bindings.map(({ mode }) => mode));
  if (modes.has(undefined)) return {};
  const isOther = { key: "kubernetes.io/metadata.name", operator: "NotIn", values: [operator.namespace] };
  const [only] = modes;
  const matchExpressions = [...(only !== undefined && modes.size === 1 ? [isGoverned(only)] : []), isOther];
  return { namespaceSelector: { matchExpressions } };
}

function toSpec(policy: Policy, operator: Operator): object {
  const { matchConditions, variables } = policy;
  const common = {
    failurePolicy: "Fail",
    ...(policy.param === "none" ? {} : { paramKind: { apiVersion: API_VERSION, kind: policy.param } }),
    matchConstraints: { resourceRules: policy.rules, ...toNamespaceSelector(policy, operator) },
    ...(matchConditions === undefined ? {} : { matchConditions }),
    ...(variables === undefined ? {} : { variables }),
  };
  switch (policy.kind) {
    case "validating":
      return { ...common, validations: policy.validations.map((check) => ({ ...check, reason: "Forbidden" })) };
    case "mutating":
      return {
        ...common,
        // Injected sidecars come after us in the first round.
        reinvocationPolicy: "IfNeeded",
        mutations: [{ patchType: "ApplyConfiguration", applyConfiguration: { expression: policy.applyConfiguration } }],
      };
  }
}

/** Without a namespace of its own, a reference looks in the namespace of the request. */
const toParamRef = ({ name, missing }: Reads): object => ({
  ...(name === undefined ? { selector: {} } : { name }),
  parameterNotFoundAction: missing,
});

function toBinding(policy: Policy, binding: Binding): object {
  const { mode, reads } = binding;
  return {
    apiVersion: ADMISSION,
    kind: policy.kind === "validating" ? "ValidatingAdmissionPolicyBinding" : "MutatingAdmissionPolicyBinding",
    metadata: { name: `${policy.name}-${binding.suffix}` },
    spec: {
      policyName: policy.name,
      ...(reads && { paramRef: toParamRef(reads) }),
      ...(mode && { matchResources: { namespaceSelector: { matchExpressions: [isGoverned(mode)] } } }),
      ...(policy.kind === "validating" ? { validationActions: binding.actions } : {}),
    },
  };
}

/** The policy and its bindings as objects of the API server. */
export function toObjects(policy: Policy, operator: Operator): object[] {
  const kind = policy.kind === "validating" ? "ValidatingAdmissionPolicy" : "MutatingAdmissionPolicy";
  return [
    { apiVersion: ADMISSION, kind, metadata: { name: policy.name }, spec: toSpec(policy, operator) },
    ...policy.bindings.map((binding) => toBinding(policy, binding)),
  ];
}
