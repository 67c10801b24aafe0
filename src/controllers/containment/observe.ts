/** Reads everything that the decision on one Incident rests on: from the stores what they hold, the rest live. */
import type { Incident } from "../../api/incident.ts";
import type { Rung } from "../../api/reaction.ts";
import { modeLabel, QUARANTINE_LABEL } from "../../api/labels.ts";
import { listValid } from "../../domain/facts.ts";
import { findCautiousSteps, findSteps } from "../../domain/ladder.ts";
import { findStillAllowed } from "../../domain/reachability/still-allowed.ts";
import { selectTier } from "../../domain/risk.ts";
import { createJudge, findRelease, listGoverned } from "../../gate/find-breaches.ts";
import type { KubeObject } from "../../runtime/index.ts";
import {
  isContained,
  isOpen,
  listContaining,
  observeReleases,
  observeWidening,
  toRunning,
} from "../breaches/observe.ts";
import { listStanding, observePolicy } from "../governance/observe.ts";
import { AUTOSCALERS, ENDPOINT_SLICES } from "../resources.ts";
import type { Toolbox } from "../toolbox.ts";
import { isOver, type PodFacts, selects, toWorkloadKey, type WorkloadFacts } from "../workloads.ts";
import { listWorkloads, type World } from "../world.ts";
import { observeChoices } from "./choose.ts";
import type { ContainedPod, ContainedWorkload, ContainmentFacts } from "./facts.ts";
import { type Docket, isTemplateConcerned, isTemplateVouched, judgePodOf, openDocket } from "./docket.ts";
import { observeJobs } from "./jobs.ts";

const NOT_BY_DIGEST: ReadonlySet<string> = new Set(["FenceWidened", "MirrorPod", "GovernanceChanged"]);

function findLadder(world: World, operatorNamespace: string, namespace: string, incident: Incident) {
  const { breach, system } = incident.spec;
  if (breach === undefined) return { tier: undefined, steps: [] };
  const policyName = world.namespaces.get(namespace)?.metadata.labels?.[modeLabel("enforce")];
  const policy = policyName === undefined ? undefined : observePolicy(world, operatorNamespace, policyName);
  const read = system === undefined ? undefined : world.systems.get(`${namespace}/${system}`);
  if (policy?.outcome !== "valid") return { tier: incident.status?.tier, steps: findCautiousSteps(breach) };
  const { tiers } = policy.spec;
  // Whoever lowers the impact of a system that is in breach, or deletes it, does not get out of its ladder.
  const known = tiers.find(({ name }) => name === incident.status?.tier);
  const isUnknown = system !== undefined && known === undefined && read?.outcome !== "valid";
  if (isUnknown) return { tier: undefined, steps: findCautiousSteps(breach) };
  const tier = known ?? (read?.outcome === "valid" ? selectTier(tiers, read.object.spec.impact) : undefined);
  return { tier: tier?.name, steps: findSteps(breach, tier?.onBreach) };
}

function listPods(world: World, docket: Docket, served: ReadonlySet<string>): ContainedPod[] {
  const { incident, namespace } = docket;
  // What an Incident contained that people closed since, while it still ran, is whose it is about now.
  const containing = listContaining(world, namespace);
  return world.pods
    .byIndex("namespace", namespace)
    .filter((pod) => !isOver(pod))
    .flatMap((facts): ContainedPod[] => {
      const { isConcerned, isInBreach } = judgePodOf(docket, toRunning(facts));
      const isOurs = facts.quarantinedBy === incident.metadata.name;
      if (!isOurs && (containing.has(facts.quarantinedBy ?? "") || !isConcerned)) return [];
      return [{ facts, isInBreach, isServed: served.has(facts.metadata.uid ?? "") }];
    });
}

/** Policies that allow something to a pod that has no label left but that of the quarantine. */
function listLeaks(world: World, { namespace, incident }: Docket): string[] {
  const labels = { [QUARANTINE_LABEL]: incident.metadata.name };
  const left = findStillAllowed(namespace, labels, listStanding(world, namespace));
  return [...new Set([...left.ingress.allowedBy, ...left.egress.allowedBy])].toSorted();
}

type Slice = KubeObject & { endpoints?: { targetRef?: { uid?: string } }[] };

async function listServed({ client }: Toolbox, namespace: string): Promise<Set<string>> {
  const { items } = await client.list<Slice>(ENDPOINT_SLICES, { namespace });
  const uids = items.flatMap(({ endpoints }) => (endpoints ?? []).map(({ targetRef }) => targetRef?.uid ?? ""));
  return new Set(uids.filter((uid) => uid !== ""));
}

type Autoscaler = KubeObject & { spec?: { scaleTargetRef?: { kind?: string; name?: string } } };

async function listAutoscalers({ client }: Toolbox, namespace: string): Promise<Map<string, string>> {
  const { items } = await client.list<Autoscaler>(AUTOSCALERS, { namespace });
  return new Map(
    items.map(({ metadata, spec }) => [`${spec?.scaleTargetRef?.kind}/${spec?.scaleTargetRef?.name}`, metadata.name]),
  );
}

const isSameSet = (a: readonly string[], b: readonly string[]) => {
  const set = new Set(a);
  return set.size === new Set(b).size && b.every((item) => set.has(item));
};

/** Pods of the present template that serve: ready, vouched for, not contained, not ending. */
function countReady(world: World, docket: Docket, { selector, images }: WorkloadFacts): number {
  const serves = (pod: PodFacts) =>
    pod.isReady &&
    !isOver(pod) &&
    pod.metadata.deletionTimestamp === undefined &&
    pod.quarantinedBy === undefined &&
    selects(selector, pod.metadata.labels ?? {}) &&
    isSameSet(pod.images, images) &&
    docket.sight(toRunning(pod)) === undefined;
  return world.pods.byIndex("namespace", docket.namespace).filter(serves).length;
}

/** Why pods of a workload are not made, where that is not the gate's own refusal. */
function findTrouble(world: World, namespace: string, { metadata }: WorkloadFacts): string | undefined {
  const reports = world.refusals
    .list()
    .filter(
      ({ metadata: event, owner, message }) =>
        event.namespace === namespace &&
        (owner.name === metadata.name || owner.name.startsWith(`${metadata.name}-`)) &&
        !message.includes("ValidatingAdmissionPolicy 'vouchsafe-"),
    );
  return reports.at(-1)?.message.slice(0, 160);
}

function isHeld({ incident, warrant, now }: Docket): boolean {
  if (warrant === undefined) return false;
  const { held = {}, images = {}, supporting = [] } = warrant;
  const isRefused = (digest: string) => {
    const entry = images[digest];
    if (entry?.refused !== undefined || supporting.includes(digest)) return true;
    // What somebody vouches for elsewhere cannot be held back.
    return entry?.grants?.some(({ notAfter }) => Date.parse(notAfter) > now) === true;
  };
  const entries = (incident.status?.workloads ?? []).filter(({ hold }) => hold === "Held");
  const isListed = entries.every(({ kind, name }) => held[`${kind}/${name}`] !== undefined);
  // Digests are held back only where a workload is held that could bring them back.
  return isListed && (entries.length === 0 || (incident.spec.digests ?? []).every(isRefused));
}

/** Observes one Incident. */
export async function observeContainment(
  tools: Toolbox,
  operatorNamespace: string,
  namespace: string,
  incident: Incident,
): Promise<ContainmentFacts> {
  const { world } = tools;
  const read = world.warrants.get(`${namespace}/enforce`);
  const warrant = read?.outcome === "valid" ? read.object.spec : undefined;
  const widened = new Set(observeWidening(world, namespace).map(({ system }) => system));
  const now = tools.now();
  const index = observeReleases(world, namespace);
  const docket = openDocket({ incident, namespace, warrant, index, widened, now });
  const { tier, steps } = findLadder(world, operatorNamespace, namespace, incident);
  const entryOf = ({ kind, metadata }: WorkloadFacts) =>
    incident.status?.workloads?.find((entry) => entry.kind === kind && entry.name === metadata.name);
  const concerned = listWorkloads(world, namespace).flatMap((facts) => {
    const isInBreach = isTemplateConcerned(docket, facts.system ?? "", facts.images);
    const entry = entryOf(facts);
    const isVouched = isTemplateVouched(docket, facts.system ?? "", facts.images);
    return isInBreach || entry !== undefined ? [{ facts, entry, isInBreach, isVouched }] : [];
  });
  const isOrdered = (...rungs: Rung[]) => steps.some((step) => rungs.includes(step.do));
  // What the ladder never needs is not asked for: an Incident may stay open for weeks.
  const hasSuspended = incident.status?.workloads?.some(({ suspended }) => suspended !== undefined) === true;
  const isPastFreeze = (incident.status?.frozen ?? []).length > 0;
  const isDisplacing = isOrdered("quarantine", "leaveServices", "sever", "rollBack", "stop");
  const [served, autoscalers, jobs, choices] = await Promise.all([
    isDisplacing ? listServed(tools, namespace) : new Set<string>(),
    isOrdered("throttle") ? listAutoscalers(tools, namespace) : new Map<string, string>(),
    isDisplacing || hasSuspended ? observeJobs(tools, docket) : [],
    // Where to go back to is not looked for before evidence is frozen: quarantine does not wait for it.
    observeChoices(
      tools,
      docket,
      isOrdered("rollBack") && isPastFreeze ? concerned.filter((one) => one.isInBreach) : [],
    ),
  ]);
  const workloads = concerned.map(({ facts, entry, isInBreach, isVouched }): ContainedWorkload => {
    const key = toWorkloadKey(facts);
    return {
      facts,
      entry,
      isInBreach,
      isVouched,
      release: findRelease(listGoverned(facts.images, docket.warrant), docket.index, facts.system),
      ready: countReady(world, docket, facts),
      autoscaler: autoscalers.get(key),
      choice: choices.get(key) ?? { choice: "stop", why: "it is not in breach" },
      trouble: findTrouble(world, namespace, facts),
    };
  });
  return {
    incident,
    namespace,
    tier,
    steps,
    pods: listPods(world, docket, served),
    workloads,
    jobs,
    isHeldByWarrant: isHeld(docket),
    refusedDigest: incident.spec.digests?.find((digest) => warrant?.images?.[digest]?.refused !== undefined),
    isByDigest: !NOT_BY_DIGEST.has(incident.spec.breach ?? ""),
    leaks: listLeaks(world, docket),
    now: docket.now,
  };
}

/** Incidents that a change in their namespace may concern: open ones, and those that still contain a pod. */
export function listConcerned(world: World, namespace: string): Incident[] {
  const contained = listValid(world.incidents.byIndex("namespace", namespace)).filter(isContained);
  // Asked at every change of a pod: where nothing happened, pods are not gone through.
  if (contained.every(isOpen)) return contained;
  const containing = new Set(world.pods.byIndex("namespace", namespace).map(({ quarantinedBy }) => quarantinedBy));
  return contained.filter((one) => isOpen(one) || containing.has(one.metadata.name));
}

/**
 * Whether nothing can be told of the breach, since the Warrant is not there: what was contained stays so until there is
 * one. Where the namespace is governed the gate admits nothing meanwhile; where it is governed no longer, what is
 * contained is for its people to free.
 */
export const isInTheDark = ({ world }: Toolbox, namespace: string, incident: Incident): boolean =>
  isOpen(incident) && world.warrants.get(`${namespace}/enforce`)?.outcome !== "valid";

/**
 * Whether an Incident has come to rest: contained, restored or stopped, and nothing of it runs. Then nothing has to be
 * asked of the API server until something of it shows up again.
 */
export function isAtRest({ world, now }: Toolbox, namespace: string, incident: Incident): boolean {
  const { metadata, status } = incident;
  const isMet = (type: string, ...reasons: string[]) =>
    status?.conditions?.some((one) => one.type === type && reasons.includes(one.reason)) === true;
  const hasSettled =
    status?.observedGeneration === metadata.generation &&
    isMet("Contained", "NothingRuns") &&
    isMet("Restored", "VouchedPodsReady", "NoWorkload") &&
    status?.actions?.every(({ result }) => result !== "Started" && result !== "Waiting") === true;
  if (!hasSettled) return false;
  const read = world.warrants.get(`${namespace}/enforce`);
  if (read?.outcome !== "valid") return false;
  const index = observeReleases(world, namespace);
  const sight = createJudge(read.object.spec, index, { now: now(), namespace });
  const isAbout = (system: string | undefined, images: readonly string[]) =>
    sight({ name: "", system: system ?? "", images, isMirror: false }) !== undefined;
  const pods = world.pods.byIndex("namespace", namespace).filter((pod) => !isOver(pod));
  const isOpened =
    incident.spec.breach === "FenceWidened" &&
    observeWidening(world, namespace).some(({ system }) => system === incident.spec.system);
  return (
    !isOpened &&
    pods.every((pod) => pod.quarantinedBy !== metadata.name && sight(toRunning(pod)) === undefined) &&
    listWorkloads(world, namespace).every(({ system, images }) => !isAbout(system, images))
  );
}
