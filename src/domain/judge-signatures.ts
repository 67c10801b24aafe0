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
import { digestOfImage } from "./images.ts";
import { findUntold, isTakenBy, type RevokedSigner } from "./revoked-signers.ts";
import type { ResolvedSigner } from "./signers.ts";

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
    for (const demand of tier.signatures) {
      if (!isAsked(demand, artifact)) continue;
      const judged = judgeDemand(release, artifact, demand, trust);
      if (judged.outcome === "lacking") return judged;
      until = Math.min(until, judged.until);
    }
  }
  return { outcome: "signed", until };
}

/** Model signatures are over files of a model, and plain images have none. */
const isAsked = ({ over, format }: SignatureDemand, artifact: ReleaseArtifact) =>
  (over !== "model" || artifact.format !== "Image") && (format === undefined || artifact.format === format);

function judgeDemand(
  release: ModelRelease,
  artifact: ReleaseArtifact,
  demand: SignatureDemand,
  trust: Trust,
): SignatureJudgement {
  const { name, namespace = "" } = release.metadata;
  const values = { artifact: artifact.name, release: name, namespace, policy: trust.policy };
  const digest = digestOfImage(artifact.image);
  const facts = release.status?.artifacts?.find((one) => one.name === artifact.name && one.digest === digest);
  if (facts === undefined) return lacking(stateFinding("VerificationPending", values));
  const fallen = listRevoked(trust);
  const untold = fallen.map(findUntold).find((one) => one !== undefined);
  if (untold !== undefined) return lacking(untold);
  const people = tellPeople(facts.signatures);
  const condemned = new Set(people.filter((_, at) => fallen.some((one) => isTaken(one, facts.signatures[at]))));
  const all = listSignatures(facts, people, demand, trust);
  const standing = all.filter(({ signer, who }) => !trust.revoked.has(signer) && !condemned.has(who));
  const until = findEnd(standing, demand.count, trust.now);
  if (until !== undefined) return { outcome: "signed", until };
  return lacking(explainLack({ facts, demand, trust, values, all, standing }));
}

const lacking = (fault: Stated): SignatureJudgement => ({ outcome: "lacking", fault });

/** The revoked signers that the policy still has. */
const listRevoked = ({ definitions, signers, revoked }: Trust): RevokedSigner[] =>
  definitions
    .filter(({ name }) => revoked.has(name))
    .map((definition) => ({ definition, resolved: signers[definition.name] }));

const isTaken = (one: RevokedSigner, signature: VerifiedSignature | undefined) =>
  signature !== undefined && isTakenBy(one, signature);

/** What the demanded signers signed, whether or not they are revoked. */
function listSignatures(
  facts: VerifiedArtifact,
  people: readonly string[],
  demand: SignatureDemand,
  { signers }: Trust,
): CountedSignature[] {
  return demand.anyOf.flatMap((signer) => {
    const resolved = signers[signer];
    if (resolved?.outcome !== "usable") return [];
    return facts.signatures.flatMap((one, at) => {
      const isAsked = one.over === demand.over && one.predicateType === demand.predicateType;
      if (!isAsked || one.signerDigest !== resolved.digest) return [];
      return [{ signer, who: people[at] ?? "", until: endOfSignature(one) }];
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
  const isTelling = ({ code }: Stated) =>
    code === "RegistryFailed" ||
    code === "VerificationFailed" ||
    (code === "ModelMismatch") === (demand.over === "model");
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
