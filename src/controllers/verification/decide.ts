/** What verification has to look at, and what it keeps of an earlier look. Pure. */
import type { ModelRelease, ReleaseArtifact, VerifiedArtifact } from "../../api/model-release.ts";
import { digestOfImage } from "../../domain/images.ts";

/** How long an artifact without a needed signature waits for the next look: its pipeline may still sign it. */
export const UNSIGNED_RETRY_MS = 30_000;
/** How long a registry that failed is left alone. */
export const FAILED_RETRY_MS = 10_000;

/** What is known of an artifact from before, for the digest that it names now. */
export function findKept(release: ModelRelease, artifact: ReleaseArtifact): VerifiedArtifact | undefined {
  const digest = digestOfImage(artifact.image);
  return release.status?.artifacts?.find((one) => one.name === artifact.name && one.digest === digest);
}

/** Whether the policy finds something lacking, as the status says. */
export const isUnverified = ({ status }: ModelRelease) =>
  status?.conditions?.some(({ type, status: is }) => type === "Verified" && is !== "True") === true;

/** Whether an artifact needs a look: never seen, other trusted keys, a failed registry, or a lacking signature. */
export function needsLook(release: ModelRelease, artifact: ReleaseArtifact, trust: string, now: number): boolean {
  const kept = findKept(release, artifact);
  if (kept === undefined || kept.trust !== trust) return true;
  const age = now - Date.parse(kept.verifiedAt);
  if (kept.problems?.some(({ code }) => code === "RegistryFailed") === true) return age >= FAILED_RETRY_MS;
  return isUnverified(release) && age >= UNSIGNED_RETRY_MS;
}

/** When to come back, in milliseconds; undefined where nothing is open. */
export function findRetry(artifacts: readonly VerifiedArtifact[], unverified: boolean): number | undefined {
  const hasFailed = artifacts.some(({ problems }) => problems?.some(({ code }) => code === "RegistryFailed") === true);
  if (hasFailed) return FAILED_RETRY_MS;
  return unverified ? UNSIGNED_RETRY_MS : undefined;
}

/** What was verified stays verified through an outage of the registry; the problem stands beside it. */
export function keepThroughOutage(fresh: VerifiedArtifact, kept: VerifiedArtifact | undefined): VerifiedArtifact {
  const hasFailed = fresh.problems?.some(({ code }) => code === "RegistryFailed") === true;
  if (!hasFailed || kept === undefined) return fresh;
  return { ...fresh, signatures: kept.signatures, closure: kept.closure };
}
