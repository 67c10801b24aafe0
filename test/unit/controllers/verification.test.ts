// When verification looks at an artifact again: worked by hand from what can change.
import { describe, expect, test } from "vitest";
import type { ModelRelease, VerifiedArtifact } from "../../../src/api/model-release.ts";
import { findRetry, needsLook } from "../../../src/controllers/verification/decide.ts";

const DIGEST = `sha256:${"a".repeat(64)}`;
const TRUST = `sha256:${"b".repeat(64)}`;
const NOW = Date.parse("2026-11-29T12:00:00Z");
const ARTIFACT = { name: "model", image: `r.example/m@${DIGEST}`, format: "ModelPack" as const };

const found = (over: Partial<VerifiedArtifact> = {}): VerifiedArtifact => ({
  name: "model",
  digest: DIGEST,
  closure: [DIGEST],
  signatures: [],
  trust: TRUST,
  verifiedAt: "2026-11-29T11:00:00Z",
  ...over,
});
const until = (notAfter: string) =>
  found({
    signatures: [
      { signer: "ca", signerDigest: TRUST, keyDigest: TRUST, over: "artifact", form: "cosign-bundle", notAfter },
    ],
  });
const FAILED = { problems: [{ code: "RegistryFailed", text: "x" }] };

const release = (artifact: VerifiedArtifact | undefined, verified: "True" | "False"): ModelRelease =>
  ({
    metadata: { name: "v5" },
    spec: { system: "voice", version: "5", artifacts: [ARTIFACT] },
    status: {
      ...(artifact === undefined ? {} : { artifacts: [artifact] }),
      conditions: [{ type: "Verified", status: verified, reason: "R", message: "m", lastTransitionTime: "" }],
    },
  }) as unknown as ModelRelease;

describe("a look is due", () => {
  test.each<[string, VerifiedArtifact | undefined, "True" | "False", boolean]>([
    ["for what was never seen", undefined, "False", true],
    ["for what was seen with other signers", found({ trust: DIGEST }), "True", true],
    ["for what was seen under another digest", found({ digest: TRUST }), "True", true],
    ["not for what is verified by keys", found(), "True", false],
    ["for what lacks a signature, after 30 s", found({ verifiedAt: "2026-11-29T11:59:30Z" }), "False", true],
    ["not yet for what lacks a signature, after 29 s", found({ verifiedAt: "2026-11-29T11:59:31Z" }), "False", false],
    ["after a registry failed, after 10 s", found({ ...FAILED, verifiedAt: "2026-11-29T11:59:50Z" }), "True", true],
    [
      "not yet after a registry failed, after 9 s",
      found({ ...FAILED, verifiedAt: "2026-11-29T11:59:51Z" }),
      "True",
      false,
    ],
    ["for certificates within an hour of their end", until("2026-11-29T13:00:00Z"), "True", true],
    ["not for certificates that hold longer", until("2026-11-29T13:00:01Z"), "True", false],
    [
      "not again within 30 s for certificates at their end",
      { ...until("2026-11-29T12:30:00Z"), verifiedAt: "2026-11-29T11:59:45Z" },
      "True",
      false,
    ],
  ])("%s", (_, kept, verified, expected) => {
    expect(needsLook(release(kept, verified), ARTIFACT, TRUST, NOW)).toBe(expected);
  });
});

describe("the next look", () => {
  test.each<[string, VerifiedArtifact[], boolean, number | undefined]>([
    ["is in 10 s where a registry failed", [found(FAILED)], false, 10_000],
    ["is in 30 s where a signature is lacking", [found()], true, 30_000],
    ["is never where all is verified by keys", [found()], false, undefined],
    ["is an hour before certificates end", [found(), until("2026-11-29T18:00:00Z")], false, 5 * 3_600_000],
    ["is in 30 s where they end soon", [until("2026-11-29T12:10:00Z")], false, 30_000],
    ["is no further away than a day", [until("2027-11-29T12:00:00Z")], false, 86_400_000],
  ])("%s", (_, artifacts, unverified, expected) => {
    expect(findRetry(artifacts, unverified, NOW)).toBe(expected);
  });
});
