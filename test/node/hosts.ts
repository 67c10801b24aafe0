// The ends of connections: pods on the node, and hosts outside the cluster behind links of their own. Both are
// network namespaces in which a probe can be started.
import type { Endpoint } from "../../src/domain/reachability/evaluate.ts";
import type { ContainerPort } from "../../src/domain/reachability/ports.ts";
import { type Kubectl, readJson } from "../harness/kubectl.ts";
import { eventually } from "../harness/wait.ts";
import { listProcesses } from "./machine.ts";
import type { RealNode } from "./node.ts";

/** A place to probe from and to. */
export interface Host {
  endpoint: Endpoint;
  address: string;
  /** Its processes, as the machine numbers them; none are known of hosts outside. */
  processes: readonly number[];
  /** The command that enters its network namespace and runs what follows. */
  enter: readonly string[];
}

/** What answers a probe: its own name. */
export const nameOf = (end: Endpoint) => (end.kind === "pod" ? `${end.namespace}/${end.name}` : end.name);

interface Pod {
  metadata: {
    name: string;
    namespace: string;
    uid: string;
    labels?: Record<string, string>;
    deletionTimestamp?: string;
  };
  spec: { containers: { ports?: { name?: string; protocol?: ContainerPort["protocol"]; containerPort: number }[] }[] };
  status?: { podIP?: string; conditions?: { type: string; status: string }[] };
}

/** Pods as they are in the API server now, once all of them are ready. */
export async function findPods(kubectl: Kubectl, namespaces: readonly string[]): Promise<Host[]> {
  const read = async () => {
    const lists = await Promise.all(
      namespaces.map((namespace) => readJson<{ items: Pod[] }>(kubectl, ["pods", "-n", namespace])),
    );
    return lists
      .flatMap((list) => list?.items ?? [])
      .filter(({ metadata }) => metadata.deletionTimestamp === undefined);
  };
  const isReady = ({ status }: Pod) =>
    status?.conditions?.some(({ type, status: s }) => type === "Ready" && s === "True");
  const pods = await eventually(
    `all pods of ${namespaces.join(", ")} are ready`,
    async () => {
      const found = await read();
      return found.length > 0 && found.every(isReady) ? found : undefined;
    },
    { withinMs: 60_000, lastSeen: async () => (await read()).filter((pod) => isReady(pod) !== true) },
  );
  return pods.map((pod) => toHost(pod));
}

function toHost({ metadata, spec, status }: Pod): Host {
  const { namespace, name, uid, labels = {} } = metadata;
  const processes = listProcesses(`pod${uid}`);
  const [pid] = processes;
  const address = status?.podIP;
  if (pid === undefined || address === undefined) throw new Error(`${namespace}/${name} has no process or no address`);
  const ports = spec.containers
    .flatMap((container) => container.ports ?? [])
    .flatMap(({ name: port, protocol = "TCP", containerPort }) =>
      port === undefined ? [] : [{ name: port, protocol, port: containerPort }],
    );
  return {
    endpoint: { kind: "pod", namespace, name, labels, addresses: [address], ports },
    address,
    processes,
    enter: ["nsenter", "-t", String(pid), "-n", "--"],
  };
}

/** What serves in pods and on outside hosts: the arguments of `probe serve` after the name. */
export const toServices = (ports: readonly { protocol: string; port: number }[], stream?: number) => [
  ...ports.map(({ protocol, port }) => `${protocol.toLowerCase()}/${port}`),
  ...(stream === undefined ? [] : [`stream/${stream}`]),
];

/** Starts a host outside the cluster; the node is the .1 of its network and its way to everything else. */
export async function startOutsider(
  node: RealNode,
  { name, address }: { name: string; address: string },
  services: readonly string[],
): Promise<Host> {
  const gateway = address.replace(/\d+$/, "1");
  const inside = `nsenter --net=/run/netns/${name}`;
  const steps = [
    `ip netns add ${name}`,
    `ip link add ${name} type veth peer name eth0 netns ${name}`,
    `ip addr add ${gateway}/24 dev ${name}`,
    `ip link set ${name} up`,
    `${inside} ip link set lo up`,
    `${inside} ip addr add ${address}/24 dev eth0`,
    `${inside} ip link set eth0 up`,
    `${inside} ip route add default via ${gateway}`,
  ];
  await node.exec("bash", "-euc", steps.join("\n"));
  node.startDaemon(name, [...inside.split(" "), "probe", "serve", name, ...services]);
  return {
    endpoint: { kind: "external", name, addresses: [address] },
    address,
    processes: [],
    enter: ["nsenter", "-t", String(node.pid), "-m", "-n", "--", ...inside.split(" ")],
  };
}
