/**
 * Whether a release carries the signatures that a tier demands, and until when. Verification left facts (who signed
 * what); here they are joined with the signers that the policy has now, so that a changed policy needs no new look at
 * the registry to withdraw trust.
 */
import type { SignatureDemand, Tier } from "../api/ai-policy.ts";
import type { ModelRelease, ReleaseArtifact, VerifiedArtifact, VerifiedSignature } from "../api/model-release.ts";
import type { Signer } from "../api/signer.ts";
import { type CountedSignature, endOfSignature, findEnd, tellPeople } from "./count-signers.ts";
import { FINDINGS, type FindingCode, type Stated, stateFinding } from "./findings.ts";
import { findUntold, isTakenBy, type RevokedSigner } from "./revoked-signers.ts";
import type { ResolvedSigner } from "./signers.ts";
import { findVerified, isFailure } from "./verified-artifacts.ts";

/** Who signs, as a policy says it now. */
export interface Trust {
  policy: string;
  signers: Readonly<Record<string, ResolvedSigner>>;
  /** The signers as the policy defines them. */
  definitions: readonly Signer[];
  /** Why, by name of a revoked signer. */
  revoked: ReadonlyMap<string, string>;
  /** Digest of what the namespace asks (trust.ts). */
  trustDigest: string;
  /** Epoch milliseconds. */
  now: number;
}

/** All that is demanded is there until that moment (epoch milliseconds), or what is lacking first. */
export type SignatureJudgement = { outcome: "signed"; until: number } | { outcome: "lacking"; fault: Stated };

/** Whether a code is one of the catalogue; verification writes no other, but a status may be older than this code. */
const isCode = (code: string): code is FindingCode => Object.hasOwn(FINDINGS, code);

/** Judges all artifacts of a release. */
export function judgeSignatures(release: ModelRelease, tier: Tier, trust: Trust): SignatureJudgement {
  let until = Number.POSITIVE_INFINITY;
  for (const artifact of release.spec.artifacts) {
    const demands = tier.signatures.filter((demand) => isAsked(demand, artifact));
    const judged = demands.length === 0 ? undefined : judgeArtifact(release, artifact, demands, trust);
    if (judged?.outcome === "lacking") return judged;
    until = Math.min(until, judged?.until ?? until);
  }
  return { outcome: "signed", until };
}

/** Model signatures are over files of a model, and plain images have none. */
const isAsked = ({ over, format }: SignatureDemand, artifact: ReleaseArtifact) =>
  (over !== "model" || artifact.format !== "Image") && (format === undefined || artifact.format === format);

function judgeArtifact(
  release: ModelRelease,
  artifact: ReleaseArtifact,
  demands: readonly SignatureDemand[],
  trust: Trust,
): SignatureJudgement {
  const { name, namespace = "" } = release.metadata;
  const values = { artifact: artifact.name, release: name, namespace, policy: trust.policy };
  const facts = findVerified(release, artifact);
  if (facts === undefined) return lacking(stateFinding("VerificationPending", values));
  const fallen = listRevoked(trust);
  const untold = fallen.map(findUntold).find((one) => one !== undefined);
  if (untold !== undefined) return lacking(untold);
  const owned = tellOwners(facts);
  const condemned = new Set(
    owned.filter(({ signature }) => fallen.some((one) => isTakenBy(one, signature))).map(({ who }) => who),
  );
  let until = Number.POSITIVE_INFINITY;
  for (const demand of demands) {
    const all = listSignatures(owned, demand, trust);
    const standing = all.filter(({ signer, who }) => !trust.revoked.has(signer) && !condemned.has(who));
    const end = findEnd(standing, demand.count, trust.now);
    if (end === undefined) return lacking(explainLack({ facts, demand, trust, values, all, standing }));
    until = Math.min(until, end);
  }
  return { outcome: "signed", until };
}

const lacking = (fault: Stated): SignatureJudgement => ({ outcome: "lacking", fault });

/** The revoked signers that the policy still has. */
const listRevoked = ({ definitions, signers, revoked }: Trust): RevokedSigner[] =>
  definitions
    .filter(({ name }) => revoked.has(name))
    .map((definition) => ({ definition, resolved: signers[definition.name] }));

/** A signature, with the one of all the people behind an artifact's whose it is. */
interface OwnedSignature {
  signature: VerifiedSignature;
  who: string;
}

function tellOwners({ signatures }: VerifiedArtifact): OwnedSignature[] {
  const people = tellPeople(signatures);
  return signatures.flatMap((signature, at) => {
    const who = people[at];
    return who === undefined ? [] : [{ signature, who }];
  });
}

/** What the demanded signers signed, whether or not they are revoked. */
function listSignatures(
  owned: readonly OwnedSignature[],
  demand: SignatureDemand,
  { signers }: Trust,
): CountedSignature[] {
  return demand.anyOf.flatMap((signer) => {
    const resolved = signers[signer];
    if (resolved?.outcome !== "usable") return [];
    return owned.flatMap(({ signature, who }) => {
      const isAsked = signature.over === demand.over && signature.predicateType === demand.predicateType;
      if (!isAsked || signature.signerDigest !== resolved.digest) return [];
      return [{ signer, who, until: endOfSignature(signature) }];
    });
  });
}

interface Lack {
  facts: VerifiedArtifact;
  demand: SignatureDemand;
  trust: Trust;
  values: Record<string, string>;
  all: readonly CountedSignature[];
  standing: readonly CountedSignature[];
}

function explainLack({ facts, demand, trust, values, all, standing }: Lack): Stated {
  const fallen = demand.anyOf.find((signer) => trust.revoked.has(signer));
  if (fallen !== undefined && findEnd(all, demand.count, trust.now) !== undefined) {
    return stateFinding("SignerRevoked", { ...values, signer: fallen, why: trust.revoked.get(fallen) ?? "" });
  }
  const broken = findTrustFault(demand, trust);
  if (broken !== undefined) return broken;
  // What was found with other signers says nothing about these.
  if (facts.trust !== trust.trustDigest) return stateFinding("VerificationPending", values);
  if (findEnd(standing, demand.count, Number.NEGATIVE_INFINITY) !== undefined)
    return stateFinding("SignatureExpired", values);
  return restateProblem(facts, demand) ?? stateMissing(demand, values);
}

/** Where no demanded signer can be used, the policy has to be mended, not the release. */
function findTrustFault(demand: SignatureDemand, { signers }: Trust): Stated | undefined {
  const resolved = demand.anyOf.map((signer) => signers[signer]);
  const broken = resolved.find((one) => one?.outcome === "broken");
  return resolved.some((one) => one?.outcome === "usable") || broken?.outcome !== "broken" ? undefined : broken.finding;
}

/** The problem that tells most about the demand: a model that differs says more than a signature that does. */
function restateProblem({ problems = [] }: VerifiedArtifact, demand: SignatureDemand): Stated | undefined {
  const known = problems.flatMap(({ code, text }) => (isCode(code) ? [{ code, text }] : []));
  const isTelling = ({ code }: Stated) => isFailure(code) || (code === "ModelMismatch") === (demand.over === "model");
  return known.find(isTelling) ?? known[0];
}

function stateMissing(demand: SignatureDemand, values: Record<string, string>): Stated {
  const many = demand.count > 1 ? `${demand.count} of ` : "";
  return stateFinding("SignatureMissing", {
    ...values,
    over: demand.predicateType === undefined ? demand.over : `${demand.over} ${demand.predicateType}`,
    signers: `${many}${demand.anyOf.join(" or ")}`,
  });
}
