/**
 * Keeps the names of all who wrote what is to be approved in an annotation: stamped where the API server can
 * change requests, checked everywhere. The list starts anew with an edit of content that was fully approved.
 */
import { AUTHORS_ANNOTATION } from "../../api/labels.ts";
import { EVERYWHERE, type MutatingPolicy, ownResources, type ValidatingPolicy } from "./policy.ts";
import { type Cel, sayCel } from "./sentences.ts";

const WRITTEN = [ownResources(["CREATE", "UPDATE"], "aisystems", "riskassessments", "modelreleases")];

/** Commas part the names, so one within a name is written as the URL encoding does. */
const USER: Cel = "request.userInfo.username.replace('%', '%25').replace(',', '%2C')";

const readAuthors = (of: Cel): Cel =>
  `(has(${of}.metadata.annotations) && '${AUTHORS_ANNOTATION}' in ${of}.metadata.annotations ? string(${of}.metadata.annotations['${AUTHORS_ANNOTATION}']) : '')`;

/** The operator saw this very generation approved: a status that lags behind an edit clears nobody. */
const WAS_APPROVED: Cel = [
  "has(oldObject.status) && has(oldObject.status.observedGeneration) && oldObject.status.observedGeneration == oldObject.metadata.generation",
  "has(oldObject.status.approved)",
  "((has(oldObject.status.digest) && oldObject.status.approved.digest == oldObject.status.digest) || (has(oldObject.status.specDigest) && oldObject.status.approved.digest == oldObject.status.specDigest))",
].join(" && ");

const VARIABLES = [
  { name: "user", expression: USER },
  { name: "old", expression: `oldObject == null ? '' : ${readAuthors("oldObject")}` },
  { name: "startsAnew", expression: `oldObject == null || variables.old == '' || (${WAS_APPROVED})` },
  {
    name: "authors",
    expression:
      "oldObject != null && object.spec == oldObject.spec ? variables.old : variables.startsAnew ? variables.user : variables.user in variables.old.split(',') ? variables.old : variables.old + ',' + variables.user",
  },
];

/** Stamps the annotation. */
export const STAMP_AUTHORS: MutatingPolicy = {
  kind: "mutating",
  name: "vouchsafe-stamp-authors",
  rules: WRITTEN,
  matchConditions: [{ name: "has-spec", expression: "has(object.spec) && (oldObject == null || has(oldObject.spec))" }],
  variables: VARIABLES,
  param: "none",
  // An empty string would add an annotation where there was none.
  applyConfiguration: `variables.authors == '' ? Object{} : Object{metadata: Object.metadata{annotations: {'${AUTHORS_ANNOTATION}': variables.authors}}}`,
  bindings: [{ suffix: "everywhere", actions: [] }],
};

/** Checks the annotation, stamped or written by the user. */
export const GUARD_AUTHORS: ValidatingPolicy = {
  kind: "validating",
  name: "vouchsafe-guard-authors",
  rules: WRITTEN,
  variables: VARIABLES,
  param: "none",
  validations: [
    {
      expression: `${readAuthors("object")} == variables.authors`,
      message: "AuthorsGuarded",
      messageExpression: sayCel("AuthorsGuarded"),
    },
  ],
  bindings: EVERYWHERE,
};
