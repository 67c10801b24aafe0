// The control plane that integration tests share, and a namespace of one's own on it.
import { randomBytes } from "node:crypto";
import { inject } from "vitest";
import { bindKubectl, demand, type Kubectl } from "./kubectl.ts";

export interface Cluster {
  kubeconfig: string;
  binary: string;
  kubectl: Kubectl;
  /** Makes a namespace with a fresh name; it goes with the control plane. */
  makeNamespace(prefix: string, labels?: Record<string, string>): Promise<string>;
}

/** Wraps any control plane in what tests need of it. */
export function toCluster(binary: string, kubeconfig: string): Cluster {
  const kubectl = bindKubectl(binary, kubeconfig);
  return {
    kubeconfig,
    binary,
    kubectl,
    makeNamespace: async (prefix, labels = {}) => {
      const name = `${prefix}-${randomBytes(3).toString("hex")}`;
      const object = { apiVersion: "v1", kind: "Namespace", metadata: { name, labels } };
      await demand(kubectl, ["create", "-f", "-"], JSON.stringify(object));
      return name;
    },
  };
}

/** The shared control plane of this run. */
export function useCluster(): Cluster {
  return toCluster(inject("binary"), inject("kubeconfig"));
}
