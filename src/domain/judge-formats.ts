/** Whether the files of a release's models are of formats that its tier allows. Verification told each by its content. */
import type { Tier } from "../api/ai-policy.ts";
import type { ModelRelease } from "../api/model-release.ts";
import { type Stated, stateFinding } from "./findings.ts";
import { findVerified } from "./verified-artifacts.ts";

/** The first model with a file that may not be in it, or that nobody has read yet; undefined where there is none. */
export function findFormatFault(
  release: ModelRelease,
  { formats }: Tier,
  { policy, trustDigest }: { policy: string; trustDigest: string },
): Stated | undefined {
  if (formats === undefined) return undefined;
  const allowed = new Set<string>(formats);
  const { name, namespace = "" } = release.metadata;
  for (const artifact of release.spec.artifacts) {
    if (artifact.format === "Image") continue;
    const values = { artifact: artifact.name, release: name, namespace, policy };
    const facts = findVerified(release, artifact);
    const found = facts?.model;
    // What was found for other demands says nothing about this one.
    if (found === undefined && facts?.trust !== trustDigest) return stateFinding("VerificationPending", values);
    // What nobody vouches for was not read.
    if (found === undefined) {
      return stateFinding("SignatureMissing", { ...values, over: "model", signers: "any signer of the policy" });
    }
    if (found.formats.includes("unread")) return stateFinding("VerificationPending", values);
    const forbidden = found.formats.filter((format) => !allowed.has(format));
    if (forbidden.length > 0) return stateFinding("FormatForbidden", { ...values, formats: forbidden.join(", ") });
  }
  return undefined;
}
