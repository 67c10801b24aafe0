/**
 * What the policies on pods and on workloads share: which images a pod spec names and how the Warrant judges
 * each. Standard CEL and string functions only, since `vouchsafe check` runs the same text without a cluster.
 */
import { SYSTEM_LABEL } from "../../api/labels.ts";
import { type Cel, type Step, sayCel, showCel } from "./sentences.ts";

/** Exactly one @, then a SHA-256 digest in lower case: all else names no content. */
const PINNED = "matches('^[^@]+@sha256:[a-f0-9]{64}$')";

const list = (owner: Cel, field: string): Cel => `(has(${owner}.${field}) ? ${owner}.${field} : [])`;

/** Every image that a pod spec names: containers, init and ephemeral containers, image volumes. */
export function listImages(podSpec: Cel): Cel {
  const of = (field: string) => `${list(podSpec, field)}.map(c, has(c.image) ? c.image : '')`;
  const volumes = `${list(podSpec, "volumes")}.filter(v, has(v.image)).map(v, has(v.image.reference) ? v.image.reference : '')`;
  return [of("containers"), of("initContainers"), of("ephemeralContainers"), volumes].join("\n+ ");
}

/** A field of the Warrant that may be left out. */
export const fromWarrant = (field: string, otherwise: "[]" | "{}"): Cel =>
  `has(params.spec.${field}) ? params.spec.${field} : ${otherwise}`;

/** The label that binds a pod to its AISystem, the empty string where it has none. */
export const readSystem = (metadata: Cel): Cel =>
  `has(${metadata}.labels) && '${SYSTEM_LABEL}' in ${metadata}.labels ? string(${metadata}.labels['${SYSTEM_LABEL}']) : ''`;

/** The digest of a pinned image. */
export const digestOf = (image: Cel): Cel => `${image}.split('@')[1]`;
const entryOf = (image: Cel): Cel => `variables.images[${digestOf(image)}]`;

const isUnknown = (image: Cel): Cel => `!(${digestOf(image)} in variables.images)`;
const isUngranted = (image: Cel): Cel => `(!has(${entryOf(image)}.grants) || size(${entryOf(image)}.grants) == 0)`;

/**
 * How the Warrant judges the images in the variable `judged`. The API server evaluates a variable when it is first used,
 * at a price of its own, so those that only a refusal needs are not used before.
 */
export const IMAGE_VARIABLES: readonly { name: string; expression: Cel }[] = [
  { name: "images", expression: fromWarrant("images", "{}") },
  { name: "pins", expression: fromWarrant("pins", "{}") },
  { name: "systems", expression: fromWarrant("systems", "{}") },
  { name: "unpinned", expression: `variables.judged.filter(i, !i.${PINNED})` },
  { name: "pinned", expression: `variables.judged.filter(i, i.${PINNED})` },
  {
    // A revoked digest is refused even where it is listed as supporting.
    name: "refused",
    expression: `variables.pinned.filter(i, ${digestOf("i")} in variables.images && has(${entryOf("i")}.refused))`,
  },
  {
    name: "governed",
    expression: `has(params.spec.supporting) ? variables.pinned.filter(i, !(${digestOf("i")} in params.spec.supporting)) : variables.pinned`,
  },
  { name: "unvouched", expression: `variables.governed.filter(i, ${isUnknown("i")} || ${isUngranted("i")})` },
  { name: "unknown", expression: `variables.unvouched.filter(i, ${isUnknown("i")})` },
];

/** Refused for good. */
export const REFUSED: Step = {
  when: "size(variables.refused) > 0",
  say: `string(${entryOf("variables.refused[0]")}.refused.text)`,
};

/** Names no digest; the sentence tells the one that the tag is pinned to. */
export const UNPINNED: Step = {
  when: "size(variables.pinned) < size(variables.judged)",
  say: `${sayCel("ImageNotPinned", { image: showCel("variables.unpinned[0]") })} + (variables.unpinned[0] in variables.pins ? '. A release pins it: ' + string(variables.unpinned[0]) + '@' + string(variables.pins[variables.unpinned[0]]) : '')`,
};

/** No release lists it; the Warrant may say whom to ask. */
const sayUnknown = (image: Cel): Cel =>
  `(has(params.spec.unknown) ? (params.spec.unknown.startsWith('ImageUnknown: ') ? '' : 'ImageUnknown: image ' + ${showCel(image)} + ': ') + string(params.spec.unknown) : ${sayCel("ImageUnknown", { image: showCel(image), namespace: "request.namespace" })})`;

export const UNKNOWN: Step = {
  when: "size(variables.unvouched) > 0 && size(variables.unknown) > 0",
  say: sayUnknown("variables.unknown[0]"),
};

/** Listed, but not vouched for yet; comes after `UNKNOWN`. */
export const PENDING: Step = {
  when: "size(variables.unvouched) > 0",
  say: `(has(${entryOf("variables.unvouched[0]")}.pending) ? string(${entryOf("variables.unvouched[0]")}.pending.text) : ${sayUnknown("variables.unvouched[0]")})`,
};

/** What is wrong with the system that the variable `system` names, for pods that need one. */
export const SYSTEM_STEPS: readonly Step[] = [
  { when: "size(variables.governed) > 0 && variables.system == ''", say: sayCel("SystemLabelMissing") },
  {
    when: "size(variables.governed) > 0 && !(variables.system in variables.systems)",
    say: sayCel("SystemUnknown", { system: showCel("variables.system") }),
  },
  {
    when: "size(variables.governed) > 0 && variables.systems[variables.system].gate != 'Open'",
    say: `(has(variables.systems[variables.system].why) ? string(variables.systems[variables.system].why.text) : ${sayCel(
      "SystemClosed",
      { system: showCel("variables.system"), why: "'no reason is given'", namespace: "request.namespace" },
    )})`,
  },
];
