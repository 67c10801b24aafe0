// What the tests of containment share: workloads of the example in every kind, and words for what happens to them.
import { readFile } from "node:fs/promises";
import { readDeployment } from "../../harness/voice.ts";
import { isApiError, type KubeObject } from "../../../src/runtime/index.ts";
import {
  list,
  make,
  openPlace,
  type Place,
  type PlaceOptions,
  read,
  release,
  type Stage,
  typeOf,
  until,
  type Version,
} from "./stage.ts";

export const SYSTEM = "vouchsafe.dev/system";
export const QUARANTINE = "vouchsafe.dev/quarantine";

export interface SeenIncident {
  metadata: { name: string; uid: string };
  spec: {
    breach?: string;
    system?: string;
    release?: string;
    digests?: string[];
    state?: string;
    summary: string;
    detectedAt: string;
  };
  status?: {
    pods?: string[];
    workloads?: { kind: string; name: string; hold: string; to?: string; replicas?: number; suspended?: string }[];
    actions?: { rung: string; target: string; result: string; observed: string; doneAt?: string }[];
    frozen?: { what: string; name: string; digest: string; objects: number }[];
    timeline?: Record<string, string>;
    conditions?: { type: string; status: string; reason: string; message: string }[];
  };
}

interface PodSpec {
  containers: { name: string; image: string; env?: object[]; envFrom?: object[] }[];
  volumes?: { name: string; [source: string]: unknown }[];
  nodeSelector?: Record<string, string>;
  restartPolicy?: string;
  [more: string]: unknown;
}

export interface SeenPod extends KubeObject {
  spec: PodSpec;
  status?: { phase?: string; conditions?: { type: string; status: string }[] };
}

export interface Workload extends KubeObject {
  spec: {
    replicas?: number;
    paused?: boolean;
    suspend?: boolean;
    revisionHistoryLimit?: number;
    strategy?: object;
    template: { metadata: { labels: Record<string, string>; annotations?: Record<string, string> }; spec: PodSpec };
    [more: string]: unknown;
  };
  status?: Record<string, unknown>;
}

export const imagesOf = ({ stage: { published } }: Place, version: Version) => ({
  model: published.images[`models/silero-vad:${version}`],
  server: published.images[`voice-gate:${version}`],
});

export const digestsOf = (place: Place, version: Version) => {
  const { model, server } = imagesOf(place, version);
  const [ofModel = "", ofServer = ""] = [model, server].map((image) => image.slice(image.indexOf("@") + 1));
  return { model: ofModel, server: ofServer };
};

export type Change = (workload: Workload) => void;

/** The example's Deployment with the images of a version. */
export function toDeployment(place: Place, version: Version, change: Change = () => {}): Workload {
  const { namespace, stage } = place;
  const workload = JSON.parse(readDeployment(namespace, stage.published, imagesOf(place, version))) as Workload;
  change(workload);
  return workload;
}

/** Turns the example's Deployment into a workload of another kind. */
export function become(kind: "StatefulSet" | "DaemonSet" | "Job" | "CronJob"): Change {
  return (workload) => {
    const { apiVersion } = typeOf(kind);
    const { template } = workload.spec;
    workload.kind = kind;
    workload.apiVersion = apiVersion;
    if (kind === "StatefulSet") Object.assign(workload.spec, { replicas: 3, serviceName: "voice-gate" });
    if (kind === "DaemonSet") delete workload.spec.replicas;
    if (kind === "Job" || kind === "CronJob") template.spec.restartPolicy = "Never";
    if (kind === "Job") workload.spec = { template };
    if (kind === "CronJob") {
      const spec = { schedule: "0 0 29 2 *", jobTemplate: { spec: { template } } };
      workload.spec = spec as unknown as Workload["spec"];
    }
  };
}

/** Applies a workload as bob, the way a GitOps tool does. */
export const apply = ({ stage }: Place, workload: Workload): Promise<Workload> =>
  stage.as.bob.apply<Workload>(typeOf(workload.kind), workload, { fieldManager: "bob", force: true });

/** What the API server says to bob when he applies a workload; undefined where it does as he says. */
export async function tryApply(place: Place, workload: Workload): Promise<string | undefined> {
  try {
    await apply(place, workload);
    return undefined;
  } catch (error) {
    if (isApiError(error)) return error.message;
    throw error;
  }
}

/** What the API server says to a new pod of a version; undefined where it would be admitted. */
export async function tryPod(place: Place, version: Version): Promise<string | undefined> {
  const { metadata, spec } = toDeployment(place, version).spec.template;
  try {
    const object = {
      apiVersion: "v1",
      kind: "Pod",
      metadata: { ...metadata, name: "try", namespace: place.namespace },
    };
    await place.stage.as.bob.create<KubeObject>(typeOf("Pod"), { ...object, spec } as KubeObject, { dryRun: true });
    return undefined;
  } catch (error) {
    if (isApiError(error)) return error.message;
    throw error;
  }
}

/** Pods that nobody has ended yet. */
export const listPods = async (place: Place): Promise<SeenPod[]> =>
  (await list<SeenPod>(place, "Pod")).filter(({ metadata }) => metadata.deletionTimestamp === undefined);

export const listIncidents = (place: Place): Promise<(SeenIncident & KubeObject)[]> =>
  list<SeenIncident>(place, "Incident");

export const isReady = ({ status }: SeenPod) =>
  status?.conditions?.some(({ type, status: is }) => type === "Ready" && is === "True") === true;

/** Names of pods that an EndpointSlice of the Service names. */
export async function listServed(place: Place): Promise<string[]> {
  const slices = await list<{ endpoints?: { targetRef?: { name?: string } }[] }>(place, "EndpointSlice");
  return slices.flatMap(({ endpoints }) => (endpoints ?? []).map(({ targetRef }) => targetRef?.name ?? "")).toSorted();
}

/** What a failed wait shows. */
async function describe(place: Place): Promise<unknown> {
  const [pods, incidents] = await Promise.all([list<SeenPod>(place, "Pod"), listIncidents(place)]);
  return {
    pods: pods.map(({ metadata, spec, status }) => ({
      name: metadata.name,
      ends: metadata.deletionTimestamp,
      labels: metadata.labels,
      image: spec.containers[0]?.image.slice(0, 60),
      phase: status?.phase,
    })),
    incidents: incidents.map(({ metadata, spec, status }) => ({ name: metadata.name, spec, status })),
  };
}

/** Waits for something in a place; what is there at last is told where it does not come. */
export const untilSeen = <T>(place: Place, expectation: string, probe: () => Promise<T | undefined>): Promise<T> =>
  until(place, expectation, probe, () => describe(place));

/** Waits until as many pods as wanted run a version and are ready, and no other pod of the workload is left. */
export const untilRuns = (place: Place, version: Version, wanted: number): Promise<SeenPod[]> =>
  untilSeen(place, `${wanted} ready pods of ${version}`, async () => {
    const pods = (await listPods(place)).filter(({ metadata }) => metadata.labels?.[SYSTEM] === "voice-gate");
    const isRight = (pod: SeenPod) => pod.spec.containers[0]?.image === imagesOf(place, version).server && isReady(pod);
    return pods.length === wanted && pods.every(isRight) ? pods : undefined;
  });

/** Waits for an Incident of a breach that fits. */
export const untilIncident = (
  place: Place,
  breach: string,
  fits: (incident: SeenIncident) => boolean = () => true,
): Promise<SeenIncident & KubeObject> =>
  untilSeen(place, `an Incident of ${breach}`, async () =>
    (await listIncidents(place)).find((one) => one.spec.breach === breach && fits(one)),
  );

export const conditionOf = (incident: SeenIncident, type: string) =>
  incident.status?.conditions?.find((one) => one.type === type);

/** Whether a condition has a status or a reason. */
export const has = (type: string, value: string) => (incident: SeenIncident) => {
  const condition = conditionOf(incident, type);
  return condition?.status === value || condition?.reason === value;
};

/** The rungs as they were taken. */
export const actionsOf = (incident: SeenIncident): string[] =>
  incident.status?.actions?.map(({ rung, target, result }) => `${rung} ${target} ${result}`) ?? [];

export const observedOf = (incident: SeenIncident, rung: string, target?: string): string | undefined =>
  incident.status?.actions?.find((one) => one.rung === rung && (target === undefined || one.target === target))
    ?.observed;

/** Whether a rung came to a result. */
export const did = (rung: string, result: string) => (incident: SeenIncident) =>
  incident.status?.actions?.some((one) => one.rung === rung && one.result === result) === true;

/** Waits until there are so many last-known-good records of a release. */
export const untilRecorded = (place: Place, version: Version, wanted = 1): Promise<true> =>
  untilSeen(place, `${wanted} last-known-good records of ${version}`, async () => {
    const records = await list<{ data: { release: string } }>(
      place,
      "ControllerRevision",
      "vouchsafe.dev/record=last-known-good",
    );
    const found = records.filter(({ data }) => data.release === `voice-gate-${version}`);
    return found.length >= wanted ? true : undefined;
  });

export const SERVICE = {
  kind: "Service",
  metadata: { name: "voice-gate" },
  spec: { selector: { app: "voice-gate" }, ports: [{ port: 8080 }] },
};

export interface Running {
  place: Place;
  /** The Approval of what runs. */
  approval: KubeObject;
}

export interface RunOptions extends PlaceOptions {
  /** Changes the workload of every version. */
  workload?: Change;
  /** Pods that are wanted; 2 where it is left out. */
  wanted?: number;
}

/** A namespace whose workload runs v5, behind a Service. */
export async function runV5(stage: Stage, namespace: string, options: RunOptions = {}): Promise<Running> {
  const place = await openPlace(stage, namespace, options);
  const [approval] = await Promise.all([release(place, "v5"), make(place, SERVICE)]);
  await apply(place, toDeployment(place, "v5", options.workload));
  const pods = await untilRuns(place, "v5", options.wanted ?? 2);
  const names = pods.map(({ metadata }) => metadata.name).toSorted();
  await untilSeen(place, "the Service has its pods", async () =>
    (await listServed(place)).join() === names.join() ? true : undefined,
  );
  return { place, approval };
}

export interface UpgradeOptions extends RunOptions {
  /** Changes the workload of v6 alone. */
  v6?: Change;
  /** Changes release v6. */
  release?: (spec: object) => object;
}

/** A namespace whose workload ran v5 well and now runs v6. */
export async function runV6(stage: Stage, namespace: string, options: UpgradeOptions = {}): Promise<Running> {
  const { place } = await runV5(stage, namespace, options);
  const [approval] = await Promise.all([release(place, "v6", options.release), untilRecorded(place, "v5")]);
  await apply(place, toDeployment(place, "v6", combine(options.workload, options.v6)));
  await untilRuns(place, "v6", options.wanted ?? 2);
  return { place, approval };
}

export const combine =
  (...changes: (Change | undefined)[]): Change =>
  (workload) => {
    for (const change of changes) change?.(workload);
  };

/** The workload of a kind as it stands. */
export async function readWorkload(place: Place, kind = "Deployment"): Promise<Workload> {
  const found = await read<Workload>(place, kind, "voice-gate");
  if (found === undefined) throw new Error(`there is no ${kind} voice-gate in ${place.namespace}`);
  return found;
}

/** What the operator logged as an error or as a right that it lacks. */
export async function listFaults({ product }: Stage): Promise<string[]> {
  const log = await readFile(product.operator.logFile, "utf8");
  return log.split("\n").filter((line) => line.includes('"level":"error"') || line.includes('"code":"Forbidden"'));
}
