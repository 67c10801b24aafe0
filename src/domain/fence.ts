/**
 * The network fence of a namespace: one policy that denies everything both ways, and two per system that allow DNS
 * and the flows that its AISystem declares. Peers are always named; link-local addresses are never reachable.
 */
import type { AISystem, Peer } from "../api/ai-system.ts";
import { MANAGED_BY, MANAGED_BY_LABEL, QUARANTINE_LABEL, SYSTEM_LABEL } from "../api/labels.ts";
import { toCanonicalText } from "./canonical.ts";
import type { FenceFacts } from "./facts.ts";
import { covers, parseRange } from "./reachability/blocks.ts";

/** A NetworkPolicy as the fence writes it. */
export interface FencePolicy {
  apiVersion: "networking.k8s.io/v1";
  kind: "NetworkPolicy";
  metadata: { name: string; namespace: string; labels: Record<string, string> };
  spec: {
    podSelector: { matchLabels?: Record<string, string>; matchExpressions?: { key: string; operator: "Exists" }[] };
    policyTypes: ("Ingress" | "Egress")[];
    ingress?: FenceRule[];
    egress?: FenceRule[];
  };
}

interface FenceRule {
  from?: PolicyPeer[];
  to?: PolicyPeer[];
  ports: { protocol: "TCP" | "UDP" | "SCTP"; port: number }[];
}

type PolicyPeer =
  | { ipBlock: { cidr: string; except?: string[] } }
  | { namespaceSelector?: Selector; podSelector?: Selector };

interface Selector {
  matchLabels: Record<string, string>;
}

function refuseRange(text: string): never {
  throw new Error(`${text} is no range`);
}

/** Ranges through which a workload reaches the credentials of its node or cloud. */
const NEVER = ["169.254.0.0/16", "fe80::/10", "fd00:ec2::254/128", "100.100.100.200/32", "fd20:ce::254/128"].map(
  (text) => parseRange(text) ?? refuseRange(text),
);
const DNS_PORTS: FenceRule["ports"] = [
  { protocol: "UDP", port: 53 },
  { protocol: "TCP", port: 53 },
];

export const DEFAULT_DENY = "vouchsafe-default-deny";
export const QUARANTINE = "vouchsafe-quarantine";
/** Names of a system's policies: the one about ingress, and the one about egress. */
export const toFenceNames = (system: string): [string, string] => [
  `vouchsafe-system-${system}`,
  `vouchsafe-egress-${system}`,
];

const inNamespace = (name: string): Selector => ({ matchLabels: { "kubernetes.io/metadata.name": name } });

/**
 * The peer of a policy, or undefined where nothing of it may be reached. A range in another than the plain spelling is
 * none: Kubernetes and we could read different addresses in it.
 */
function toPeer(peer: Peer): PolicyPeer | undefined {
  const { cidr } = peer;
  if (cidr !== undefined) {
    const range = parseRange(cidr);
    if (range === undefined || NEVER.some((never) => covers(never, range))) return undefined;
    const except = NEVER.filter((never) => covers(range, never)).map(({ text }) => text);
    return { ipBlock: { cidr, ...(except.length > 0 ? { except } : {}) } };
  }
  return {
    ...(peer.namespace === undefined ? {} : { namespaceSelector: inNamespace(peer.namespace) }),
    ...(peer.pods === undefined ? {} : { podSelector: { matchLabels: peer.pods } }),
  };
}

const toPolicy = (namespace: string, name: string, spec: FencePolicy["spec"]): FencePolicy => ({
  apiVersion: "networking.k8s.io/v1",
  kind: "NetworkPolicy",
  metadata: { name, namespace, labels: { [MANAGED_BY_LABEL]: MANAGED_BY } },
  spec,
});

/** The policy that denies everything in the namespace. */
export const buildDefaultDeny = (namespace: string) =>
  toPolicy(namespace, DEFAULT_DENY, { podSelector: {}, policyTypes: ["Ingress", "Egress"] });

/** The policy that isolates whatever an Incident quarantined. It works because those pods have no other label left. */
export const buildQuarantine = (namespace: string) =>
  toPolicy(namespace, QUARANTINE, {
    policyTypes: ["Ingress", "Egress"],
    podSelector: { matchExpressions: [{ key: QUARANTINE_LABEL, operator: "Exists" }] },
  });

/** Flows that lead nowhere but to link-local addresses, or whose range cannot be read. */
export function listForbiddenFlows({ spec }: AISystem): string[] {
  const flows = [
    ...(spec.dataFlows?.ingress ?? []).map(({ name, from }) => ({ name, peer: from })),
    ...(spec.dataFlows?.egress ?? []).map(({ name, to }) => ({ name, peer: to })),
  ];
  return flows.filter(({ peer }) => toPeer(peer) === undefined).map(({ name }) => name);
}

/**
 * The policies of one system, one for each direction. In one policy of both types, kube-router lets an egress rule
 * open ingress between the pods that the policy selects.
 */
export function buildSystemFence(namespace: string, system: AISystem): [FencePolicy, FencePolicy] {
  const { ingress = [], egress = [] } = system.spec.dataFlows ?? {};
  const toPorts = (flow: { ports: number[]; protocol: "TCP" | "UDP" | "SCTP" }) =>
    flow.ports.map((port) => ({ protocol: flow.protocol, port }));
  const rulesIn = ingress.flatMap((flow): FenceRule[] => {
    const peer = toPeer(flow.from);
    return peer === undefined ? [] : [{ from: [peer], ports: toPorts(flow) }];
  });
  const rulesOut = egress.flatMap((flow): FenceRule[] => {
    const peer = toPeer(flow.to);
    return peer === undefined ? [] : [{ to: [peer], ports: toPorts(flow) }];
  });
  const dns: FenceRule = {
    to: [{ namespaceSelector: inNamespace("kube-system"), podSelector: { matchLabels: { "k8s-app": "kube-dns" } } }],
    ports: DNS_PORTS,
  };
  const podSelector = { matchLabels: { [SYSTEM_LABEL]: system.metadata.name } };
  const [ingressName, egressName] = toFenceNames(system.metadata.name);
  return [
    toPolicy(namespace, ingressName, {
      podSelector,
      policyTypes: ["Ingress"],
      ...(rulesIn.length > 0 ? { ingress: rulesIn } : {}),
    }),
    toPolicy(namespace, egressName, { podSelector, policyTypes: ["Egress"], egress: [dns, ...rulesOut] }),
  ];
}

/** A NetworkPolicy as it stands in the API server. */
export interface StandingPolicy {
  name: string;
  isOurs: boolean;
  isDeleting: boolean;
  spec: unknown;
}

/** Whether a policy stands as it was built. */
export function isStanding(policy: FencePolicy, standing: readonly StandingPolicy[]): boolean {
  const found = standing.find(({ name }) => name === policy.metadata.name);
  if (found === undefined || !found.isOurs || found.isDeleting) return false;
  return toCanonicalText(found.spec) === toCanonicalText(policy.spec);
}

/** Whether the fence of a system is whole. */
export function judgeFence(namespace: string, system: AISystem, standing: readonly StandingPolicy[]): FenceFacts {
  const [forbidden] = listForbiddenFlows(system);
  if (forbidden !== undefined) {
    return {
      outcome: "broken",
      why: `flow ${forbidden} leads to link-local addresses only, which are never reachable, or to a cidr that is not in its plain spelling`,
    };
  }
  const wanted = [buildDefaultDeny(namespace), ...buildSystemFence(namespace, system)];
  const missing = wanted.find((policy) => !isStanding(policy, standing));
  if (missing === undefined) return { outcome: "whole" };
  return { outcome: "broken", why: `NetworkPolicy ${missing.metadata.name} does not stand yet` };
}
