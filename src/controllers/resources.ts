/** The kinds of Kubernetes itself that the controllers read or write. */
import type { ResourceType } from "../runtime/index.ts";

const core = (plural: string, kind: string, namespaced = true): ResourceType => ({
  group: "",
  version: "v1",
  plural,
  kind,
  namespaced,
});
const apps = (plural: string, kind: string): ResourceType => ({
  group: "apps",
  version: "v1",
  plural,
  kind,
  namespaced: true,
});

export const NAMESPACES = core("namespaces", "Namespace", false);
export const PODS = core("pods", "Pod");
export const SERVICES = core("services", "Service");
export const CONFIG_MAPS = core("configmaps", "ConfigMap");
export const SECRETS = core("secrets", "Secret");
export const SERVICE_ACCOUNTS = core("serviceaccounts", "ServiceAccount");
export const CORE_EVENTS = core("events", "Event");
export const REPLICATION_CONTROLLERS = core("replicationcontrollers", "ReplicationController");
export const REPLICA_SETS = apps("replicasets", "ReplicaSet");
export const DEPLOYMENTS = apps("deployments", "Deployment");
export const STATEFUL_SETS = apps("statefulsets", "StatefulSet");
export const DAEMON_SETS = apps("daemonsets", "DaemonSet");
export const CONTROLLER_REVISIONS = apps("controllerrevisions", "ControllerRevision");
export const JOBS: ResourceType = { group: "batch", version: "v1", plural: "jobs", kind: "Job", namespaced: true };
export const CRON_JOBS: ResourceType = {
  group: "batch",
  version: "v1",
  plural: "cronjobs",
  kind: "CronJob",
  namespaced: true,
};
export const ENDPOINT_SLICES: ResourceType = {
  group: "discovery.k8s.io",
  version: "v1",
  plural: "endpointslices",
  kind: "EndpointSlice",
  namespaced: true,
};
export const AUTOSCALERS: ResourceType = {
  group: "autoscaling",
  version: "v2",
  plural: "horizontalpodautoscalers",
  kind: "HorizontalPodAutoscaler",
  namespaced: true,
};
export const NETWORK_POLICIES: ResourceType = {
  group: "networking.k8s.io",
  version: "v1",
  plural: "networkpolicies",
  kind: "NetworkPolicy",
  namespaced: true,
};
const admission = (plural: string, kind: string): ResourceType => ({
  group: "admissionregistration.k8s.io",
  version: "v1",
  plural,
  kind,
  namespaced: false,
});
export const ADMISSION_POLICIES = admission("validatingadmissionpolicies", "ValidatingAdmissionPolicy");
export const ADMISSION_BINDINGS = admission("validatingadmissionpolicybindings", "ValidatingAdmissionPolicyBinding");
