/**
 * Incidents are written by the operator and completed by people. What a breach is about stays the operator's, since the
 * gate holds digests back by it; that a rung may go ahead is said by those who may stop the system, and nobody else.
 */
import { isOperator, mayStopAs } from "./callers.ts";
import { EVERYWHERE, everywhereBy, type Operator, ownResources, type ValidatingPolicy } from "./policy.ts";
import { AUTHORITY_VARIABLES } from "./stop-authority.ts";
import { type Cel, sayCel } from "./sentences.ts";

const isKept = (field: string): Cel =>
  `has(object.spec.${field}) == has(oldObject.spec.${field}) && (!has(object.spec.${field}) || object.spec.${field} == oldObject.spec.${field})`;

const GO_VARIABLES = [
  { name: "oldGo", expression: "oldObject != null && has(oldObject.spec.go) ? oldObject.spec.go : []" },
  {
    name: "added",
    expression:
      "!has(object.spec.go) ? [] : object.spec.go.filter(g, !variables.oldGo.exists(o, o.rung == g.rung && o.authority == g.authority))",
  },
];

const common = (operator: Operator) => ({
  kind: "validating" as const,
  rules: [ownResources(["CREATE", "UPDATE"], "incidents")],
  matchConditions: [{ name: "is-no-operator", expression: `!(${isOperator(operator)})` }],
});

/** What needs no Warrant: the facts of a breach, and the right to let a rung go ahead. */
export const guardIncidents = (operator: Operator): ValidatingPolicy => ({
  ...common(operator),
  name: "vouchsafe-guard-incidents",
  variables: GO_VARIABLES,
  param: "none",
  validations: [
    {
      expression: `!has(object.spec.breach) || (oldObject != null && ${["type", "release", "order", "digests"].map(isKept).join(" && ")})`,
      message: "IncidentGuarded",
      messageExpression: sayCel("IncidentGuarded"),
    },
    {
      // More questions to RBAC than one entry asks exceed the cost limit of an expression.
      expression: `size(variables.added) == 0 || (size(variables.added) == 1 && ${mayStopAs("variables.added[0].authority")})`,
      message: "GoUnentitled",
      messageExpression: sayCel("GoUnentitled"),
    },
  ],
  bindings: EVERYWHERE,
});

/** The system names the authority in whose name a rung goes ahead. */
export const guardGo = (operator: Operator): ValidatingPolicy => ({
  ...common(operator),
  name: "vouchsafe-guard-go",
  variables: [...GO_VARIABLES, ...AUTHORITY_VARIABLES],
  param: "Warrant",
  validations: [
    {
      expression: "variables.added.all(g, g.authority in variables.authorities)",
      message: "GoUnentitled",
      messageExpression: sayCel("GoUnentitled"),
    },
  ],
  bindings: everywhereBy("Allow"),
});
