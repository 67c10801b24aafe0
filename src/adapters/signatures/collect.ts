/**
 * Gathers what is known of one artifact: its closure, and every signature by a trusted signer. Everything that is wrong
 * becomes a problem with a code; nothing that is wrong becomes a signature.
 */
import type { VerifiedSignature } from "../../api/model-release.ts";
import type { FindingCode } from "../../domain/findings.ts";
import { toCanonicalText } from "../../domain/canonical.ts";
import type { NamedSigner } from "../../domain/trust.ts";
import { RegistryError, type RegistryErrorCode } from "../registry/errors.ts";
import type { ImageReference } from "../registry/reference.ts";
import type { Content, Registry } from "../registry/registry.ts";
import { ThreadError } from "../thread-error.ts";
import { findCandidates } from "./find-candidates.ts";
import type { judgeCandidates, JudgedCandidate } from "./judge-candidates.ts";
import { findMisfit, type FoundArtifact, matchModel, type ModelFacts, type ModelSearch } from "./match-model.ts";

/** What is wrong, in the words of the catalogue; `why` goes into its template. */
export interface SignatureProblem {
  code: Extract<
    FindingCode,
    "SignatureInvalid" | "SignerUnknown" | "ModelMismatch" | "RegistryFailed" | "VerificationFailed"
  >;
  why: string;
  /** How the registry failed, where it did. */
  fault?: RegistryErrorCode;
}

export interface Collected {
  /** Digests of the artifact itself and of the manifests and configs beneath it. */
  closure: string[];
  signatures: VerifiedSignature[];
  /** The signed model that it holds; undefined where none is signed by anybody trusted. */
  model: ModelFacts | undefined;
  problems: SignatureProblem[];
}

const MAX_CHILDREN = 64;
const MAX_PROBLEMS = 16;
const MAX_SIGNATURES = 64;

/** With what signatures are looked for. */
export interface Search {
  registry: Registry;
  /** `judgeCandidates`, here or in another thread. */
  judge: typeof judgeCandidates;
  signers: readonly NamedSigner[];
  model: ModelSearch;
  /** The artifact's content where it was read just now; it counts by its digest alone. */
  seen?: Content;
  /** Epoch milliseconds. */
  now: number;
}

type Found = { signatures: VerifiedSignature[]; model?: ModelFacts } | { problem: SignatureProblem };

const problem = (code: SignatureProblem["code"], why: string): Found => ({ problem: { code, why } });

/** How a status calls the ways in which cosign puts signatures beside an artifact. */
const COSIGN_FORM = { legacy: "cosign-legacy", bundle: "cosign-bundle" } as const;

async function toFound(judged: JudgedCandidate, artifact: FoundArtifact, search: Search): Promise<Found> {
  if (judged.outcome === "disbelieved") {
    // Whoever attests something may be unknown: that is no fault of the artifact's signatures.
    if (judged.over === "attestation" && judged.code === "SignerUnknown") return { signatures: [] };
    return problem(judged.code, judged.why);
  }
  const { over, form, by } = judged;
  switch (over.over) {
    case "artifact":
      return { signatures: by.map((one) => ({ ...one, over: "artifact", form: COSIGN_FORM[form] })) };
    case "model": {
      const match = await matchModel(over.statement, artifact, search.registry, search.model);
      if (match.outcome === "differs") return problem("ModelMismatch", match.why);
      const { files, model } = match;
      return { signatures: by.map((one) => ({ ...one, over: "model", form: "oms", files })), model };
    }
    case "attestation":
      return {
        signatures: by.map((one) => ({
          ...one,
          over: "attestation",
          form: COSIGN_FORM[form],
          predicateType: over.predicateType,
        })),
      };
  }
}

/** Each once. What is more than a status holds is not cut, which would hide some behind others. */
function listDistinct(signatures: readonly VerifiedSignature[], { digest }: ImageReference): VerifiedSignature[] {
  const distinct = new Map(signatures.map((one) => [toCanonicalText(one), one]));
  if (distinct.size > MAX_SIGNATURES) {
    throw new RegistryError("TooLarge", `${digest} carries more than ${MAX_SIGNATURES} different signatures`);
  }
  return [...distinct.values()];
}

async function readClosure(registry: Registry, ref: ImageReference, content: Content): Promise<string[]> {
  const closure = new Set([ref.digest]);
  if (content.type === "manifest") return [...closure.add(content.manifest.config.digest)];
  if (content.index.manifests.length > MAX_CHILDREN) {
    throw new RegistryError("TooLarge", `the index lists more than ${MAX_CHILDREN} manifests`);
  }
  for (const { digest } of content.index.manifests) {
    const child = await registry.readByDigest({ ...ref, digest });
    closure.add(digest);
    if (child.type === "manifest") closure.add(child.manifest.config.digest);
  }
  return [...closure];
}

async function collect(ref: ImageReference, search: Search): Promise<Collected> {
  const { registry, judge, signers, now, seen } = search;
  const readArtifact = async () => {
    const content = seen?.digest === ref.digest ? seen : await registry.readByDigest(ref);
    return { content, closure: await readClosure(registry, ref, content) };
  };
  // Side by side: what lies beside it is asked for by its digest, whatever it turns out to be. What the artifact itself says
  // or lacks is told first, whichever answer comes first.
  const beside = findCandidates(registry, ref);
  beside.catch(() => undefined);
  const { content, closure } = await readArtifact();
  const misfit = findMisfit(content, search.model.format);
  if (misfit !== undefined) {
    return { ...onlyProblem({ code: "ModelMismatch", why: misfit }), closure };
  }
  const { candidates, broken } = await beside;
  const subject = { digest: ref.digest };
  const judged = await judge({ subject, candidates, signers, now });
  const found = broken.map((why) => problem("SignatureInvalid", why));
  for (const one of judged) found.push(await toFound(one, { ref, content }, search));
  return {
    closure: closure.toSorted(),
    signatures: listDistinct(
      found.flatMap((one) => ("signatures" in one ? one.signatures : [])),
      ref,
    ),
    model: found.flatMap((one) => ("model" in one && one.model !== undefined ? [one.model] : []))[0],
    problems: found.flatMap((one) => ("problem" in one ? [one.problem] : [])).slice(0, MAX_PROBLEMS),
  };
}

/** Nothing is known but what is wrong. */
const onlyProblem = (problem: SignatureProblem): Collected => ({
  closure: [],
  signatures: [],
  model: undefined,
  problems: [problem],
});

/** Collects the signatures of one artifact. A registry or a thread that fails is a problem, never an answer. */
export async function collectSignatures(ref: ImageReference, search: Search): Promise<Collected> {
  try {
    return await collect(ref, search);
  } catch (error) {
    if (error instanceof RegistryError)
      return onlyProblem({ code: "RegistryFailed", why: error.message, fault: error.code });
    if (error instanceof ThreadError) return onlyProblem({ code: "VerificationFailed", why: error.message });
    throw error;
  }
}
