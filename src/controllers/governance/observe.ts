/** Reads what is known of one namespace out of the stores, in the shape that the judgement wants. */
import { MODES, type Mode, modeLabel } from "../../api/labels.ts";
import type { WarrantSpec } from "../../api/warrant.ts";
import type { FenceFacts, NamespaceFacts, PolicyFacts } from "../../domain/facts.ts";
import { judgeFence, type StandingPolicy } from "../../domain/fence.ts";
import type { TrustSources } from "../../domain/signers.ts";
import { readPublicGoodRoot } from "../../adapters/sigstore/public-good.ts";
import { findRootFault } from "../../adapters/sigstore/trusted-root.ts";
import { resolveSigners } from "../policies/decide.ts";
import type { World } from "../world.ts";

/** What signers are resolved with: the ConfigMaps of the operator's namespace, and what is shipped. */
export const readTrust = (world: World, operatorNamespace: string): TrustSources => ({
  readConfigMap: (name, key) => world.configMaps.get(`${operatorNamespace}/${name}`)?.data[key],
  publicGoodRoot: readPublicGoodRoot(),
  findRootFault,
});

/** The policy of that name with its signers resolved. */
export function observePolicy(world: World, operatorNamespace: string, name: string): PolicyFacts {
  const read = world.policies.get(name);
  if (read === undefined) return { outcome: "missing", name };
  if (read.outcome === "invalid") return { outcome: "invalid", name, why: read.why };
  const signers = resolveSigners(read.object, readTrust(world, operatorNamespace));
  return { outcome: "valid", name, spec: read.object.spec, signers };
}

/** The policies that the labels of a namespace name. The operator's own namespace is never governed. */
export function observeModes(world: World, operatorNamespace: string, namespace: string): Map<Mode, PolicyFacts> {
  const labels = world.namespaces.get(namespace)?.metadata.labels ?? {};
  const modes = new Map<Mode, PolicyFacts>();
  if (namespace === operatorNamespace) return modes;
  for (const mode of MODES) {
    const name = labels[modeLabel(mode)];
    if (name !== undefined) modes.set(mode, observePolicy(world, operatorNamespace, name));
  }
  return modes;
}

/** The NetworkPolicies of a namespace. */
export const listStanding = (world: World, namespace: string): StandingPolicy[] =>
  world.networkPolicies.byIndex("namespace", namespace).map(({ metadata, isOurs, spec }) => ({
    name: metadata.name,
    isOurs,
    isDeleting: metadata.deletionTimestamp !== undefined,
    spec,
  }));

/** Sorted by name, so that the same objects give the same Warrant whatever order they came in. */
const sortByName = <T extends { metadata: { name: string } }>(items: readonly T[]): T[] =>
  items.toSorted((a, b) => (a.metadata.name < b.metadata.name ? -1 : 1));

/** Everything about the namespace. */
export function observeNamespace(world: World, operatorNamespace: string, namespace: string): NamespaceFacts {
  const systems = sortByName(world.systems.byIndex("namespace", namespace));
  const standing = listStanding(world, namespace);
  const fences = new Map<string, FenceFacts>();
  for (const read of systems) {
    if (read.outcome === "valid") fences.set(read.metadata.name, judgeFence(namespace, read.object, standing));
  }
  const warrants = new Map<string, WarrantSpec>();
  for (const read of world.warrants.byIndex("namespace", namespace)) {
    if (read.outcome === "valid") warrants.set(read.metadata.name, read.object.spec);
  }
  return {
    namespace,
    modes: observeModes(world, operatorNamespace, namespace),
    systems,
    assessments: sortByName(world.assessments.byIndex("namespace", namespace)),
    releases: sortByName(world.releases.byIndex("namespace", namespace)),
    approvals: sortByName(world.approvals.byIndex("namespace", namespace)),
    revocations: sortByName(world.revocations.byIndex("namespace", namespace)),
    clusterRevocations: sortByName(world.clusterRevocations.list()),
    incidents: sortByName(world.incidents.byIndex("namespace", namespace)),
    stops: sortByName(world.stops.byIndex("namespace", namespace)),
    fences,
    warrants,
  };
}
