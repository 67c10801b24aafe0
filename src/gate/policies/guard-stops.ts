/**
 * Who may stop and resume a system: holders of an authority that RBAC grants by name and that the system itself names.
 * RBAC is asked without a Warrant, since a policy that reads one cannot let a finalizer go where there is none.
 */
import { isRequester, mayStopAs } from "./callers.ts";
import { AUTHORITY_VARIABLES } from "./stop-authority.ts";
import { EVERYWHERE, everywhereBy, ownResources, type ValidatingPolicy } from "./policy.ts";
import { type Cel, sayCel, showCel } from "./sentences.ts";

const IS_ORDER: Cel = "request.operation == 'CREATE'";
const IS_LIFTED: Cel = "(has(object.spec.resumed) && (oldObject == null || !has(oldObject.spec.resumed)))";

const unentitled = {
  message: "StopUnentitled",
  messageExpression: sayCel("StopUnentitled", { system: showCel("object.spec.system") }),
};

/** A true name, and the right. The schema keeps a Stop from being changed in any other way than to lift it. */
export const GUARD_STOPS: ValidatingPolicy = {
  kind: "validating",
  name: "vouchsafe-guard-stops",
  rules: [ownResources(["CREATE", "UPDATE"], "stops")],
  param: "none",
  validations: [
    {
      expression: `!(${IS_ORDER}) || !has(object.spec.by) || ${isRequester("object.spec.by")}`,
      message: "StopAuthorFalse",
      messageExpression: sayCel("StopAuthorFalse"),
    },
    { expression: `!(${IS_ORDER}) || ${mayStopAs("object.spec.authority")}`, ...unentitled },
    { expression: `!${IS_LIFTED} || ${mayStopAs("object.spec.resumed.authority")}`, ...unentitled },
  ],
  bindings: EVERYWHERE,
};

/** The system names the authority in whose name it is stopped. Where nothing is enforced a Stop would stop nothing. */
export const GUARD_STOPS_ORDERED: ValidatingPolicy = {
  kind: "validating",
  name: "vouchsafe-guard-stops-ordered",
  rules: [ownResources(["CREATE"], "stops")],
  variables: AUTHORITY_VARIABLES,
  param: "Warrant",
  validations: [{ expression: "object.spec.authority in variables.authorities", ...unentitled }],
  bindings: everywhereBy("Deny"),
};

/** The system names the authority in whose name the Stop is lifted. */
export const GUARD_STOPS_LIFTED: ValidatingPolicy = {
  kind: "validating",
  name: "vouchsafe-guard-stops-lifted",
  rules: [ownResources(["CREATE", "UPDATE"], "stops")],
  variables: AUTHORITY_VARIABLES,
  param: "Warrant",
  validations: [
    { expression: `!${IS_LIFTED} || object.spec.resumed.authority in variables.authorities`, ...unentitled },
  ],
  bindings: everywhereBy("Allow"),
};
