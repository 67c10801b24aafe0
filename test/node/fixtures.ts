// Pods for the lane that need no vouching: one image that serves under the pod's own name.
import { applyObjects, type Kubectl } from "../harness/kubectl.ts";
import { eventually } from "../harness/wait.ts";
import { toServices } from "./hosts.ts";
import type { Port } from "./probes.ts";

export const FIXTURE_IMAGE = "localhost/fixture:1";
/** Where a server sends bytes as long as the connection lives. */
export const STREAM = 9000;

/** What a container of that image does: serve all ports, under the pod's own name. */
export const serveAsPod = (ports: readonly Port[]) => ({
  env: [
    { name: "POD", valueFrom: { fieldRef: { fieldPath: "metadata.name" } } },
    { name: "NAMESPACE", valueFrom: { fieldRef: { fieldPath: "metadata.namespace" } } },
  ],
  args: ["serve", "$(NAMESPACE)/$(POD)", ...toServices(ports, STREAM)],
});

export interface FixturePod {
  namespace: string;
  name: string;
  labels?: Record<string, string>;
  ports: readonly Port[];
  image?: string;
}

/** A pod that serves; its TCP port 80, if it has one, is named `web`. */
export const toFixturePod = ({ namespace, name, labels = {}, ports, image = FIXTURE_IMAGE }: FixturePod) => ({
  apiVersion: "v1",
  kind: "Pod",
  metadata: { namespace, name, labels },
  spec: {
    nodeSelector: { "kubernetes.io/hostname": "node-0" },
    automountServiceAccountToken: false,
    terminationGracePeriodSeconds: 1,
    securityContext: { runAsNonRoot: true },
    containers: [
      {
        name: "server",
        image,
        ...serveAsPod(ports),
        securityContext: { readOnlyRootFilesystem: true },
        ports: ports
          .filter(({ protocol, port }) => protocol === "TCP" && port === 80)
          .map(({ port }) => ({ name: "web", containerPort: port })),
      },
    ],
  },
});

/** A namespace with a label of its own name, as policies of the lane select it. */
export const toNamespace = (name: string, labels: Record<string, string> = {}) => ({
  apiVersion: "v1",
  kind: "Namespace",
  metadata: { name, labels: { ns: name, ...labels } },
});

/** Creates pods as soon as their namespaces have the ServiceAccount that every pod needs. */
export async function startPods(kubectl: Kubectl, pods: readonly { metadata: { namespace: string } }[]): Promise<void> {
  for (const namespace of new Set(pods.map(({ metadata }) => metadata.namespace))) {
    await eventually(`${namespace} has its default ServiceAccount`, async () =>
      (await kubectl(["get", "serviceaccount", "default", "-n", namespace])).code === 0 ? true : undefined,
    );
  }
  await applyObjects(kubectl, pods);
}
