/**
 * What the fence of a namespace needs. Its order protects: a system that is deleted keeps its fence until its gate
 * is closed and its pods are gone. Pure.
 */
import type { AISystem } from "../../api/ai-system.ts";
import { FENCE_FINALIZER } from "../../api/labels.ts";
import type { Warrant } from "../../api/warrant.ts";
import type { Read } from "../../domain/facts.ts";
import {
  buildDefaultDeny,
  buildQuarantine,
  buildSystemFence,
  DEFAULT_DENY,
  type FencePolicy,
  QUARANTINE,
  isStanding,
  type StandingPolicy,
  toFenceNames,
} from "../../domain/fence.ts";

export interface FenceObservation {
  namespace: string;
  isEnforced: boolean;
  isTerminating: boolean;
  systems: readonly AISystem[];
  /** Names of systems whose entry cannot be read; their fence stays as it is. */
  unreadable: readonly string[];
  standing: readonly StandingPolicy[];
  /** Systems with pods that are not over. */
  populated: ReadonlySet<string>;
  /** Whether a pod is in quarantine. */
  hasQuarantined: boolean;
  /** Systems whose gate the Warrant still opens, as far as can be told. */
  open: ReadonlySet<string>;
}

interface FenceDecision {
  apply: FencePolicy[];
  /** Names of NetworkPolicies. */
  remove: string[];
  hold: AISystem[];
  release: AISystem[];
}

const isHeld = ({ metadata }: AISystem) => metadata.finalizers?.includes(FENCE_FINALIZER) === true;

/** Whether nothing of the system can run or start any more. */
const isOver = ({ populated, open, isEnforced }: FenceObservation, name: string) =>
  !populated.has(name) && (!open.has(name) || !isEnforced);

/** Systems whose gate is open; where the Warrant cannot be read any may be, since the API server still goes by it. */
export function listOpenGates(warrant: Read<Warrant> | undefined, systems: readonly string[]): Set<string> {
  if (warrant === undefined) return new Set();
  if (warrant.outcome === "invalid") return new Set(systems);
  const gates = Object.entries(warrant.object.spec.systems ?? {});
  return new Set(gates.filter(([, { gate }]) => gate === "Open").map(([name]) => name));
}

/** Decides what to write and what to take down. */
export function decideFence(observed: FenceObservation): FenceDecision {
  const { namespace, systems, standing, isEnforced, isTerminating } = observed;
  const leaving = systems.filter(({ metadata }) => metadata.deletionTimestamp !== undefined);
  const staying = systems.filter(({ metadata }) => metadata.deletionTimestamp === undefined);
  const release = leaving.filter((system) => isHeld(system) && isOver(observed, system.metadata.name));
  if (isTerminating) return { apply: [], remove: [], hold: [], release };
  if (!isEnforced) {
    // What an Incident isolates stays so until it is given back, whoever governs.
    const isNeeded = (name: string) => name === QUARANTINE && observed.hasQuarantined;
    const ours = standing.filter(({ name, isOurs, isDeleting }) => isOurs && !isDeleting && !isNeeded(name));
    return { apply: [], remove: ours.map(({ name }) => name), hold: [], release: systems.filter(isHeld) };
  }
  const wanted = [
    buildDefaultDeny(namespace),
    ...(observed.hasQuarantined ? [buildQuarantine(namespace)] : []),
    ...staying.flatMap((system) => buildSystemFence(namespace, system)),
  ];
  const kept = new Set([
    // Containment writes it before it sets the first label.
    QUARANTINE,
    DEFAULT_DENY,
    ...staying.flatMap(({ metadata }) => toFenceNames(metadata.name)),
    ...observed.unreadable.flatMap(toFenceNames),
    ...leaving
      .filter((system) => !isOver(observed, system.metadata.name))
      .flatMap(({ metadata }) => toFenceNames(metadata.name)),
    ...[...observed.populated].flatMap(toFenceNames),
  ]);
  return {
    apply: wanted.filter((policy) => !isStanding(policy, standing)),
    remove: standing
      .filter(({ name, isOurs, isDeleting }) => isOurs && !isDeleting && !kept.has(name))
      .map(({ name }) => name),
    hold: staying.filter((system) => !isHeld(system)),
    release,
  };
}
