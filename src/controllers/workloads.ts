/** Workloads and pods as the controllers keep them: what is decided by, and no more, since there may be thousands. */
import { LABELS_BEFORE_ANNOTATION, QUARANTINE_LABEL, SYSTEM_LABEL } from "../api/labels.ts";
import type { KubeObject, ObjectMetadata } from "../runtime/index.ts";

/** The part of a pod spec that is read. */
interface PodSpec {
  containers?: { name: string; image?: string }[];
  initContainers?: { name: string; image?: string }[];
  ephemeralContainers?: { name: string; image?: string }[];
  volumes?: { name: string; image?: { reference?: string } }[];
  nodeName?: string;
}

export type RawPod = KubeObject & {
  spec?: PodSpec;
  status?: { phase?: string; conditions?: { type: string; status: string }[] };
};

/** A pod as far as fence, gate and containment need it. */
export interface PodFacts {
  metadata: ObjectMetadata;
  /** The system that the pod's label names, or named before it was contained. */
  system: string | undefined;
  phase: string;
  images: string[];
  isReady: boolean;
  isMirror: boolean;
  node: string | undefined;
  /** The Incident that quarantined it; never set on a mirror pod. */
  quarantinedBy: string | undefined;
  /** The labels before it was contained, its own where it was not; never the mark of quarantine. */
  labelsBefore: Readonly<Record<string, string>>;
}

/** Images by the slot that names them: containers, init and ephemeral containers, image volumes. */
export function listSlots(spec: PodSpec | undefined): Map<string, string> {
  const { containers = [], initContainers = [], ephemeralContainers = [], volumes = [] } = spec ?? {};
  return new Map([
    ...containers.map(({ name, image = "" }) => [`container ${name}`, image] as const),
    ...initContainers.map(({ name, image = "" }) => [`init ${name}`, image] as const),
    ...ephemeralContainers.map(({ name, image = "" }) => [`ephemeral ${name}`, image] as const),
    ...volumes.flatMap(({ name, image }) =>
      image === undefined ? [] : [[`volume ${name}`, image.reference ?? ""] as const],
    ),
  ]);
}

/** The labels that a contained pod had before; undefined where nothing, or nothing readable, is remembered. */
function readLabelsBefore(metadata: ObjectMetadata): Record<string, string> | undefined {
  const text = metadata.annotations?.[LABELS_BEFORE_ANNOTATION];
  if (text === undefined) return undefined;
  try {
    const value: unknown = JSON.parse(text);
    if (typeof value !== "object" || value === null) return undefined;
    return Object.fromEntries(
      Object.entries(value).filter((entry): entry is [string, string] => typeof entry[1] === "string"),
    );
  } catch {
    return undefined;
  }
}

const slim = ({ metadata }: KubeObject): ObjectMetadata => {
  const { annotations: _, ...rest } = metadata;
  const before = metadata.annotations?.[LABELS_BEFORE_ANNOTATION];
  return before === undefined ? rest : { ...rest, annotations: { [LABELS_BEFORE_ANNOTATION]: before } };
};

/** Keeps of a pod what is decided by. */
export function toPodFacts(pod: RawPod): PodFacts {
  const { metadata, spec, status } = pod;
  const isMirror = metadata.annotations?.["kubernetes.io/config.mirror"] !== undefined;
  // Only the operator sets the mark of quarantine, but for the file of a mirror pod, which the gate does not see.
  const quarantinedBy = isMirror ? undefined : metadata.labels?.[QUARANTINE_LABEL];
  // Without the mark the annotation is anybody's.
  const remembered = quarantinedBy === undefined ? undefined : readLabelsBefore(metadata);
  // Among the labels that are given back, the mark would contain the pod for ever.
  const { [QUARANTINE_LABEL]: _, ...labelsBefore } = remembered ?? metadata.labels ?? {};
  return {
    metadata: slim(pod),
    system: labelsBefore[SYSTEM_LABEL],
    phase: status?.phase ?? "",
    images: [...listSlots(spec).values()],
    isReady: status?.conditions?.some(({ type, status: is }) => type === "Ready" && is === "True") === true,
    isMirror,
    node: spec?.nodeName,
    quarantinedBy,
    labelsBefore,
  };
}

/** Whether a pod is over: it runs nothing any more. */
export const isOver = ({ phase }: PodFacts) => phase === "Succeeded" || phase === "Failed";

const WORKLOAD_KINDS = ["Deployment", "StatefulSet", "DaemonSet"] as const;
export type WorkloadKind = (typeof WORKLOAD_KINDS)[number];

export interface PodTemplate {
  metadata?: { labels?: Record<string, string> };
  spec?: PodSpec & Record<string, unknown>;
}

interface Selector {
  matchLabels?: Record<string, string>;
  matchExpressions?: { key: string; operator: string; values?: string[] }[];
}

export type RawWorkload = KubeObject & {
  spec?: {
    replicas?: number;
    paused?: boolean;
    selector?: Selector;
    template?: PodTemplate;
    updateStrategy?: { rollingUpdate?: { partition?: number } };
  };
  status?: {
    observedGeneration?: number;
    replicas?: number;
    updatedReplicas?: number;
    availableReplicas?: number;
    desiredNumberScheduled?: number;
    updatedNumberScheduled?: number;
    numberAvailable?: number;
  };
};

/** A Deployment, StatefulSet or DaemonSet whose pods belong to a system. */
export interface WorkloadFacts {
  kind: WorkloadKind;
  metadata: ObjectMetadata;
  /** The system that the template names; undefined where it names none: then nothing else is kept. */
  system: string | undefined;
  template: PodTemplate;
  selector: Selector;
  images: string[];
  isPaused: boolean;
  /** Pods of a StatefulSet below this ordinal keep the revision that they had; 0 elsewhere. */
  partition: number;
  /** Replicas that are wanted: by spec, or by the nodes of a DaemonSet. */
  wanted: number;
  /** Whether the controller saw this spec and all wanted pods are updated and available. */
  isSettled: boolean;
}

const isWorkloadKind = (kind: string): kind is WorkloadKind => WORKLOAD_KINDS.some((one) => one === kind);

/** How records, Incidents and choices name a workload of a namespace: `kind/name`. */
export const toWorkloadKey = ({ kind, metadata }: WorkloadFacts): string => `${kind}/${metadata.name}`;

/** Keeps of a workload what is decided by; of one without a system next to nothing. */
export function toWorkloadFacts(raw: RawWorkload): WorkloadFacts {
  const { spec = {}, status = {}, metadata } = raw;
  const kind = isWorkloadKind(raw.kind) ? raw.kind : "Deployment";
  const template = spec.template ?? {};
  const system = template.metadata?.labels?.[SYSTEM_LABEL];
  const wanted = kind === "DaemonSet" ? (status.desiredNumberScheduled ?? 0) : (spec.replicas ?? 1);
  const counts =
    kind === "DaemonSet"
      ? [status.updatedNumberScheduled, status.numberAvailable]
      : [status.updatedReplicas, status.availableReplicas, status.replicas];
  const { annotations: _, ...slimmed } = metadata;
  return {
    kind,
    metadata: slimmed,
    system,
    template: system === undefined ? {} : template,
    selector: spec.selector ?? {},
    images: [...listSlots(template.spec).values()],
    isPaused: spec.paused === true,
    partition: spec.updateStrategy?.rollingUpdate?.partition ?? 0,
    wanted,
    isSettled:
      status.observedGeneration === metadata.generation && wanted > 0 && counts.every((count) => count === wanted),
  };
}

/** Whether a selector picks labels; one that picks everything, or that cannot be read, picks nothing here. */
export function selects(
  { matchLabels = {}, matchExpressions = [] }: Selector,
  labels: Readonly<Record<string, string>>,
): boolean {
  if (Object.keys(matchLabels).length + matchExpressions.length === 0) return false;
  const isMet = ({ key, operator, values = [] }: NonNullable<Selector["matchExpressions"]>[number]) => {
    const value = labels[key];
    if (operator === "In") return value !== undefined && values.includes(value);
    if (operator === "NotIn") return value === undefined || !values.includes(value);
    if (operator === "Exists") return value !== undefined;
    return operator === "DoesNotExist" && value === undefined;
  };
  return Object.entries(matchLabels).every(([key, value]) => labels[key] === value) && matchExpressions.every(isMet);
}
