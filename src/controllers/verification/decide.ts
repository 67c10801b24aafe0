/** What verification has to look at, and what it keeps of an earlier look. Pure. */
import type { ArtifactReading, ModelRelease, ReleaseArtifact, VerifiedArtifact } from "../../api/model-release.ts";
import { digestOfImage } from "../../domain/images.ts";
import { findReading, findVerified, hasFailed } from "../../domain/verified-artifacts.ts";

/** How long an artifact without a needed signature waits for the next look: its pipeline may still sign it. */
export const UNSIGNED_RETRY_MS = 30_000;
/** How long before a signature runs out it is looked at anew: the policy may have a newer revocation list by then. */
export const AHEAD_OF_END_MS = 3_600_000;
/** What a timer can wait. */
const MAX_WAIT_MS = 24 * 3_600_000;
/** How long a registry that failed is left alone. */
export const FAILED_RETRY_MS = 10_000;
/** How long a look takes before its status tells how far it is, and how long it tells the same. */
export const STEP_MS = 10_000;

/** How far the layers of an artifact are read. */
export type Progress = Pick<ArtifactReading, "layers" | "bytes">;

/** What is told of a look, and since when: everybody is told the same until the next step. */
export interface Steps {
  /** Epoch milliseconds. */
  at: number;
  shown: Progress | undefined;
}

/** A look that begins tells nothing. */
export const beginSteps = (now: number): Steps => ({ at: now, shown: undefined });

/** What is told now that the look is at `progress`; undefined where it has nothing to read. */
export const takeStep = (steps: Steps, progress: Progress | undefined, now: number): Steps =>
  progress === undefined || now - steps.at < STEP_MS ? steps : { at: now, shown: progress };

/**
 * What the status says of an artifact whose look is not done. What it said before stays until there is more to tell: an
 * operator that was started anew finds done what another one did.
 */
export function stateReading(
  release: ModelRelease,
  artifact: ReleaseArtifact,
  shown: Progress | undefined,
): ArtifactReading | undefined {
  if (shown === undefined) return findReading(release, artifact);
  return { name: artifact.name, digest: digestOfImage(artifact.image), ...shown };
}

/** Whether the policy finds something lacking, as the status says. */
export const isUnverified = ({ status }: ModelRelease) =>
  status?.conditions?.some(({ type, status: is }) => type === "Verified" && is !== "True") === true;

/** When the first signature of an artifact runs out, epoch milliseconds; undefined where none does. */
function findEnd({ signatures }: VerifiedArtifact): number | undefined {
  const ends = signatures.flatMap(({ notAfter }) => (notAfter === undefined ? [] : [Date.parse(notAfter)]));
  return ends.length === 0 ? undefined : Math.min(...ends);
}

/** Whether an artifact needs a look: never seen, other signers, a failed registry, a lacking signature, or one that ran out. */
export function needsLook(release: ModelRelease, artifact: ReleaseArtifact, trust: string, now: number): boolean {
  const kept = findVerified(release, artifact);
  if (kept === undefined || kept.trust !== trust) return true;
  const age = now - Date.parse(kept.verifiedAt);
  if (hasFailed(kept)) return age >= FAILED_RETRY_MS;
  if (age < UNSIGNED_RETRY_MS) return false;
  const end = findEnd(kept);
  return isUnverified(release) || (end !== undefined && end - now <= AHEAD_OF_END_MS);
}

/** When to come back, in milliseconds; undefined where nothing is open. */
export function findRetry(
  artifacts: readonly VerifiedArtifact[],
  unverified: boolean,
  now: number,
): number | undefined {
  if (artifacts.some(hasFailed)) return FAILED_RETRY_MS;
  if (unverified) return UNSIGNED_RETRY_MS;
  const ends = artifacts.flatMap((artifact) => findEnd(artifact) ?? []);
  if (ends.length === 0) return undefined;
  return Math.min(Math.max(Math.min(...ends) - AHEAD_OF_END_MS - now, UNSIGNED_RETRY_MS), MAX_WAIT_MS);
}

/** What was verified stays verified through an outage of the registry; the problem stands beside it. */
export function keepThroughOutage(fresh: VerifiedArtifact, kept: VerifiedArtifact | undefined): VerifiedArtifact {
  if (!hasFailed(fresh) || kept === undefined) return fresh;
  const { signatures, closure, model } = kept;
  return { ...fresh, signatures, closure, ...(model === undefined ? {} : { model }) };
}
