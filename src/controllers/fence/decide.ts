/**
 * What the fence of a namespace needs. Its order protects: a system that is deleted keeps its fence until its gate
 * is closed and its pods are gone. Pure.
 */
import type { AISystem } from "../../api/ai-system.ts";
import { FENCE_FINALIZER } from "../../api/labels.ts";
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
  /** Systems whose gate the Warrant still opens. */
  open: ReadonlySet<string>;
}

export interface FenceDecision {
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

/** Decides what to write and what to take down. */
export function decideFence(observed: FenceObservation): FenceDecision {
  const { namespace, systems, standing, isEnforced, isTerminating } = observed;
  const leaving = systems.filter(({ metadata }) => metadata.deletionTimestamp !== undefined);
  const staying = systems.filter(({ metadata }) => metadata.deletionTimestamp === undefined);
  const release = leaving.filter((system) => isHeld(system) && isOver(observed, system.metadata.name));
  if (isTerminating) return { apply: [], remove: [], hold: [], release };
  if (!isEnforced) {
    const ours = standing.filter(({ isOurs, isDeleting }) => isOurs && !isDeleting).map(({ name }) => name);
    return { apply: [], remove: ours, hold: [], release: systems.filter(isHeld) };
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
