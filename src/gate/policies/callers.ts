/**
 * Who sends a request, in CEL: the operator, the controllers that clean up, and holders of a governing right.
 * A right counts only where RBAC names it: a rule with `*` would also allow the reserved name and is none.
 */
import { GROUP } from "../../api/kind.ts";
import { type Cel, quoteCel } from "./sentences.ts";
import type { Operator } from "./policy.ts";

/** No role and no policy has this name; whoever may use it holds a wildcard. */
const RESERVED_NAME = "not-a-role";

/** Removes what belonged to a namespace or an owner that is gone. */
const CLEANERS: Cel = `['system:serviceaccount:kube-system:namespace-controller', 'system:serviceaccount:kube-system:generic-garbage-collector']`;

/** Whether the operator itself asks. */
export function isOperator(operator: Operator): Cel {
  const user = `system:serviceaccount:${operator.namespace}:${operator.serviceAccount}`;
  return `request.userInfo.username == ${quoteCel(user)}`;
}

/** Whether a cleaning controller asks. */
export const IS_CLEANER: Cel = `request.userInfo.username in ${CLEANERS}`;

/** Whether a deletion may not be stopped, or the namespace could never go. */
export const IS_CLEANUP: Cel = `(request.operation == 'DELETE' && (${IS_CLEANER} || (namespaceObject != null && has(namespaceObject.metadata.deletionTimestamp))))`;

/** Whether a cleaning controller only takes off finalizers and owners. */
export const IS_UNTYING: Cel = `(request.operation == 'UPDATE' && ${IS_CLEANER} && object.spec == oldObject.spec)`;

/**
 * Variable that every policy with `mayGovern` declares: whether the user is an administrator of everything, who could
 * remove the policies too. A ServiceAccount is none, whatever it may do: it writes what others put into Git or a pipe.
 * A variable, since three questions to RBAC in one expression exceed its cost limit.
 */
export const FULL_ADMIN_VARIABLE = {
  name: "isFullAdmin",
  expression: `!request.userInfo.username.startsWith('system:serviceaccount:') && authorizer.group('reserved.${GROUP}').resource('reserved').check('use').allowed()`,
};

/** Whether RBAC grants verb use on `resource` by the name that the CEL expression `name` gives. */
function holdsByName(resource: string, name: Cel, namespace?: Cel): Cel {
  const checks = [name, quoteCel(RESERVED_NAME)].map((each) => {
    const scope = namespace === undefined ? "" : `.namespace(${namespace})`;
    return `authorizer.group('${GROUP}').resource('${resource}')${scope}.name(${each}).check('use').allowed()`;
  });
  return `(${checks[0]} && !${checks[1]})`;
}

/** Whether the user may approve in the role that `role` gives, in the request's namespace. */
export const mayApproveAs = (role: Cel): Cel => holdsByName("approvalroles", role, "request.namespace");

/** Whether the user may stop systems in the name that `authority` gives, in the request's namespace. */
export const mayStopAs = (authority: Cel): Cel => holdsByName("stopauthorities", authority, "request.namespace");

/** Whether the user at `field` is the one who sends the request. */
export const isRequester = (field: Cel): Cel =>
  `(${field}.username == request.userInfo.username && (!has(${field}.uid) || (has(request.userInfo.uid) && ${field}.uid == request.userInfo.uid)))`;

/** Whether the user may loosen what `name` gives: the name of an AIPolicy, or `records`. Needs FULL_ADMIN_VARIABLE. */
export const mayGovern = (name: Cel): Cel => `(${holdsByName("governancemodes", name)} || variables.isFullAdmin)`;
