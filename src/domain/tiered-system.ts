/** A system under a policy that some tier takes, and what changed of it since people last approved. */
import type { Tier } from "../api/ai-policy.ts";
import type { AISystem } from "../api/ai-system.ts";
import { CONSEQUENCES, type Consequence } from "../api/fields.ts";
import type { KnownAuthors } from "./authors.ts";
import type { NamespaceFacts, PolicyFacts } from "./facts.ts";
import type { Stated } from "./findings.ts";

/** A policy that can be used. */
export type UsablePolicy = Extract<PolicyFacts, { outcome: "valid" }>;

/** What is the same for all judgements of one namespace under one policy. */
export interface Bench {
  facts: NamespaceFacts;
  policy: UsablePolicy;
  known: KnownAuthors;
  /** Digest of what all policies of the namespace ask (trust.ts). */
  trustDigest: string;
  /** Whether a fence is built in this namespace, which only the mode enforce does. */
  isFenced: boolean;
  /** By name, why a system has to stand still whatever is vouched for. */
  halted: ReadonlyMap<string, Stated>;
  /** Epoch milliseconds. */
  now: number;
}

/** A system whose content could be read and that some tier takes. */
export interface TieredSystem {
  object: AISystem;
  tier: Tier;
  specDigest: string;
  /** The highest impact. */
  impact: Consequence;
  /** Digest of the data flows. */
  flows: string;
  /** Who wrote the present content of the inventory entry. */
  authors: string[];
}

/** Whether what changed since the last approval is worse: more impact, or other data flows. */
export function isEditWorse(system: TieredSystem): boolean {
  const approved = system.object.status?.approved;
  if (approved === undefined) return true;
  const isRaised = CONSEQUENCES.indexOf(system.impact) > CONSEQUENCES.indexOf(approved.impact);
  return isRaised || approved.flows !== system.flows;
}

/** What changed since the last approval, in words; `subject` where it was not the system. */
export function describeEdit(system: TieredSystem, subject: string): string {
  const approved = system.object.status?.approved;
  if (approved === undefined) return `${subject} changed`;
  if (approved.digest === system.specDigest) {
    const isTierNew = approved.tier !== system.tier.name;
    return isTierNew ? `the tier changed from ${approved.tier} to ${system.tier.name}` : `${subject} changed`;
  }
  const changes = [
    approved.impact === system.impact ? "" : `the highest impact changed from ${approved.impact} to ${system.impact}`,
    approved.flows === system.flows ? "" : "the data flows changed",
  ].filter((change) => change !== "");
  const name = system.object.metadata.name;
  return changes.length > 0 ? `of AISystem ${name} ${changes.join(" and ")}` : `AISystem ${name} changed`;
}
