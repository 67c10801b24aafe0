/**
 * Whether a pod that was put in quarantine is cut off: policies only ever allow, so it is cut off only where some
 * policy isolates it in both directions and no policy that selects it allows anything.
 */
import type { StandingPolicy } from "../fence.ts";
import { parsePolicy } from "./parse-policy.ts";
import { isImpossible } from "./peers.ts";
import { type Direction, isolates, listRules, type Policy, type Rule, selectsLabels } from "./policy.ts";
import type { Labels } from "./selectors.ts";

/** What is left open of a pod in one direction. */
export interface Remainder {
  /** Whether a policy isolates the pod; else everything is open, whatever allowedBy says. */
  isIsolated: boolean;
  /** Names of the policies that allow something, sorted. */
  allowedBy: string[];
}

/** What is left open of a pod. */
export type StillAllowed = Record<Direction, Remainder> & { isCutOff: boolean };

const allowsSomething = (rule: Rule) =>
  rule.kind === "unreadable" || rule.peers === "any" || !rule.peers.every(isImpossible);

/** What the policies of its namespace still allow a pod with these labels. */
export function findStillAllowed(namespace: string, labels: Labels, standing: readonly StandingPolicy[]): StillAllowed {
  const selecting = standing
    .map((each) => ({ policy: parsePolicy(namespace, each), isDeleting: each.isDeleting }))
    .filter(({ policy }) => selectsLabels(policy, labels));
  const judge = (direction: Direction): Remainder => ({
    // A policy that is being deleted still allows, but soon isolates nobody.
    isIsolated: selecting.some(({ policy, isDeleting }) => !isDeleting && isolates(policy, direction)),
    allowedBy: selecting
      .filter(({ policy }) => allowsIn(policy, direction))
      .map(({ policy }) => policy.name)
      .toSorted(),
  });
  const [ingress, egress] = [judge("ingress"), judge("egress")];
  const isCutOff = [ingress, egress].every(({ isIsolated, allowedBy }) => isIsolated && allowedBy.length === 0);
  return { ingress, egress, isCutOff };
}

const allowsIn = (policy: Policy, direction: Direction) => listRules(policy, direction).some(allowsSomething);
