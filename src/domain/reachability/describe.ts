/**
 * Short texts on what a rule opens, for people. The words of whoever wrote the policy are kept to what labels and
 * addresses are made of, and cut, so that no message grows long or carries a line of its own.
 */
import type { Block } from "./blocks.ts";
import type { Peer } from "./peers.ts";
import type { Direction } from "./policy.ts";
import { LAST_PORT, type PortEntry } from "./ports.ts";
import type { Demand, Selector } from "./selectors.ts";

const MAX_LENGTH = 120;

function clean(text: string): string {
  const plain = text.replaceAll(/[^\w.:/=!,() -]/g, "?");
  return plain.length > MAX_LENGTH ? `${plain.slice(0, MAX_LENGTH - 1)}…` : plain;
}

function describeDemand(demand: Demand): string {
  switch (demand.operator) {
    case "In":
      return demand.values.length === 1
        ? `${demand.key}=${demand.values.join()}`
        : `${demand.key} in (${demand.values.join()})`;
    case "NotIn":
      return `${demand.key} notin (${demand.values.join()})`;
    case "Exists":
      return demand.key;
    case "DoesNotExist":
      return `!${demand.key}`;
  }
}

const describeSelector = (selector: Selector) => selector.map(describeDemand).join();

const describeBlock = ({ range, except }: Block) =>
  except.length === 0 ? range.text : `${range.text} without ${except.map(({ text }) => text).join()}`;

function describePeer(peer: Peer | "any"): string {
  if (peer === "any") return "anywhere";
  if (peer.kind === "block") return clean(describeBlock(peer.block));
  const pods = peer.pods.length === 0 ? "all pods" : `pods ${clean(describeSelector(peer.pods))}`;
  if (peer.namespaces.length === 0) return `${pods} of all namespaces`;
  return `${pods} of namespaces ${clean(describeSelector(peer.namespaces))}`;
}

function describePort(port: PortEntry | "any"): string {
  if (port === "any") return "any port";
  const { protocol } = port;
  switch (port.kind) {
    case "name":
      return `${protocol} port ${clean(port.name)}`;
    case "range":
      if (port.first === 1 && port.last === LAST_PORT) return `any ${protocol} port`;
      return `${protocol} ${port.first === port.last ? port.first : `${port.first}-${port.last}`}`;
  }
}

/** Such as `to 10.0.0.0/8 on TCP 443`. */
export const describeOpening = (direction: Direction, peer: Peer | "any", port: PortEntry | "any"): string =>
  `${direction === "ingress" ? "from" : "to"} ${describePeer(peer)} on ${describePort(port)}`;
