/**
 * The network fence of a namespace: one policy that denies everything both ways, and one per system that allows DNS
 * and the flows that its AISystem declares. Peers are always named; link-local addresses are never reachable.
 */
import ipaddr from "ipaddr.js";
import type { AISystem, Peer } from "../api/ai-system.ts";
import { MANAGED_BY, MANAGED_BY_LABEL, SYSTEM_LABEL } from "../api/labels.ts";
import { toCanonicalText } from "./canonical.ts";
import type { FenceFacts } from "./facts.ts";

/** A NetworkPolicy as the fence writes it. */
export interface FencePolicy {
  apiVersion: "networking.k8s.io/v1";
  kind: "NetworkPolicy";
  metadata: { name: string; namespace: string; labels: Record<string, string> };
  spec: {
    podSelector: { matchLabels?: Record<string, string> };
    policyTypes: ["Ingress", "Egress"];
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

/** Ranges through which a workload reaches the credentials of its node or cloud. */
const NEVER = ["169.254.0.0/16", "fe80::/10", "fd00:ec2::254/128", "100.100.100.200/32", "fd20:ce::254/128"];
const DNS_PORTS: FenceRule["ports"] = [
  { protocol: "UDP", port: 53 },
  { protocol: "TCP", port: 53 },
];

export const DEFAULT_DENY = "vouchsafe-default-deny";
/** Name of a system's policy. */
export const toFenceName = (system: string) => `vouchsafe-system-${system}`;

const inNamespace = (name: string): Selector => ({ matchLabels: { "kubernetes.io/metadata.name": name } });

/** Whether `outer` holds all of `inner`; ranges of different families hold nothing of each other. */
function contains(outer: string, inner: string): boolean {
  const [outerBase, outerBits] = ipaddr.parseCIDR(outer);
  const [innerBase, innerBits] = ipaddr.parseCIDR(inner);
  return outerBase.kind() === innerBase.kind() && outerBits <= innerBits && innerBase.match(outerBase, outerBits);
}

/** The peer of a policy, or undefined where nothing of it may be reached. */
function toPeer(peer: Peer): PolicyPeer | undefined {
  const { cidr } = peer;
  if (cidr !== undefined) {
    if (!ipaddr.isValidCIDR(cidr) || NEVER.some((range) => contains(range, cidr))) return undefined;
    const except = NEVER.filter((range) => contains(cidr, range));
    return { ipBlock: { cidr, ...(except.length > 0 ? { except } : {}) } };
  }
  return {
    ...(peer.namespace === undefined ? {} : { namespaceSelector: inNamespace(peer.namespace) }),
    ...(peer.pods === undefined ? {} : { podSelector: { matchLabels: peer.pods } }),
  };
}

const toPolicy = (namespace: string, name: string, spec: Omit<FencePolicy["spec"], "policyTypes">): FencePolicy => ({
  apiVersion: "networking.k8s.io/v1",
  kind: "NetworkPolicy",
  metadata: { name, namespace, labels: { [MANAGED_BY_LABEL]: MANAGED_BY } },
  spec: { ...spec, policyTypes: ["Ingress", "Egress"] },
});

/** The policy that denies everything in the namespace. */
export const buildDefaultDeny = (namespace: string) => toPolicy(namespace, DEFAULT_DENY, { podSelector: {} });

/** Flows that lead nowhere but to link-local addresses. */
export function listForbiddenFlows({ spec }: AISystem): string[] {
  const flows = [
    ...(spec.dataFlows?.ingress ?? []).map(({ name, from }) => ({ name, peer: from })),
    ...(spec.dataFlows?.egress ?? []).map(({ name, to }) => ({ name, peer: to })),
  ];
  return flows.filter(({ peer }) => toPeer(peer) === undefined).map(({ name }) => name);
}

/** The policy of one system. */
export function buildSystemFence(namespace: string, system: AISystem): FencePolicy {
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
  return toPolicy(namespace, toFenceName(system.metadata.name), {
    podSelector: { matchLabels: { [SYSTEM_LABEL]: system.metadata.name } },
    ...(rulesIn.length > 0 ? { ingress: rulesIn } : {}),
    egress: [dns, ...rulesOut],
  });
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
      why: `flow ${forbidden} leads to link-local addresses only, which are never reachable`,
    };
  }
  const wanted = [buildDefaultDeny(namespace), buildSystemFence(namespace, system)];
  const missing = wanted.find((policy) => !isStanding(policy, standing));
  if (missing === undefined) return { outcome: "whole" };
  return { outcome: "broken", why: `NetworkPolicy ${missing.metadata.name} does not stand yet` };
}
