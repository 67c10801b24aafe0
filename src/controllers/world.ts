/**
 * What the controllers know of the cluster: one store per kind, each kept to what is read. Objects of our own
 * kinds are parsed once, when they arrive; one that does not parse is kept with the reason, never dropped.
 */
import { AIPolicy } from "../api/ai-policy.ts";
import { AISystem } from "../api/ai-system.ts";
import { Approval } from "../api/approval.ts";
import { type KindDefinition, parseObject, type Resource, toResource } from "../api/kind.ts";
import { MANAGED_BY, MANAGED_BY_LABEL } from "../api/labels.ts";
import { Incident } from "../api/incident.ts";
import { ModelRelease } from "../api/model-release.ts";
import { ClusterRevocation, Revocation } from "../api/revocation.ts";
import { RiskAssessment } from "../api/risk-assessment.ts";
import { Stop } from "../api/stop.ts";
import { Warrant } from "../api/warrant.ts";
import type { Read } from "../domain/facts.ts";
import {
  createStore,
  type KubeObject,
  type ObjectMetadata,
  type ResourceType,
  type WritableStore,
} from "../runtime/index.ts";
import {
  CONFIG_MAPS,
  CORE_EVENTS,
  DAEMON_SETS,
  DEPLOYMENTS,
  NAMESPACES,
  NETWORK_POLICIES,
  PODS,
  STATEFUL_SETS,
} from "./resources.ts";
import {
  type PodFacts,
  type RawPod,
  type RawWorkload,
  toPodFacts,
  toWorkloadFacts,
  type WorkloadFacts,
} from "./workloads.ts";

/** A namespace as far as it is read. */
export interface NamespaceEntry {
  metadata: ObjectMetadata;
}

export interface NetworkPolicyFacts {
  metadata: ObjectMetadata;
  isOurs: boolean;
  spec: unknown;
}

/** An Event that tells of an owner whose pods were not created. */
export interface RefusalFacts {
  metadata: ObjectMetadata;
  owner: { apiVersion: string; kind: string; name: string; uid: string };
  message: string;
  count: number;
}

type RawEvent = KubeObject & { involvedObject: RefusalFacts["owner"]; message?: string; count?: number };

export interface ConfigMapFacts {
  metadata: ObjectMetadata;
  data: Record<string, string>;
}

type RawKind = KubeObject & { spec?: unknown; status?: unknown };

const byNamespace = <T extends { metadata: ObjectMetadata }>(item: T) => [item.metadata.namespace ?? ""];

function kindStore<S, T>(definition: KindDefinition & { spec: S; status: T }) {
  type O = Resource<unknown, unknown>;
  return createStore<RawKind, Read<O>>({
    project: (raw) => {
      const parsed = parseObject(definition, raw);
      return parsed.outcome === "valid"
        ? { outcome: "valid", metadata: raw.metadata, object: parsed.object }
        : { outcome: "invalid", metadata: raw.metadata, why: parsed.why };
    },
    indexes: { namespace: byNamespace },
  });
}

const typedStore = <O>(definition: KindDefinition) =>
  kindStore(definition) as unknown as WritableStore<RawKind, Read<O>>;

const workloadStore = () =>
  createStore<RawWorkload, WorkloadFacts>({ project: toWorkloadFacts, indexes: { namespace: byNamespace } });

/** Makes the empty stores. */
export function createWorld() {
  return {
    namespaces: createStore<KubeObject, NamespaceEntry>({ project: ({ metadata }) => ({ metadata }) }),
    systems: typedStore<AISystem>(AISystem),
    assessments: typedStore<RiskAssessment>(RiskAssessment),
    releases: typedStore<ModelRelease>(ModelRelease),
    policies: typedStore<AIPolicy>(AIPolicy),
    approvals: typedStore<Approval>(Approval),
    revocations: typedStore<Revocation>(Revocation),
    clusterRevocations: typedStore<ClusterRevocation>(ClusterRevocation),
    warrants: typedStore<Warrant>(Warrant),
    incidents: typedStore<Incident>(Incident),
    stops: typedStore<Stop>(Stop),
    pods: createStore<RawPod, PodFacts>({
      project: toPodFacts,
      indexes: {
        namespace: byNamespace,
        system: (pod) => (pod.system === undefined ? [] : [`${pod.metadata.namespace ?? ""}/${pod.system}`]),
      },
    }),
    deployments: workloadStore(),
    statefulSets: workloadStore(),
    daemonSets: workloadStore(),
    networkPolicies: createStore<KubeObject & { spec?: unknown }, NetworkPolicyFacts>({
      project: ({ metadata, spec }) => ({
        metadata,
        spec,
        isOurs: metadata.labels?.[MANAGED_BY_LABEL] === MANAGED_BY,
      }),
      indexes: { namespace: byNamespace },
    }),
    refusals: createStore<RawEvent, RefusalFacts>({
      project: ({ metadata, involvedObject, message, count }) => ({
        metadata,
        owner: involvedObject,
        message: message ?? "",
        count: count ?? 1,
      }),
    }),
    /** ConfigMaps of the operator's own namespace, which hold trust roots. */
    configMaps: createStore<KubeObject & { data?: Record<string, string> }, ConfigMapFacts>({
      project: ({ metadata, data }) => ({ metadata, data: data ?? {} }),
    }),
  };
}

export type World = ReturnType<typeof createWorld>;

/** Every Deployment, StatefulSet and DaemonSet of a namespace whose pods belong to a system. */
export const listWorkloads = (world: World, namespace: string): WorkloadFacts[] =>
  [world.deployments, world.statefulSets, world.daemonSets]
    .flatMap((store) => store.byIndex("namespace", namespace))
    .filter(({ system }) => system !== undefined);

/** Where a store is filled from. */
export interface WorldSource {
  type: ResourceType;
  labelSelector?: string;
  fieldSelector?: string;
  /** Only from the operator's own namespace. */
  scope?: "operator";
}

/** Where each store of the world is filled from; no more is read than is needed. */
export const WORLD_SOURCES: Record<keyof World, WorldSource> = {
  namespaces: { type: NAMESPACES },
  systems: { type: toResource(AISystem) },
  assessments: { type: toResource(RiskAssessment) },
  releases: { type: toResource(ModelRelease) },
  policies: { type: toResource(AIPolicy) },
  approvals: { type: toResource(Approval) },
  revocations: { type: toResource(Revocation) },
  clusterRevocations: { type: toResource(ClusterRevocation) },
  warrants: { type: toResource(Warrant) },
  incidents: { type: toResource(Incident) },
  stops: { type: toResource(Stop) },
  // All pods and policies: what runs past the gate carries no label of ours.
  pods: { type: PODS },
  deployments: { type: DEPLOYMENTS },
  statefulSets: { type: STATEFUL_SETS },
  daemonSets: { type: DAEMON_SETS },
  networkPolicies: { type: NETWORK_POLICIES },
  refusals: { type: CORE_EVENTS, fieldSelector: "reason=FailedCreate" },
  configMaps: { type: CONFIG_MAPS, scope: "operator" },
};
