/**
 * A NetworkPolicy as far as reachability needs it. Policies only ever allow: a policy isolates the pods that it
 * selects in the directions it is about, and then the union of all rules says what gets through. What could not be
 * read counts as allowing everything, and isolates nobody.
 */
import type { Peers } from "./peers.ts";
import type { Ports } from "./ports.ts";
import { type Labels, matchesLabels, type Selector } from "./selectors.ts";

export const DIRECTIONS = ["ingress", "egress"] as const;
export type Direction = (typeof DIRECTIONS)[number];

/** One rule: these peers on these ports. */
export type Rule = { kind: "rule"; peers: Peers; ports: Ports } | { kind: "unreadable"; why: string };

/** What a policy says; a direction that it is not about is missing. */
export type PolicyContent =
  | { outcome: "readable"; subject: Selector; rules: Partial<Record<Direction, readonly Rule[]>> }
  | { outcome: "unreadable"; why: string };

/** A policy in its namespace. */
export interface Policy {
  namespace: string;
  name: string;
  content: PolicyContent;
}

/** Whether the policy is about pods with these labels. */
export function selectsLabels({ content }: Policy, labels: Labels): boolean {
  switch (content.outcome) {
    case "readable":
      return matchesLabels(content.subject, labels);
    case "unreadable":
      return true;
  }
}

/** What the policy allows the pods that it selects. */
export function listRules({ content }: Policy, direction: Direction): readonly Rule[] {
  switch (content.outcome) {
    case "readable":
      return content.rules[direction] ?? [];
    case "unreadable":
      return [{ kind: "unreadable", why: content.why }];
  }
}

/** Whether the policy takes from the pods that it selects what no rule allows. */
export const isolates = ({ content }: Policy, direction: Direction): boolean =>
  content.outcome === "readable" && content.rules[direction] !== undefined;
