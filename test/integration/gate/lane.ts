// A control plane with the gate installed, and what its tests say again and again.
import { inject } from "vitest";
import { type ControlPlane, startControlPlane } from "../../harness/controlplane.ts";
import { type Cluster, toCluster } from "../../harness/cluster.ts";
import { installGate } from "../../harness/gate.ts";
import { type Answer, demand, type Kubectl } from "../../harness/kubectl.ts";
import { makePerson, type Person } from "../../harness/users.ts";
import { eventually } from "../../harness/wait.ts";

export interface Lane extends Cluster {
  plane: ControlPlane;
  /** kubectl as the operator. */
  operator: Kubectl;
  person(name: string): Promise<Person>;
}

/** Starts a control plane of its own, since admission policies hold in the whole cluster. */
export async function startLane(apiserverArgs: string[], mutations: boolean): Promise<Lane> {
  const plane = await startControlPlane({ binary: inject("binary"), apiserverArgs });
  const cluster = toCluster(plane.binary, plane.kubeconfig);
  const operator = await installGate({ kubectl: cluster.kubectl, binary: plane.binary, dir: plane.dir }, { mutations });
  return { ...cluster, plane, operator, person: (name) => makePerson(cluster, plane.dir, name) };
}

export const MODEL = `sha256:${"a".repeat(64)}`;
export const SERVER = `sha256:${"b".repeat(64)}`;
export const OTHER = `sha256:${"c".repeat(64)}`;
export const REVOKED = `sha256:${"d".repeat(64)}`;
export const PENDING = `sha256:${"e".repeat(64)}`;
export const SIDECAR = `sha256:${"f".repeat(64)}`;
export const EXPIRED = `sha256:${"1".repeat(64)}`;
export const LATER = "2031-01-01T00:00:00Z";

export const at = (digest: string) => `registry.example/x@${digest}`;

const grant = (release: string, notAfter = LATER, system = "voice") => ({ system, release, artifact: "x", notAfter });

const GATE = {
  gate: "Open",
  runAsNonRoot: "Any",
  readOnlyRootFilesystem: "Any",
  hostNetwork: "Forbidden",
  serviceAccountToken: "Any",
};

/** A Warrant in which v5 may run, v6 shares its server, and every other digest is refused for a reason of its own. */
export const toWarrant = (namespace: string, name = "enforce", extra: object = {}) => ({
  apiVersion: "vouchsafe.dev/v1alpha1",
  kind: "Warrant",
  metadata: { name, namespace },
  spec: {
    policy: "standard",
    images: {
      [MODEL]: { grants: [grant("v5")] },
      [SERVER]: { grants: [grant("v5"), grant("v6")] },
      [OTHER]: { grants: [grant("o1", LATER, "other")] },
      [EXPIRED]: { grants: [grant("v5", "2020-01-01T00:00:00Z")] },
      [REVOKED]: { refused: { code: "DigestRevoked", text: "DigestRevoked: it drops callers" } },
      [PENDING]: { pending: { code: "ApprovalMissing", text: "ApprovalMissing: release v7 lacks approval" } },
    },
    pins: { "registry.example/x:v5": MODEL },
    supporting: [SIDECAR],
    systems: { voice: GATE, other: GATE, strict: { ...GATE, runAsNonRoot: "Required" } },
    ...extra,
  },
});

export interface PodShape {
  image?: string;
  system?: string | undefined;
  spec?: object;
  annotations?: Record<string, string>;
}

/** A pod template; its container runs `image`. */
export const toTemplate = ({ image = at(MODEL), system = "voice", spec = {}, annotations = {} }: PodShape) => ({
  metadata: { labels: { app: "x", ...(system === "" ? {} : { "vouchsafe.dev/system": system }) }, annotations },
  spec: { containers: [{ name: "c", image }], ...spec },
});

export const toPod = (namespace: string, name: string, shape: PodShape = {}) => {
  const template = toTemplate(shape);
  return { apiVersion: "v1", kind: "Pod", ...template, metadata: { ...template.metadata, name, namespace } };
};

const selector = { matchLabels: { app: "x" } };

/** One workload of each kind that makes pods. */
export function toWorkload(kind: string, namespace: string, shape: PodShape, name = kind.toLowerCase()): object {
  const template = toTemplate(shape);
  const base = { kind, metadata: { name, namespace } };
  const job = { ...template, spec: { ...template.spec, restartPolicy: "Never" } };
  switch (kind) {
    case "Job":
      return { apiVersion: "batch/v1", ...base, spec: { template: job } };
    case "CronJob":
      return {
        apiVersion: "batch/v1",
        ...base,
        spec: { schedule: "0 0 1 1 *", jobTemplate: { spec: { template: job } } },
      };
    case "StatefulSet":
      return { apiVersion: "apps/v1", ...base, spec: { serviceName: "x", selector, template } };
    case "ReplicationController":
      return { apiVersion: "v1", ...base, spec: { replicas: 0, selector: { app: "x" }, template } };
    default:
      return { apiVersion: "apps/v1", ...base, spec: { selector, template } };
  }
}

/** Creates an object and gives the answer; nothing is stored with `dry`. */
export const create = (kubectl: Kubectl, object: object, dry: "dry" | "stored" = "dry"): Promise<Answer> =>
  kubectl(["create", ...(dry === "dry" ? ["--dry-run=server"] : []), "-f", "-"], JSON.stringify(object));

/** A governed namespace whose Warrant is in force. */
export async function makeGoverned(lane: Lane, mode = "enforce", extra: object = {}): Promise<string> {
  const namespace = await lane.makeNamespace("gate", { [`vouchsafe.dev/${mode}`]: "standard" });
  await demand(lane.operator, ["create", "-f", "-"], JSON.stringify(toWarrant(namespace, mode, extra)));
  if (mode === "enforce") {
    await eventually("a vouched pod is admitted", async () =>
      (await create(lane.kubectl, toPod(namespace, "probe"))).code === 0 ? true : undefined,
    );
  } else {
    await eventually("the Warrant is read", async () =>
      (await create(lane.kubectl, toPod(namespace, "probe", { image: "x" }))).stderr.includes("ImageNotPinned") ||
      mode === "audit"
        ? true
        : undefined,
    );
  }
  return namespace;
}
