// What a breach leaves behind in a namespace, without the times, uids and random names that differ from run to run.
import { createHash } from "node:crypto";
import canonicalize from "canonicalize";
import type { KubeObject } from "../../../src/runtime/index.ts";
import { isReady, listIncidents, readWorkload, type SeenIncident, type SeenPod, type Workload } from "./containment.ts";
import { list, need, type Place } from "./stage.ts";

interface Slice extends KubeObject {
  endpoints?: { targetRef?: { uid: string }; conditions?: { ready?: boolean } }[];
}

interface Conditioned extends KubeObject {
  status?: { conditions?: { type: string; status: string; reason: string }[]; digests?: string[] };
}

interface Revision extends KubeObject {
  data: { what?: string; release?: string; objects?: unknown[] };
}

type CronJob = KubeObject & { spec: { suspend?: boolean } };
type Entry = NonNullable<NonNullable<SeenIncident["status"]>["workloads"]>[number] & { snapshot?: string };

/** Members that tell when or which one, not what. */
const VOLATILE = new Set(["uid", "notAfter", "detectedAt", "occurredAt"]);

/** What is left of a value; a namespace's own name counts as nothing. */
const settle = <T>(value: T, namespace: string): T => {
  const text = JSON.stringify(value, (key, member: unknown) => (VOLATILE.has(key) ? undefined : member));
  return JSON.parse(text.replaceAll(namespace, "NAMESPACE")) as T;
};

const sort = (texts: readonly (string | undefined)[]) => texts.map((text) => text ?? "").toSorted();

/** The image of the server, which tells v5 from v6. */
const serverOf = ({ containers }: SeenPod["spec"]) => containers[0]?.image ?? "";

/** `sha256:` and the hex digest of a value's RFC 8785 form. */
const digestOf = (value: unknown) =>
  `sha256:${createHash("sha256")
    .update(canonicalize(value) ?? "")
    .digest("hex")}`;

const recordsOf = (revisions: readonly Revision[], record: string) =>
  revisions.filter(({ metadata }) => metadata.labels?.["vouchsafe.dev/record"] === record);

function describeIncident(incident: SeenIncident & KubeObject, namespace: string, revisions: readonly Revision[]) {
  const { spec, status = {} } = settle({ spec: incident.spec, status: incident.status }, namespace);
  const workloads = status.workloads as Entry[] | undefined;
  // A record's name carries the uid of its workload.
  const releaseOf = (snapshot: string | undefined) =>
    recordsOf(revisions, "last-known-good").find(({ metadata }) => metadata.name === snapshot)?.data.release;
  return {
    name: incident.metadata.name,
    spec,
    pods: status.pods?.length,
    workloads: workloads?.map((one) => ({ ...one, snapshot: releaseOf(one.snapshot) })),
    // What was observed may be less where a restart came between: the pods are gone by then.
    actions: status.actions?.map(({ rung, target, result }) => `${rung} ${target} ${result}`),
    frozen: status.frozen?.map(({ what }) => what),
    clocks: sort(Object.keys(status.timeline ?? {})),
    conditions: status.conditions?.map((one) => `${one.type}=${one.status} ${one.reason}: ${one.message}`),
  };
}

/** Whether each frozen piece that the Incidents name is there and holds what its digest says, and no piece is there twice. */
function describeFrozen(revisions: readonly Revision[], incidents: readonly SeenIncident[]) {
  const records = recordsOf(revisions, "frozen");
  const named = incidents.flatMap(({ status }) => status?.frozen ?? []);
  return {
    records: sort(records.map(({ data }) => data.what)),
    verified: named.filter(({ what, name, digest }) => {
      const data = records.find(({ metadata }) => metadata.name === name)?.data;
      return data?.what === what && digestOf(data) === digest;
    }).length,
    hasPods: records.some(({ data }) => data.what === "pods" && (data.objects?.length ?? 0) > 0),
  };
}

const describeConditions = ({ kind, metadata, status }: Conditioned): string[] => [
  `${kind}/${metadata.name}`,
  ...(status?.conditions ?? []).map((one) => `${one.type}=${one.status} ${one.reason}`),
];

/** Reads and describes the state of a namespace. */
export async function readEndState(place: Place) {
  const { namespace } = place;
  const [deployment, replicaSets, cronJobs, pods, slices, policies] = await Promise.all([
    readWorkload(place),
    list<Workload>(place, "ReplicaSet"),
    list<CronJob>(place, "CronJob"),
    list<SeenPod>(place, "Pod"),
    list<Slice>(place, "EndpointSlice"),
    list(place, "NetworkPolicy"),
  ]);
  const [revisions, warrant, revocations, releases, systems, incidents] = await Promise.all([
    list<Revision>(place, "ControllerRevision"),
    need<{ spec: object }>(place, "Warrant", "enforce"),
    list<Conditioned>(place, "Revocation"),
    list<Conditioned>(place, "ModelRelease"),
    list<Conditioned>(place, "AISystem"),
    listIncidents(place),
  ]);
  const served = slices.flatMap(({ endpoints }) => endpoints ?? []);
  const serving = served.filter(({ conditions }) => conditions?.ready === true).map(({ targetRef }) => targetRef?.uid);
  return {
    deployment: {
      // Each change of the spec counts here, whoever made it.
      generation: deployment.metadata.generation,
      revision: deployment.metadata.annotations?.["deployment.kubernetes.io/revision"],
      replicas: deployment.spec.replicas,
      template: deployment.spec.template,
    },
    replicaSets: sort(
      replicaSets.map(
        ({ spec, status = {} }) =>
          `${serverOf(spec.template.spec)}: ${spec.replicas} wanted, ${Number(status.readyReplicas ?? 0)} ready`,
      ),
    ),
    cronJobs: cronJobs.map(({ metadata, spec }) => [metadata.name, spec.suspend, metadata.generation]),
    pods: pods.map((pod) => ({
      image: serverOf(pod.spec),
      labels: pod.metadata.labels,
      annotations: pod.metadata.annotations,
      isReady: isReady(pod),
      isEnding: pod.metadata.deletionTimestamp !== undefined,
      isServed: serving.includes(pod.metadata.uid),
    })),
    served: served.length,
    policies: policies.map(({ metadata }) => metadata.name),
    snapshots: sort(recordsOf(revisions, "last-known-good").map(({ data }) => data.release)),
    frozen: describeFrozen(revisions, incidents),
    warrant: settle(warrant.spec, namespace),
    revocations: revocations.map((one) => [...(one.status?.digests ?? []), ...describeConditions(one).slice(1)]),
    conditions: [...releases, ...systems].map(describeConditions),
    incidents: incidents.map((one) => describeIncident(one, namespace, revisions)),
  };
}

export type EndState = Awaited<ReturnType<typeof readEndState>>;
