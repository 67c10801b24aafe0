/**
 * Breach: something that runs is no longer vouched for. However that came about, it is the same thing with another
 * kind, and goes the same way: an Incident opens and the ladder of its tier is climbed. Pure.
 */
import { createHash } from "node:crypto";
import type { BreachKind } from "../api/reaction.ts";
import type { FindingCode, Stated } from "./findings.ts";

/** One breach: what runs, and why it should not. */
export interface Breach {
  kind: BreachKind;
  /** The AISystem concerned; undefined where none can be told. */
  system: string | undefined;
  /** The ModelRelease that lists what runs, where one does. */
  release: string | undefined;
  /** The Stop that ordered it, where a person did. */
  order: string | undefined;
  /** Digests that are not vouched for, sorted. */
  digests: string[];
  /** Names of the pods, sorted. */
  pods: string[];
  why: Stated;
}

/**
 * What a finding means for a pod that runs already. `none`: it keeps new pods out, but is no breach: the operator mends
 * it, it is an orderly end, or it is about how the pod was written.
 */
export const BREACH_OF: Record<FindingCode, BreachKind | "none"> = {
  DigestRevoked: "DigestRevoked",
  ReleaseRevoked: "ReleaseRevoked",
  SignerRevoked: "SignerRevoked",
  ApprovalExpired: "ApprovalExpired",
  GrantExpired: "ApprovalExpired",
  ApprovalMissing: "ApprovalWithdrawn",
  ApprovalRejected: "ApprovalWithdrawn",
  ApprovalStale: "AssessmentStale",
  AcceptanceStale: "AssessmentStale",
  RiskNotAccepted: "AssessmentStale",
  AssessmentTooOld: "AssessmentExpired",
  ReviewOverdue: "AssessmentExpired",
  AssessmentMissing: "AssessmentExpired",
  AssessmentContested: "AssessmentExpired",
  AssessmentInvalid: "AssessmentExpired",
  RiskAboveTolerance: "RiskAboveTolerance",
  UseProhibited: "RiskAboveTolerance",
  SignatureMissing: "SignatureLost",
  SignatureInvalid: "SignatureLost",
  SignatureExpired: "SignatureLost",
  FormatForbidden: "SignatureLost",
  SignerUnknown: "SignatureLost",
  ModelMismatch: "SignatureLost",
  SystemRetired: "SystemRetired",
  SystemStopped: "SystemStopped",
  ImageUnknown: "ImageUnvouched",
  ImageNotPinned: "ImageUnvouched",
  ReleasesMixed: "ImageUnvouched",
  SystemLabelMissing: "ImageUnvouched",
  SystemUnknown: "ImageUnvouched",
  SystemMissing: "ImageUnvouched",
  MirrorPodRuns: "MirrorPod",
  FenceWidened: "FenceWidened",
  PolicyMissing: "GovernanceChanged",
  PolicyInvalid: "GovernanceChanged",
  TierMissing: "GovernanceChanged",
  SystemInvalid: "GovernanceChanged",
  GateDamaged: "GovernanceChanged",
  NamespaceReleased: "GovernanceChanged",
  // Held back by an Incident that is open already.
  HeldBack: "none",
  SystemContained: "none",
  ReleaseWithheld: "none",
  SystemDeleting: "none",
  SystemClosed: "none",
  NotFenced: "none",
  VerificationPending: "none",
  RegistryFailed: "none",
  PullSecretUnusable: "none",
  VerificationFailed: "none",
  TrustRootMissing: "none",
  TrustRootMismatch: "none",
  TrustRootMalformed: "none",
  RevocationInvalid: "none",
  WarrantFull: "none",
  WarrantMissing: "none",
  NamespaceNotGoverned: "none",
  NoRelease: "none",
  TagContested: "none",
  ApprovalExpiring: "none",
  HostNetworkForbidden: "none",
  RunAsNonRootRequired: "none",
  ReadOnlyRootRequired: "none",
  ServiceAccountTokenForbidden: "none",
  EphemeralImageRefused: "none",
  RunningImageChanged: "none",
  WarrantGuarded: "none",
  StatusGuarded: "none",
  RecordImmutable: "none",
  RecordDeletionGuarded: "none",
  GovernanceLoosened: "none",
  SystemLabelGuarded: "none",
  QuarantineGuarded: "none",
  HoldGuarded: "none",
  RevisionGuarded: "none",
  StopUnentitled: "none",
  StopAuthorFalse: "none",
  GoUnentitled: "none",
  IncidentGuarded: "none",
  FenceGuarded: "none",
  ForeignPolicyAllows: "none",
  AuthorsGuarded: "none",
  ApproverFalse: "none",
  ApproverUnentitled: "none",
  ApproverIsAuthor: "none",
  ApprovalDigestUnknown: "none",
  ApprovalRoleNotWanted: "none",
  ApprovalTooLong: "none",
  RevokerFalse: "none",
};

/** A breach of what governs, rather than of what runs. */
export const toGovernanceBreach = (why: Stated): Breach => ({
  kind: "GovernanceChanged",
  system: undefined,
  release: undefined,
  order: undefined,
  digests: [],
  pods: [],
  why,
});

/** What makes two sightings the same breach. */
type BreachKey = Pick<Breach, "kind" | "system" | "release" | "order" | "digests">;

const toKebab = (kind: string) => kind.replace(/(?<!^)([A-Z])/g, "-$1").toLowerCase();

/**
 * The name of the Incident of a breach: the same for the same breach, so that a restart opens no second one. `episode`
 * counts the closed Incidents of that breach. Short enough for a label value.
 */
export function nameIncident({ kind, system, release, order, digests }: BreachKey, episode: number): string {
  // Without an order and a release the digests tell one breach from another.
  const identity = JSON.stringify([kind, system ?? "", order ?? release ?? digests]);
  const hash = createHash("sha256").update(identity).digest("hex").slice(0, 8);
  const prefix = (system ?? "namespace").slice(0, 28).replace(/-+$/, "");
  return `${prefix}-${toKebab(kind)}-${hash}${episode === 0 ? "" : `-${episode + 1}`}`;
}

/** How bad a breach is before people judged it. */
export function rateBreach(kind: BreachKind): "minor" | "major" | "critical" {
  switch (kind) {
    case "DigestRevoked":
    case "ReleaseRevoked":
    case "SignerRevoked":
    case "FenceWidened":
    case "GovernanceChanged":
    case "ImageUnvouched":
    case "MirrorPod":
    case "RiskAboveTolerance":
    case "SignatureLost":
    case "ApprovalWithdrawn":
    case "SystemStopped":
      return "major";
    case "ApprovalExpired":
    case "AssessmentExpired":
    case "AssessmentStale":
    case "SystemRetired":
      return "minor";
  }
}
