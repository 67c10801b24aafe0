/** The contract of the product: every kind of the group vouchsafe.dev. */
import { AIPolicy } from "./ai-policy.ts";
import { AISystem } from "./ai-system.ts";
import { Approval } from "./approval.ts";
import { Incident } from "./incident.ts";
import type { KindDefinition } from "./kind.ts";
import { ModelRelease } from "./model-release.ts";
import { ClusterRevocation, Revocation } from "./revocation.ts";
import { RiskAssessment } from "./risk-assessment.ts";
import { Stop } from "./stop.ts";
import { Warrant } from "./warrant.ts";

/** All kinds, in the order in which people learn them. */
export const KINDS: readonly KindDefinition[] = [
  AISystem,
  RiskAssessment,
  ModelRelease,
  AIPolicy,
  Approval,
  Revocation,
  ClusterRevocation,
  Stop,
  Warrant,
  Incident,
];

export {
  AIPolicy,
  AISystem,
  Approval,
  ClusterRevocation,
  Incident,
  ModelRelease,
  Revocation,
  RiskAssessment,
  Stop,
  Warrant,
};
