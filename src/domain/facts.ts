/** What the decisions on a namespace are made from, as it was observed. Nothing here is a judgement. */
import type { AIPolicy } from "../api/ai-policy.ts";
import type { AISystem } from "../api/ai-system.ts";
import type { Approval } from "../api/approval.ts";
import type { ObjectMeta } from "../api/kind.ts";
import type { Mode } from "../api/labels.ts";
import type { Incident } from "../api/incident.ts";
import type { ModelRelease } from "../api/model-release.ts";
import type { ClusterRevocation, Revocation } from "../api/revocation.ts";
import type { RiskAssessment } from "../api/risk-assessment.ts";
import type { Stop } from "../api/stop.ts";
import type { WarrantSpec } from "../api/warrant.ts";
import type { ResolvedSigner } from "./signers.ts";

/** An object of one of our kinds as it was read: a stored object may not fit the schema of today. */
export type Read<O> =
  | { outcome: "valid"; metadata: ObjectMeta; object: O }
  | { outcome: "invalid"; metadata: ObjectMeta; why: string };

/** A policy with its signers resolved. */
export type PolicyFacts =
  | { outcome: "valid"; name: string; spec: AIPolicy["spec"]; signers: Readonly<Record<string, ResolvedSigner>> }
  | { outcome: "invalid"; name: string; why: string }
  | { outcome: "missing"; name: string };

/** Whether the network policies of a system's fence stand in the API server as they should. */
export type FenceFacts = { outcome: "whole" } | { outcome: "broken"; why: string };

/** Everything known about one namespace. */
export interface NamespaceFacts {
  namespace: string;
  /** The policy that each governing label names. */
  modes: ReadonlyMap<Mode, PolicyFacts>;
  systems: readonly Read<AISystem>[];
  assessments: readonly Read<RiskAssessment>[];
  releases: readonly Read<ModelRelease>[];
  approvals: readonly Read<Approval>[];
  revocations: readonly Read<Revocation>[];
  clusterRevocations: readonly Read<ClusterRevocation>[];
  incidents: readonly Read<Incident>[];
  stops: readonly Read<Stop>[];
  /** By name of the AISystem; where one is left out its fence does not stand. */
  fences: ReadonlyMap<string, FenceFacts>;
  /** The Warrants as they stand, by name. */
  warrants: ReadonlyMap<string, WarrantSpec>;
}

/** The objects that could be read. */
export function listValid<O>(reads: readonly Read<O>[]): O[] {
  return reads.flatMap((read) => (read.outcome === "valid" ? [read.object] : []));
}
