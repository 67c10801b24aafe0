/** What the API server fills in where it can change requests: who decides, and the digest behind a pinned tag. */
import { fromWarrant } from "./images.ts";
import { type MutatingPolicy, ownResources } from "./policy.ts";
import type { Cel } from "./sentences.ts";

const stampUser = (field: string): Cel => {
  const stamp = (uid: string) =>
    `Object{spec: Object.spec{${field}: Object.spec.${field}{username: request.userInfo.username${uid}}}}`;
  return `has(request.userInfo.uid) && request.userInfo.uid != '' ? ${stamp(", uid: request.userInfo.uid")} : ${stamp("")}`;
};

/** Fills in who approves; a name that is there already is judged, not replaced. */
export const STAMP_APPROVER: MutatingPolicy = {
  kind: "mutating",
  name: "vouchsafe-stamp-approver",
  rules: [ownResources(["CREATE"], "approvals")],
  matchConditions: [{ name: "names-nobody", expression: "has(object.spec) && !has(object.spec.approver)" }],
  param: "none",
  applyConfiguration: stampUser("approver"),
  bindings: [{ suffix: "everywhere", actions: [] }],
};

/** Fills in who revokes or stops. */
export const STAMP_REVOKER: MutatingPolicy = {
  kind: "mutating",
  name: "vouchsafe-stamp-revoker",
  rules: [ownResources(["CREATE"], "revocations", "clusterrevocations", "stops")],
  matchConditions: [{ name: "names-nobody", expression: "has(object.spec) && !has(object.spec.by)" }],
  param: "none",
  applyConfiguration: stampUser("by"),
  bindings: [{ suffix: "everywhere", actions: [] }],
};

const pinned = (image: Cel): Cel => `string(${image}) + '@' + string(variables.pins[${image}])`;

const pinContainers = (field: string): Cel =>
  `${field}: (has(object.spec.${field}) ? object.spec.${field} : []).filter(c, has(c.image) && c.image in variables.pins).map(c, Object.spec.${field}{name: c.name, image: ${pinned("c.image")}})`;

const PIN_VOLUMES: Cel = `volumes: (has(object.spec.volumes) ? object.spec.volumes : []).filter(v, has(v.image) && has(v.image.reference) && v.image.reference in variables.pins).map(v, Object.spec.volumes{name: v.name, image: Object.spec.volumes.image{reference: ${pinned("v.image.reference")}}})`;

const namesTag = (field: string, image: Cel): Cel =>
  `(has(object.spec.${field}) && object.spec.${field}.exists(c, has(c.${image}) && !c.${image}.contains('@')))`;

/** Most pods name digests only; a change that changes nothing would cost each of them milliseconds. */
const NAMES_TAG: Cel = `${namesTag("containers", "image")} || ${namesTag("initContainers", "image")} || (has(object.spec.volumes) && object.spec.volumes.exists(v, has(v.image) && has(v.image.reference) && !v.image.reference.contains('@')))`;

/** Adds the digest to tags that a release pins; only in enforced namespaces, only to pods. */
export const PIN_TAGS: MutatingPolicy = {
  kind: "mutating",
  name: "vouchsafe-pin-tags",
  rules: [{ apiGroups: [""], apiVersions: ["v1"], operations: ["CREATE"], resources: ["pods"] }],
  matchConditions: [{ name: "names-tag", expression: NAMES_TAG }],
  variables: [{ name: "pins", expression: fromWarrant("pins", "{}") }],
  param: "Warrant",
  applyConfiguration: `Object{spec: Object.spec{${pinContainers("containers")}, ${pinContainers("initContainers")}, ${PIN_VOLUMES}}}`,
  bindings: [{ suffix: "enforce", mode: "enforce", actions: [], reads: { name: "enforce", missing: "Allow" } }],
};
