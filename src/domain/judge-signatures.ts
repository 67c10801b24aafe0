/**
 * Whether a release carries the signatures that a tier demands. Verification left facts (which key signed what);
 * here they are joined with the keys that the policy's signers have now, so that a changed policy needs no new look
 * at the registry to withdraw trust.
 */
import type { SignatureDemand, Tier } from "../api/ai-policy.ts";
import type { ModelRelease, ReleaseArtifact, VerifiedArtifact } from "../api/model-release.ts";
import { FINDINGS, type FindingCode, type Stated, stateFinding } from "./findings.ts";
import { digestOfImage } from "./images.ts";
import type { SignerKey } from "./signer-keys.ts";

/** Who signs, as a policy says it now. */
export interface Trust {
  policy: string;
  signers: Readonly<Record<string, SignerKey>>;
  /** Why, by name of a revoked signer. */
  revoked: ReadonlyMap<string, string>;
  /** `digestTrust` of the namespace's keys. */
  trustDigest: string;
}

/** Whether a code is one of the catalogue; verification writes no other, but a status may be older than this code. */
const isCode = (code: string): code is FindingCode => Object.hasOwn(FINDINGS, code);

/** The first thing that the release lacks, or undefined where all signatures are there. */
export function findSignatureFault(release: ModelRelease, tier: Tier, trust: Trust): Stated | undefined {
  for (const artifact of release.spec.artifacts) {
    for (const demand of tier.signatures) {
      if (demand.over === "model" && artifact.format !== "ModelPack") continue;
      const fault = judgeDemand(release, artifact, demand, trust);
      if (fault !== undefined) return fault;
    }
  }
  return undefined;
}

function judgeDemand(
  release: ModelRelease,
  artifact: ReleaseArtifact,
  demand: SignatureDemand,
  trust: Trust,
): Stated | undefined {
  const { name, namespace = "" } = release.metadata;
  const values = { artifact: artifact.name, release: name, namespace, policy: trust.policy };
  const digest = digestOfImage(artifact.image);
  const facts = release.status?.artifacts?.find((one) => one.name === artifact.name && one.digest === digest);
  if (facts === undefined) return stateFinding("VerificationPending", values);
  const given = countKeys(facts, demand, trust, "trusted");
  if (given >= demand.count) return undefined;
  const fallen = demand.anyOf.find((signer) => trust.revoked.has(signer));
  if (fallen !== undefined && given + countKeys(facts, demand, trust, "revoked") >= demand.count) {
    return stateFinding("SignerRevoked", { ...values, signer: fallen, why: trust.revoked.get(fallen) ?? "" });
  }
  const broken = findTrustFault(demand, trust);
  if (broken !== undefined) return broken;
  // What was found with other keys says nothing about these.
  if (facts.trust !== trust.trustDigest) return stateFinding("VerificationPending", values);
  return restateProblem(facts, demand) ?? stateMissing(demand, values);
}

/** How many different keys of the demanded signers signed; two names with one key are one signer. */
function countKeys(
  facts: VerifiedArtifact,
  demand: SignatureDemand,
  trust: Trust,
  which: "trusted" | "revoked",
): number {
  const keys = new Set<string>();
  for (const signer of demand.anyOf) {
    const key = trust.signers[signer];
    if (key?.outcome !== "key" || trust.revoked.has(signer) !== (which === "revoked")) continue;
    if (which === "trusted" && isKeyRevoked(key.keyDigest, trust)) continue;
    const signed = facts.signatures.some(({ over, keyDigest }) => over === demand.over && keyDigest === key.keyDigest);
    if (signed) keys.add(key.keyDigest);
  }
  return keys.size;
}

/** Whether the key of a revoked signer goes on under another name. */
function isKeyRevoked(keyDigest: string, { signers, revoked }: Trust): boolean {
  return [...revoked.keys()].some((name) => {
    const key = signers[name];
    return key?.outcome === "key" && key.keyDigest === keyDigest;
  });
}

/** Where no demanded signer has a usable key, the policy has to be mended, not the release. */
function findTrustFault(demand: SignatureDemand, { signers }: Trust): Stated | undefined {
  const keys = demand.anyOf.map((signer) => signers[signer]);
  const broken = keys.find((key) => key?.outcome === "broken");
  return keys.some((key) => key?.outcome === "key") || broken?.outcome !== "broken" ? undefined : broken.finding;
}

/** The problem that tells most about the demand: a model that differs says more than a signature that does. */
function restateProblem({ problems = [] }: VerifiedArtifact, demand: SignatureDemand): Stated | undefined {
  const known = problems.flatMap(({ code, text }) => (isCode(code) ? [{ code, text }] : []));
  const isTelling = ({ code }: Stated) =>
    code === "RegistryFailed" || (code === "ModelMismatch") === (demand.over === "model");
  return known.find(isTelling) ?? known[0];
}

function stateMissing(demand: SignatureDemand, values: Record<string, string>): Stated {
  const many = demand.count > 1 ? `${demand.count} of ` : "";
  return stateFinding("SignatureMissing", {
    ...values,
    over: demand.over,
    signers: `${many}${demand.anyOf.join(" or ")}`,
  });
}
