/**
 * Peers of NetworkPolicy rules: pods, by selectors on them and their namespaces that both have to hold, or blocks
 * of addresses. A peer without a namespace selector means the policy's own namespace, which is selected by its name.
 */
import { type Block, holdsAddress, isBlockContained } from "./blocks.ts";
import { isSelectorContained, selectsNothing } from "./containment.ts";
import { type Labels, matchesLabels, type Selector } from "./selectors.ts";

export type Peer = { kind: "pods"; namespaces: Selector; pods: Selector } | { kind: "block"; block: Block };

/** The peers that a rule allows. */
export type Peers = "any" | readonly Peer[];

/** One end of a connection as a rule at the other end sees it. */
export interface View {
  /** Missing where the end is no pod of the pod network. */
  pod?: { labels: Labels; namespaceLabels: Labels } | undefined;
  address: string | undefined;
}

function matchesPeer(peer: Peer, { pod, address }: View): boolean {
  switch (peer.kind) {
    case "pods":
      if (pod === undefined) return false;
      return matchesLabels(peer.namespaces, pod.namespaceLabels) && matchesLabels(peer.pods, pod.labels);
    case "block":
      return address !== undefined && holdsAddress(peer.block, address);
  }
}

/** Whether the end is among the peers. */
export const allowPeer = (peers: Peers, view: View): boolean =>
  peers === "any" || peers.some((peer) => matchesPeer(peer, view));

/** Whether there can be no such peer. */
export const isImpossible = (peer: Peer): boolean =>
  peer.kind === "pods" && (selectsNothing(peer.namespaces) || selectsNothing(peer.pods));

/**
 * Whether each peer that `inner` could ever mean is also one of `outer`. Pods and blocks are kept apart: which
 * addresses pods have is not known, and whether a block means pods differs between network plug-ins.
 */
export function isPeerContained(inner: Peer, outer: Peer): boolean {
  if (isImpossible(inner)) return true;
  if (inner.kind === "block") return outer.kind === "block" && isBlockContained(inner.block, outer.block);
  if (outer.kind === "block") return false;
  return isSelectorContained(inner.namespaces, outer.namespaces) && isSelectorContained(inner.pods, outer.pods);
}
