/**
 * Freezes evidence before anything destroys it: what ran, what it logged, what made it and what let it in, in
 * ControllerRevisions named by their content. They belong to nobody, so they outlive what they tell of.
 */
import type { FrozenPiece, Incident } from "../../api/incident.ts";
import { INCIDENT_LABEL, modeLabel, RECORD_LABEL } from "../../api/labels.ts";
import { listValid } from "../../domain/facts.ts";
import { flatten } from "../../domain/findings.ts";
import { isApiError, type KubeObject, type ResourceType } from "../../runtime/index.ts";
import {
  CONTROLLER_REVISIONS,
  CORE_EVENTS,
  DAEMON_SETS,
  DEPLOYMENTS,
  NETWORK_POLICIES,
  PODS,
  REPLICA_SETS,
  STATEFUL_SETS,
} from "../resources.ts";
import { createRecord, digestJson, nameRecord, type Revision } from "../snapshots/record.ts";
import type { Toolbox } from "../toolbox.ts";
import type { ContainmentFacts } from "./facts.ts";
import { countFreezes } from "./rungs.ts";
import { WARRANTS } from "../governance/carry-out.ts";

const FROZEN = "frozen";
/** Names the piece on its record. */
const PIECE_LABEL = "vouchsafe.dev/piece";
/** etcd takes 1.5 MiB for an object; a piece that is larger is cut, and says so. */
const MAX_BYTES = 1_000_000;
const MAX_LOG_BYTES = 16_384;
const MAX_LOGGED_CONTAINERS = 32;
const MAX_OBJECTS = 500;
const PODS_PIECE = "pods";
const MAX_NAMED_PODS = 256;

/** What a record of frozen evidence holds. */
interface Frozen {
  incident: { namespace: string; name: string; uid: string };
  what: string;
  /** How many objects did not fit. */
  left: number;
  objects: unknown[];
}

type RawPod = KubeObject & { spec?: { containers?: { name: string }[]; initContainers?: { name: string }[] } };
type RawEvent = KubeObject & { involvedObject?: { kind?: string; name?: string } };

/** Where not all fit, the oldest are left out. */
const byNewest = (a: KubeObject, b: KubeObject) =>
  (b.metadata.creationTimestamp ?? "").localeCompare(a.metadata.creationTimestamp ?? "");

/** Fields that change without meaning. */
const strip = (object: KubeObject) => {
  const { managedFields: _, ...metadata } = object.metadata;
  return { ...object, metadata };
};

const listOf = async <T extends KubeObject>(
  { client }: Toolbox,
  type: ResourceType,
  namespace: string,
  labelSelector?: string,
) => (await client.list<T>(type, { namespace, ...(labelSelector === undefined ? {} : { labelSelector }) })).items;

/** The last lines of each container, where a kubelet answers; else what the API server said. */
async function readLogs({ client }: Toolbox, namespace: string, pods: readonly RawPod[]): Promise<object[]> {
  const containers = pods
    .flatMap(({ metadata, spec }) =>
      [...(spec?.containers ?? []), ...(spec?.initContainers ?? [])].map(({ name }) => ({
        pod: metadata.name,
        container: name,
      })),
    )
    .slice(0, MAX_LOGGED_CONTAINERS);
  return Promise.all(
    containers.map(async ({ pod, container }) => {
      try {
        const query = { container, tailLines: "200", limitBytes: String(MAX_LOG_BYTES), timestamps: "true" };
        return { pod, container, text: await client.readLog({ namespace, name: pod }, query) };
      } catch (error) {
        return {
          pod,
          container,
          unread: flatten(isApiError(error) ? error.message : "the log could not be read", 256),
        };
      }
    }),
  );
}

/** What governed it at that moment: the AIPolicy, the system, its releases and its assessment. */
function listGoverning({ world }: Toolbox, { namespace, incident }: ContainmentFacts): KubeObject[] {
  const policy = world.namespaces.get(namespace)?.metadata.labels?.[modeLabel("enforce")] ?? "";
  const { system } = incident.spec;
  const policies = [world.policies.get(policy)].filter((read) => read !== undefined);
  return [
    ...listValid(policies),
    ...listValid(world.systems.byIndex("namespace", namespace)).filter(({ metadata }) => metadata.name === system),
    ...listValid(world.releases.byIndex("namespace", namespace)).filter(({ spec }) => spec.system === system),
    ...listValid(world.assessments.byIndex("namespace", namespace)).filter(({ spec }) => spec.system === system),
  ];
}

/** Everything that tells what happened, by piece. */
async function gather(tools: Toolbox, about: ContainmentFacts): Promise<Map<string, object[]>> {
  const { namespace } = about;
  const names = new Set(about.pods.map(({ facts }) => facts.metadata.name));
  const workloads = new Set(about.workloads.map(({ facts }) => facts.metadata.name));
  const isOfWorkload = ({ metadata }: KubeObject) =>
    workloads.has(metadata.name) || metadata.ownerReferences?.some(({ name }) => workloads.has(name)) === true;
  const [allPods, events, policies, warrants, revisions, ...owners] = await Promise.all([
    listOf<RawPod>(tools, PODS, namespace),
    listOf<RawEvent>(tools, CORE_EVENTS, namespace),
    listOf(tools, NETWORK_POLICIES, namespace),
    listOf(tools, WARRANTS, namespace),
    // What earlier Incidents froze is large, and no part of this one.
    listOf(tools, CONTROLLER_REVISIONS, namespace, `${RECORD_LABEL} notin (${FROZEN})`),
    ...[DEPLOYMENTS, STATEFUL_SETS, DAEMON_SETS, REPLICA_SETS].map((type) => listOf(tools, type, namespace)),
  ]);
  const pods = allPods.filter(({ metadata }) => names.has(metadata.name));
  // Of pods only those that are frozen: a workload that was rolled out often has told of many others.
  const isTold = ({ involvedObject: { kind, name = "" } = {} }: RawEvent) =>
    kind === "Pod"
      ? names.has(name)
      : [...workloads].some((workload) => name === workload || name.startsWith(`${workload}-`));
  return new Map<string, object[]>([
    [PODS_PIECE, pods.map(strip)],
    ["owners", [...owners.flat(), ...revisions].filter(isOfWorkload).map(strip)],
    ["events", events.filter(isTold).toSorted(byNewest).map(strip)],
    ["policies", [...policies, ...warrants, ...listGoverning(tools, about)].map(strip)],
    ["logs", await readLogs(tools, namespace, pods)],
  ]);
}

/** As many objects as fit. */
function fit(objects: readonly object[]): { objects: object[]; left: number } {
  const kept: object[] = [];
  let bytes = 0;
  for (const object of objects.slice(0, MAX_OBJECTS)) {
    bytes += Buffer.byteLength(JSON.stringify(object));
    if (bytes > MAX_BYTES) break;
    kept.push(object);
  }
  return { objects: kept, left: objects.length - kept.length };
}

/** Pieces that an earlier try froze and did not come to name in the Incident. */
async function listFrozen(tools: Toolbox, namespace: string, incident: Incident): Promise<Map<string, FrozenPiece>> {
  const labelSelector = `${RECORD_LABEL}=${FROZEN},${INCIDENT_LABEL}=${incident.metadata.name}`;
  const { items } = await tools.client.list<Revision>(CONTROLLER_REVISIONS, { namespace, labelSelector });
  return new Map(
    items.flatMap(({ metadata, data }): [string, FrozenPiece][] => {
      const what = metadata.labels?.[PIECE_LABEL] ?? "";
      const digest = digestJson(data ?? null);
      const frozen = data as Frozen;
      // One that was bent, or belongs to a namesake, is no evidence.
      if (nameRecord(FROZEN, digest) !== metadata.name || frozen.incident.uid !== incident.metadata.uid) return [];
      return [[what, describePiece(what, metadata.name, digest, frozen)]];
    }),
  );
}

function describePiece(what: string, name: string, digest: string, { objects }: Frozen): FrozenPiece {
  const pods = what.startsWith(PODS_PIECE) ? (objects as KubeObject[]).map(({ metadata }) => metadata.name) : [];
  return {
    what,
    name,
    digest,
    objects: objects.length,
    ...(pods.length === 0 ? {} : { pods: pods.slice(0, MAX_NAMED_PODS) }),
  };
}

/**
 * Freezes every piece that is not frozen yet, and gives all of them. Pods that turn up later are frozen under names of
 * their own, counted by what the Incident names, so that a try that was cut short goes on under the same.
 */
export async function freeze(tools: Toolbox, about: ContainmentFacts): Promise<FrozenPiece[]> {
  const { namespace, incident } = about;
  const { name, uid = "" } = incident.metadata;
  const frozen = await listFrozen(tools, namespace, incident);
  const pieces = await gather(tools, about);
  const freezes = countFreezes(incident);
  for (const [piece, found] of pieces) {
    const what = freezes === 0 ? piece : `${piece}-${freezes + 1}`;
    if (frozen.has(what)) continue;
    const data: Frozen = { incident: { namespace, name, uid }, what, ...fit(found) };
    const digest = digestJson(data);
    const record = nameRecord(FROZEN, digest);
    const labels = { [RECORD_LABEL]: FROZEN, [INCIDENT_LABEL]: name, [PIECE_LABEL]: what };
    await createRecord(tools, namespace, record, { labels, data, revision: 1 });
    frozen.set(what, describePiece(what, record, digest, data));
  }
  return [...frozen.values()].toSorted((a, b) => (a.what < b.what ? -1 : 1));
}
