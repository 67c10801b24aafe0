/**
 * The gate itself: no pod starts in a governed namespace unless the Warrant grants all its images to one
 * release of its system. Without a Warrant nothing is admitted. Deleting pods is never its business.
 */
import { LABELS_BEFORE_ANNOTATION, QUARANTINE_LABEL } from "../../api/labels.ts";
import {
  digestOf,
  IMAGE_VARIABLES,
  listImages,
  PENDING,
  readSystem,
  REFUSED,
  SYSTEM_STEPS,
  UNKNOWN,
  UNPINNED,
} from "./images.ts";
import { ACTIONS, bindModes, type ValidatingPolicy } from "./policy.ts";
import { type Cel, firstOf, type Step, sayCel, showCel } from "./sentences.ts";

const grantsOf = (image: Cel): Cel => `variables.images[${digestOf(image)}].grants`;

/** The server's own clock: it sets creationTimestamp on CREATE. */
const NOW = "timestamp(object.metadata.creationTimestamp)";

/** Grants of the first image to the pod's system whose release lists all the others too, as `holds` demands. */
const shareGrant = (holds: Cel): Cel =>
  `size(variables.governed) == 0 || ${grantsOf("variables.governed[0]")}.exists(g, g.system == variables.system && ` +
  `variables.governed.all(i, ${grantsOf("i")}.exists(h, h.system == g.system && h.release == g.release && ${holds})))`;

const CONTAINERS = "object.spec.containers + (has(object.spec.initContainers) ? object.spec.initContainers : [])";

const demands = (field: string, value: string): Cel =>
  `variables.system in variables.systems && variables.systems[variables.system].${field} == '${value}'`;

const DEMANDS: readonly Step[] = [
  {
    when: `${demands("hostNetwork", "Forbidden")} && has(object.spec.hostNetwork) && object.spec.hostNetwork`,
    say: sayCel("HostNetworkForbidden"),
  },
  {
    when: `${demands("runAsNonRoot", "Required")} && !variables.containers.all(c, has(c.securityContext) && has(c.securityContext.runAsNonRoot) ? c.securityContext.runAsNonRoot : has(object.spec.securityContext) && has(object.spec.securityContext.runAsNonRoot) && object.spec.securityContext.runAsNonRoot)`,
    say: sayCel("RunAsNonRootRequired"),
  },
  {
    when: `${demands("readOnlyRootFilesystem", "Required")} && !variables.containers.all(c, has(c.securityContext) && has(c.securityContext.readOnlyRootFilesystem) && c.securityContext.readOnlyRootFilesystem)`,
    say: sayCel("ReadOnlyRootRequired"),
  },
  {
    // With automount off, a projected token is one that the author asked for by hand.
    when: `${demands("serviceAccountToken", "Forbidden")} && (!has(object.spec.automountServiceAccountToken) || object.spec.automountServiceAccountToken || (has(object.spec.volumes) && object.spec.volumes.exists(v, has(v.projected) && has(v.projected.sources) && v.projected.sources.exists(s, has(s.serviceAccountToken)))))`,
    say: sayCel("ServiceAccountTokenForbidden"),
  },
];

/** Ephemeral containers may use nothing but supporting images: on UPDATE the clock is that of the pod's birth. */
const EPHEMERAL: readonly Step[] = [
  REFUSED,
  {
    when: "size(variables.unpinned) > 0",
    say: sayCel("EphemeralImageRefused", { image: showCel("variables.unpinned[0]") }),
  },
  {
    when: "size(variables.governed) > 0",
    say: sayCel("EphemeralImageRefused", { image: showCel("variables.governed[0]") }),
  },
];

/** What the operator alone writes on a pod that it contains; nothing is born with it. */
const IS_BORN_CONTAINED: Cel = `(has(object.metadata.labels) && '${QUARANTINE_LABEL}' in object.metadata.labels) || (has(object.metadata.annotations) && '${LABELS_BEFORE_ANNOTATION}' in object.metadata.annotations)`;

const CREATED: readonly Step[] = [
  REFUSED,
  UNPINNED,
  UNKNOWN,
  PENDING,
  ...SYSTEM_STEPS,
  {
    when: "!variables.shared && variables.sharedOnce",
    say: sayCel("GrantExpired", {
      image: showCel("variables.governed[0]"),
      system: showCel("variables.system"),
    }),
  },
  { when: "!variables.shared", say: sayCel("ReleasesMixed", { system: showCel("variables.system") }) },
  ...DEMANDS,
  { when: IS_BORN_CONTAINED, say: sayCel("QuarantineGuarded") },
];

/** The container runs already; refusing its mirror would only hide it. */
export const IS_MIRROR: Cel =
  "('system:nodes' in request.userInfo.groups && request.userInfo.username.startsWith('system:node:') && has(object.metadata.annotations) && 'kubernetes.io/config.mirror' in object.metadata.annotations)";

/** Pods as they are created, and ephemeral containers as they are added. */
export const PODS: ValidatingPolicy = {
  kind: "validating",
  name: "vouchsafe-pods",
  rules: [
    { apiGroups: [""], apiVersions: ["v1"], operations: ["CREATE"], resources: ["pods"] },
    { apiGroups: [""], apiVersions: ["v1"], operations: ["UPDATE"], resources: ["pods/ephemeralcontainers"] },
  ],
  matchConditions: [{ name: "is-no-mirror", expression: `!${IS_MIRROR}` }],
  variables: [
    {
      name: "added",
      expression:
        "oldObject == null || !has(object.spec.ephemeralContainers) ? [] : object.spec.ephemeralContainers.filter(c, !has(oldObject.spec.ephemeralContainers) || !oldObject.spec.ephemeralContainers.exists(o, o.name == c.name && o.image == c.image)).map(c, c.image)",
    },
    { name: "judged", expression: `oldObject != null ? variables.added :\n${listImages("object.spec")}` },
    ...IMAGE_VARIABLES,
    { name: "system", expression: readSystem("object.metadata") },
    { name: "containers", expression: CONTAINERS },
    { name: "shared", expression: shareGrant(`timestamp(h.notAfter) > ${NOW}`) },
    { name: "sharedOnce", expression: shareGrant("true") },
    { name: "refusal", expression: `oldObject != null ? (${firstOf(EPHEMERAL)}) :\n${firstOf(CREATED)}` },
  ],
  param: "Warrant",
  validations: [
    {
      expression: "variables.refusal == ''",
      message: "the pod is not vouched for",
      messageExpression: "variables.refusal",
    },
  ],
  bindings: bindModes(ACTIONS, "Deny"),
};
