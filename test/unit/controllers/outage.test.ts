// A registry that is gone takes nothing away that was vouched for, and gives nobody a day more than a certificate, its
// revocation list (both end a signature at a date) or an approval does.
import { describe, expect, test } from "vitest";
import { ModelRelease, type VerifiedArtifact } from "../../../src/api/model-release.ts";
import { decideNamespace } from "../../../src/controllers/governance/decide.ts";
import { keepThroughOutage } from "../../../src/controllers/verification/decide.ts";
import { make, MODEL, NOW, toArtifacts, toOpenFacts, toReleaseSpec, valid } from "../domain/voice.ts";

const DAY = 86_400_000;

/** What a look at each artifact says while its registry fails. */
const toFailed = (kept: VerifiedArtifact, code: string): VerifiedArtifact => ({
  name: kept.name,
  digest: kept.digest,
  closure: [],
  signatures: [],
  problems: [{ code, text: `${code}: gone` }],
  trust: kept.trust,
  verifiedAt: "2026-11-24T11:59:00Z",
});

/** The namespace after a look that failed, with signatures that end at `notAfter`. */
function look(code: string, notAfter: string | undefined, now: number) {
  const known = toArtifacts(MODEL).map(
    (one): VerifiedArtifact => ({
      ...(one as VerifiedArtifact),
      signatures: (one.signatures as VerifiedArtifact["signatures"]).map((signature) =>
        notAfter === undefined ? signature : { ...signature, notAfter },
      ),
    }),
  );
  const artifacts = known.map((kept) => keepThroughOutage(toFailed(kept, code), kept));
  const releases = [valid(make<ModelRelease>(ModelRelease, "v5", toReleaseSpec(MODEL), { status: { artifacts } }))];
  const decision = decideNamespace(toOpenFacts({ releases }), now);
  const verified = decision.releases[0]?.status.conditions.find(({ type }) => type === "Verified");
  return { grants: decision.warrants.get("enforce")?.images?.[MODEL]?.grants, verified, artifacts };
}

describe.each(["RegistryFailed", "PullSecretUnusable", "VerificationFailed"])("a look that ends with %s", (code) => {
  test("leaves what was vouched for, and says so beside it", () => {
    const { grants, verified, artifacts } = look(code, undefined, NOW);
    // The end of the approval plus 72 hours of grace, as before.
    expect(grants).toMatchObject([{ release: "v5", notAfter: "2027-01-18T00:00:00Z" }]);
    expect(verified).toMatchObject({ status: "True" });
    expect(artifacts.map(({ problems }) => problems?.map((one) => one.code))).toEqual([[code], [code]]);
  });

  test("gives no signature a day more than it has", () => {
    const notAfter = "2026-12-01T00:00:00Z";
    expect(look(code, notAfter, NOW).grants).toMatchObject([{ release: "v5", notAfter }]);
    const { grants, verified } = look(code, notAfter, Date.parse(notAfter));
    expect(grants ?? []).toEqual([]);
    expect(verified).toMatchObject({ status: "False", reason: "SignatureExpired" });
  });

  test("gives no approval a day more than it has", () => {
    const end = Date.parse("2027-01-18T00:00:00Z");
    expect(look(code, undefined, end - DAY).grants).toHaveLength(1);
    expect(look(code, undefined, end).grants ?? []).toEqual([]);
  });

  test("makes nothing of what nobody vouched for", () => {
    const failed = toFailed(toArtifacts(MODEL)[0] as VerifiedArtifact, code);
    expect(keepThroughOutage(failed, undefined)).toEqual(failed);
  });
});

test("a look that finds something bad takes what was vouched for away", () => {
  const kept = toArtifacts(MODEL)[0] as VerifiedArtifact;
  expect(keepThroughOutage(toFailed(kept, "SignatureInvalid"), kept).signatures).toEqual([]);
});
