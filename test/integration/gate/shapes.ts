// Objects that the tests of the gate apply: one Warrant, and pods and workloads to judge by it.
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
    systems: {
      voice: { ...GATE, stopAuthority: ["oncall", "Head of speech"] },
      other: GATE,
      strict: { ...GATE, runAsNonRoot: "Required" },
    },
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
