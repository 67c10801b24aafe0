/** What verification left in a release's status, as all who judge by it read it. */
import type { ArtifactReading, ModelRelease, ReleaseArtifact, VerifiedArtifact } from "../api/model-release.ts";
import { digestOfImage } from "./images.ts";

/** What is known of an artifact, for the digest that it names now; undefined where nobody has looked at that one yet. */
export function findVerified({ status }: ModelRelease, { name, image }: ReleaseArtifact): VerifiedArtifact | undefined {
  const digest = digestOfImage(image);
  return status?.artifacts?.find((one) => one.name === name && one.digest === digest);
}

/** How far the layers of an artifact are read; undefined where nobody tells. */
export function findReading({ status }: ModelRelease, { name, image }: ReleaseArtifact): ArtifactReading | undefined {
  const digest = digestOfImage(image);
  return status?.reading?.find((one) => one.name === name && one.digest === digest);
}

/** Whether nothing could be found out, rather than something bad. */
export const isFailure = (code: string): boolean =>
  ["RegistryFailed", "PullSecretUnusable", "VerificationFailed"].includes(code);

/** Whether the last look at an artifact failed. */
export const hasFailed = ({ problems = [] }: Pick<VerifiedArtifact, "problems">): boolean =>
  problems.some(({ code }) => isFailure(code));
