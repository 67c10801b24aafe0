/**
 * A person's Stop keeps pods of its system out from the moment it is there, with the operator up or down: the API server
 * reads every Stop of the namespace itself.
 */
import { readSystem } from "./images.ts";
import { IS_MIRROR } from "./pods.ts";
import { ACTIONS, type ValidatingPolicy } from "./policy.ts";
import { type Cel, sayCel, showLineCel } from "./sentences.ts";

const STOP = "params.spec";
/** Where the API server could not stamp a name, there may be none. */
const BY: Cel = `(has(${STOP}.by) ? ${showLineCel(`${STOP}.by.username`)} : 'the authority ' + ${showLineCel(`${STOP}.authority`)})`;

/** Without its own full stop: the sentence brings one. */
const REASON: Cel = `(${STOP}.reason.endsWith('.') ? ${STOP}.reason.substring(0, ${STOP}.reason.size() - 1) : ${STOP}.reason)`;

/** Pods of systems that stand still. */
export const STOPPED: ValidatingPolicy = {
  kind: "validating",
  name: "vouchsafe-stopped",
  rules: [{ apiGroups: [""], apiVersions: ["v1"], operations: ["CREATE"], resources: ["pods"] }],
  matchConditions: [{ name: "is-no-mirror", expression: `!${IS_MIRROR}` }],
  variables: [{ name: "system", expression: readSystem("object.metadata") }],
  param: "Stop",
  validations: [
    {
      expression: `has(${STOP}.resumed) || ${STOP}.system != variables.system`,
      message: "SystemStopped",
      messageExpression: sayCel("SystemStopped", {
        system: `string(${STOP}.system)`,
        by: BY,
        why: showLineCel(REASON),
        namespace: "request.namespace",
      }),
    },
  ],
  bindings: [{ suffix: "enforce", mode: "enforce", actions: ACTIONS.enforce, reads: { missing: "Allow" } }],
};
