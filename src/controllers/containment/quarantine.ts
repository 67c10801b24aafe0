/**
 * Takes pods out of every selector. A NetworkPolicy that denies is not enough, since policies only add up: the labels
 * by which others allow have to go. They are kept in an annotation and given back when the breach is over.
 */
import { LABELS_BEFORE_ANNOTATION, QUARANTINE_LABEL, SYSTEM_LABEL } from "../../api/labels.ts";
import { buildQuarantine } from "../../domain/fence.ts";
import { isApiError, type KubeObject } from "../../runtime/index.ts";
import { NETWORK_POLICIES, PODS, SERVICES } from "../resources.ts";
import type { Toolbox } from "../toolbox.ts";
import { type PodFacts, selects } from "../workloads.ts";
import { forEachOf } from "./parallel.ts";
import type { ContainedPod } from "./facts.ts";

/** Sets labels on exactly the pod that was read; a pod that changed or went meanwhile is looked at again. */
async function relabel(
  { client }: Toolbox,
  { metadata }: PodFacts,
  labels: Record<string, string>,
  before: Readonly<Record<string, string>> | undefined,
) {
  const { name, namespace = "", uid = "", resourceVersion = "" } = metadata;
  const annotations = { [LABELS_BEFORE_ANNOTATION]: before === undefined ? null : JSON.stringify(before) };
  // Merge patch: labels that are left out have to be named with null.
  const gone = Object.fromEntries(
    Object.keys(metadata.labels ?? {})
      .filter((key) => !(key in labels))
      .map((key) => [key, null]),
  );
  try {
    await client.patchMerge(
      PODS,
      { namespace, name },
      { metadata: { uid, resourceVersion, labels: { ...gone, ...labels }, annotations } },
    );
  } catch (error) {
    if (!isApiError(error, "Conflict", "NotFound")) throw error;
  }
}

/** Quarantines pods: first the policy, then the labels, so that there is no moment in which neither holds. */
export async function quarantine(
  tools: Toolbox,
  namespace: string,
  incident: string,
  pods: readonly ContainedPod[],
): Promise<void> {
  await tools.client.apply(NETWORK_POLICIES, buildQuarantine(namespace), {
    fieldManager: "vouchsafe-containment",
    force: true,
  });
  await forEachOf(pods, ({ facts }) => relabel(tools, facts, { [QUARANTINE_LABEL]: incident }, facts.labelsBefore));
}

type Service = KubeObject & { spec?: { selector?: Record<string, string> } };

/** Takes pods out of Services, and leaves them in their fence: the labels by which Services select them go. */
export async function leaveServices(
  tools: Toolbox,
  namespace: string,
  incident: string,
  pods: readonly ContainedPod[],
): Promise<void> {
  const { items } = await tools.client.list<Service>(SERVICES, { namespace });
  const selectors = items.flatMap(({ spec }) => (spec?.selector === undefined ? [] : [spec.selector]));
  await forEachOf(pods, ({ facts }) => {
    const labels = facts.metadata.labels ?? {};
    const picking = selectors.filter((selector) => selects({ matchLabels: selector }, labels));
    const keys = new Set(picking.flatMap(Object.keys));
    // Where a Service selects by nothing but the system, leaving it costs the pod its fence: then it is denied everything.
    const isBySystem = picking.some((selector) => Object.keys(selector).every((key) => key === SYSTEM_LABEL));
    const isKept = (key: string) => (key === SYSTEM_LABEL ? !isBySystem : !keys.has(key));
    const rest = Object.fromEntries(Object.entries(labels).filter(([key]) => isKept(key)));
    return relabel(tools, facts, { ...rest, [QUARANTINE_LABEL]: incident }, facts.labelsBefore);
  });
}

/** Gives pods the labels back that they had. */
export const giveBack = (tools: Toolbox, pods: readonly ContainedPod[]): Promise<void> =>
  forEachOf(pods, ({ facts }) => relabel(tools, facts, { ...facts.labelsBefore }, undefined));
