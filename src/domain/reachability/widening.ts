/**
 * Whether policies that stand in a namespace open more for a governed system than its fence. Asked of everything
 * that rules could ever mean, not of the pods there are: a peer that matches nobody yet widens the fence too.
 * Anything that is not proven to lie within the fence counts as widening. It does not ask whether the fence itself
 * stands.
 */
import { SYSTEM_LABEL } from "../../api/labels.ts";
import type { FencePolicy, StandingPolicy } from "../fence.ts";
import { isSelectorContained } from "./containment.ts";
import { describeOpening } from "./describe.ts";
import { parsePolicy } from "./parse-policy.ts";
import { isImpossible, isPeerContained, type Peer } from "./peers.ts";
import { type Direction, DIRECTIONS, listRules, type Policy, type Rule, selectsLabels } from "./policy.ts";
import { findMorePorts } from "./ports.ts";
import { type Labels, type Selector, toSelector } from "./selectors.ts";

/** What is known of a namespace and its fence. */
export interface FenceScene {
  namespace: string;
  /** The policies that the fence consists of. Where there are none, nothing is allowed. */
  wanted: readonly FencePolicy[];
  /** Every policy of the namespace, whoever wrote it. */
  standing: readonly StandingPolicy[];
  /** Names of the governed systems, with pods or without. */
  systems: readonly string[];
  /** Labels of the pods of the namespace; those without a system are passed over. */
  pods: readonly Labels[];
}

/** A policy that opens more for a system than its fence. */
export interface Widening {
  policy: string;
  system: string;
  direction: Direction;
  /** The first thing that it opens. */
  opens: string;
}

type ReadableRule = Rule & { kind: "rule" };

/** Whether the fence rule allows all that `peer` could be. */
const coversPeer = ({ peers }: ReadableRule, peer: Peer | "any") =>
  peers === "any" || (peer !== "any" && peers.some((outer) => isPeerContained(peer, outer)));

/** What a rule opens beyond the fence, or undefined. */
function findOpening(rule: Rule, direction: Direction, fence: readonly ReadableRule[]): string | undefined {
  if (rule.kind === "unreadable") return `anything: ${rule.why}`;
  const peers = rule.peers === "any" ? (["any"] as const) : rule.peers;
  // Peers that the same fence rules cover differ in nothing; a rule may have thousands of them.
  const done = new Set<string>();
  for (const peer of peers) {
    if (peer !== "any" && isImpossible(peer)) continue;
    const covering = fence.filter((each) => coversPeer(each, peer));
    const key = covering.map((each) => fence.indexOf(each)).join();
    if (done.has(key)) continue;
    done.add(key);
    const more = findMorePorts(
      rule.ports,
      covering.map(({ ports }) => ports),
    );
    if (more !== undefined) return describeOpening(direction, peer, more);
  }
  return undefined;
}

/** A system with what its fence allows. */
interface Fenced {
  name: string;
  everyPod: Selector;
  pods: Labels[];
  fence: Record<Direction, ReadableRule[]>;
}

const selectsEvery = ({ content }: Policy, pods: Selector) =>
  content.outcome === "readable" && isSelectorContained(pods, content.subject);

function toFenced(name: string, wanted: readonly Policy[], pods: readonly Labels[]): Fenced {
  const everyPod = toSelector({ [SYSTEM_LABEL]: name });
  const own = wanted.filter((policy) => selectsEvery(policy, everyPod));
  // A rule of the fence that cannot be read proves nothing.
  const listFence = (direction: Direction) =>
    own.flatMap((policy) => listRules(policy, direction)).filter((rule) => rule.kind === "rule");
  return {
    name,
    everyPod,
    pods: pods.filter((labels) => labels[SYSTEM_LABEL] === name),
    fence: { ingress: listFence("ingress"), egress: listFence("egress") },
  };
}

/** Whether the policy is about all pods that the system may ever have, or about one that it has. */
const concerns = (policy: Policy, { everyPod, pods }: Fenced) =>
  selectsEvery(policy, everyPod) ||
  policy.content.outcome === "unreadable" ||
  pods.some((p) => selectsLabels(policy, p));

function findFor(policy: Policy, system: Fenced): Widening[] {
  if (!concerns(policy, system)) return [];
  return DIRECTIONS.flatMap((direction) => {
    for (const rule of listRules(policy, direction)) {
      const opens = findOpening(rule, direction, system.fence[direction]);
      if (opens !== undefined) return [{ policy: policy.name, system: system.name, direction, opens }];
    }
    return [];
  });
}

const compare = (one: string, other: string) => (one === other ? 0 : one < other ? -1 : 1);

/** The policies that open more than the fence, by policy, system and direction. */
export function findWidening({ namespace, wanted, standing, systems, pods }: FenceScene): Widening[] {
  const fence = wanted.map(({ metadata, spec }) => parsePolicy(namespace, { name: metadata.name, spec }));
  const names = new Set([...systems, ...pods.flatMap((labels) => labels[SYSTEM_LABEL] ?? [])]);
  const fenced = [...names].toSorted(compare).map((name) => toFenced(name, fence, pods));
  return standing
    .toSorted((one, other) => compare(one.name, other.name))
    .map((policy) => parsePolicy(namespace, policy))
    .flatMap((policy) => fenced.flatMap((system) => findFor(policy, system)));
}
