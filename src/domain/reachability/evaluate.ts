/**
 * Whether a connection gets through all NetworkPolicies of a cluster: out of its source and into its destination.
 * A pod always reaches itself. Pods in the host's network are no subjects and no pods to a rule, only addresses.
 * What depends on the node is left out: a node reaches the pods that run on it, whatever the policies say.
 */
import ipaddr from "ipaddr.js";
import { allowPeer, type View } from "./peers.ts";
import { type Direction, isolates, listRules, type Policy, selectsLabels } from "./policy.ts";
import { allowPort, type ContainerPort, type Protocol, type Target } from "./ports.ts";
import { type Labels, NAMESPACE_NAME } from "./selectors.ts";

/** One end of a connection. */
export type Endpoint =
  | {
      kind: "pod";
      namespace: string;
      name: string;
      labels: Labels;
      /** One address for each family. */
      addresses: readonly string[];
      ports?: readonly ContainerPort[];
      isHostNetwork?: boolean;
    }
  | { kind: "external"; name: string; addresses: readonly string[] };

/** What a connection has to get through. */
export interface Cluster {
  /** Labels of namespaces; one that is not listed has its name only. */
  namespaces: ReadonlyMap<string, Labels>;
  policies: readonly Policy[];
}

/** Who connects to whom, and where. */
export interface Connection {
  from: Endpoint;
  to: Endpoint;
  protocol: Protocol;
  port: number;
}

type Pod = Endpoint & { kind: "pod" };

/** The end as a pod that policies know, if it is one. */
const toPod = (end: Endpoint): Pod | undefined => (end.kind === "pod" && end.isHostNetwork !== true ? end : undefined);

function toView({ namespaces }: Cluster, end: Endpoint, address: string | undefined): View {
  const pod = toPod(end);
  if (pod === undefined) return { address };
  const namespaceLabels = { ...namespaces.get(pod.namespace), [NAMESPACE_NAME]: pod.namespace };
  return { address, pod: { labels: pod.labels, namespaceLabels } };
}

/** Whether the policies that select the pod let the other end through in this direction. */
function passes(cluster: Cluster, pod: Pod | undefined, direction: Direction, other: { view: View; target: Target }) {
  if (pod === undefined) return true;
  const selecting = cluster.policies.filter(
    (policy) => policy.namespace === pod.namespace && selectsLabels(policy, pod.labels),
  );
  if (!selecting.some((policy) => isolates(policy, direction))) return true;
  return selecting
    .flatMap((policy) => listRules(policy, direction))
    .some(
      (rule) =>
        rule.kind === "unreadable" || (allowPeer(rule.peers, other.view) && allowPort(rule.ports, other.target)),
    );
}

const isSelf = (from: Endpoint, to: Endpoint) =>
  from.kind === "pod" && to.kind === "pod" && from.namespace === to.namespace && from.name === to.name;

type Route = { source: string | undefined; target: string | undefined };

const familyOf = (address: string) => (ipaddr.isValid(address) ? ipaddr.process(address).kind() : undefined);

/** The pairs of addresses over which the ends can talk; where an address is not known yet, labels have to do. */
function listRoutes({ addresses: sources }: Endpoint, { addresses: targets }: Endpoint): Route[] {
  if (sources.length === 0 || targets.length === 0) return [{ source: sources[0], target: targets[0] }];
  return sources.flatMap((source) =>
    targets.filter((target) => familyOf(source) === familyOf(target)).map((target) => ({ source, target })),
  );
}

/** Whether the connection is allowed over any pair of addresses that both ends have. */
export function isAllowed(cluster: Cluster, { from, to, protocol, port }: Connection): boolean {
  if (isSelf(from, to)) return true;
  const target: Target = { protocol, port, named: toPod(to)?.ports ?? [] };
  return listRoutes(from, to).some(
    (route) =>
      passes(cluster, toPod(from), "egress", { view: toView(cluster, to, route.target), target }) &&
      passes(cluster, toPod(to), "ingress", { view: toView(cluster, from, route.source), target }),
  );
}
