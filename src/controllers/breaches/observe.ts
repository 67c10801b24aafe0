/** Reads what runs in a namespace, and what its releases, Revocations and Stops say, out of the stores. */
import type { Incident } from "../../api/incident.ts";
import { modeLabel } from "../../api/labels.ts";
import { listValid } from "../../domain/facts.ts";
import { buildDefaultDeny, buildSystemFence } from "../../domain/fence.ts";
import { digestOfImage } from "../../domain/images.ts";
import { findWidening, type Widening } from "../../domain/reachability/widening.ts";
import { listRevokedReleases } from "../../domain/revocations.ts";
import type { ReleaseIndex, RunningPod } from "../../gate/find-breaches.ts";
import { listStanding } from "../governance/observe.ts";
import { isOver, type PodFacts } from "../workloads.ts";
import { listWorkloads, type World } from "../world.ts";

/** The part of a pod that its vouching is judged by. */
export const toRunning = ({ metadata, system, images, isMirror }: PodFacts): RunningPod => ({
  name: metadata.name,
  system: system ?? "",
  images,
  isMirror,
});

/** Whether an Incident is the operator's to contain: those that people wrote are left alone. */
export const isContained = ({ spec }: Incident) => spec.type === "breach" && spec.breach !== undefined;

export const isOpen = ({ spec }: Incident) => spec.state === "Open";

/** Names of the Incidents that contain pods: open ones, about a breach. */
export const listContaining = (world: World, namespace: string): Set<string> =>
  new Set(
    listValid(world.incidents.byIndex("namespace", namespace))
      .filter((one) => isContained(one) && isOpen(one))
      .map(({ metadata }) => metadata.name),
  );

/**
 * Pods that run, are not ending and that no open Incident contains. The mark of an Incident that was closed or deleted
 * contains nothing any more: nobody else would look at such a pod.
 */
export function listLoose(world: World, namespace: string): PodFacts[] {
  const containing = listContaining(world, namespace);
  return world.pods
    .byIndex("namespace", namespace)
    .filter(
      (pod) => !isOver(pod) && pod.metadata.deletionTimestamp === undefined && !containing.has(pod.quarantinedBy ?? ""),
    );
}

/**
 * What policies of others open beyond the fence. Our own are left out: the API server guards them, and while an
 * AISystem is edited they lag behind for a moment.
 */
export function observeWidening(world: World, namespace: string): Widening[] {
  if (world.namespaces.get(namespace)?.metadata.labels?.[modeLabel("enforce")] === undefined) return [];
  const foreign = listStanding(world, namespace).filter(({ isOurs, isDeleting }) => !isOurs && !isDeleting);
  if (foreign.length === 0) return [];
  const systems = listValid(world.systems.byIndex("namespace", namespace));
  return findWidening({
    namespace,
    wanted: [buildDefaultDeny(namespace), ...systems.flatMap((system) => buildSystemFence(namespace, system))],
    standing: foreign,
    systems: systems.map(({ metadata }) => metadata.name),
    // Templates too: their pods are about to be made.
    pods: [
      ...listLoose(world, namespace).map(({ metadata }) => metadata.labels ?? {}),
      ...listWorkloads(world, namespace).map(({ template }) => template.metadata?.labels ?? {}),
    ],
  });
}

/** Releases by digest, and what is revoked and stopped. */
export function observeReleases(world: World, namespace: string): ReleaseIndex {
  const releasesOf = new Map<string, string[]>();
  const systemOf = new Map<string, string>();
  const approved = new Set<string>();
  for (const { metadata, spec, status } of listValid(world.releases.byIndex("namespace", namespace))) {
    systemOf.set(metadata.name, spec.system);
    if (status?.approved !== undefined) approved.add(metadata.name);
    for (const { image } of spec.artifacts) {
      const digest = digestOfImage(image);
      releasesOf.set(digest, [...(releasesOf.get(digest) ?? []), metadata.name].toSorted());
    }
  }
  const stops = listValid(world.stops.byIndex("namespace", namespace))
    .filter(({ spec }) => spec.resumed === undefined)
    .toSorted((a, b) => (a.metadata.name < b.metadata.name ? 1 : -1));
  return {
    releasesOf,
    systemOf,
    approved,
    revoked: listRevokedReleases(listValid(world.revocations.byIndex("namespace", namespace))),
    stops: new Map(stops.map(({ metadata, spec }) => [spec.system, metadata.name])),
  };
}
