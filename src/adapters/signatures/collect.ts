/**
 * Gathers what is known of one artifact: its closure, and every signature by a trusted key. Everything that is
 * wrong becomes a problem with a code; nothing that is wrong becomes a signature.
 */
import { createHash } from "node:crypto";
import type { VerifiedSignature } from "../../api/model-release.ts";
import type { FindingCode } from "../../domain/findings.ts";
import { PREDICATE_TYPE } from "../model-signing/manifest.ts";
import { RegistryError } from "../registry/errors.ts";
import type { ImageReference } from "../registry/reference.ts";
import type { Content, Descriptor, Registry } from "../registry/registry.ts";
import { type Bundle, IN_TOTO_TYPE, parseBundle } from "./bundle.ts";
import { COSIGN_PREDICATE, isAbout, readSimpleSigning, SIGNATURE_ANNOTATION, SIMPLE_SIGNING } from "./cosign.ts";
import { isOmsKey, type TrustedKey, verifySignature } from "./keys.ts";
import { matchModel } from "./oms.ts";

/** What is wrong, in the words of the catalogue; `why` goes into its template. */
export interface SignatureProblem {
  code: Extract<FindingCode, "SignatureInvalid" | "SignerUnknown" | "ModelMismatch" | "RegistryFailed">;
  why: string;
}

export interface Collected {
  /** Digests of the artifact itself and of the manifests and configs beneath it. */
  closure: string[];
  signatures: VerifiedSignature[];
  problems: SignatureProblem[];
}

const BUNDLE_TYPE = /^application\/vnd\.dev\.sigstore\.bundle[.+]/;
const OMS_TYPE = "application/vnd.openssf.model-signing.signature.v1+json";
const MAX_BUNDLES = 64;
const MAX_CHILDREN = 64;
const MAX_PROBLEMS = 16;

type Found = { signature: VerifiedSignature } | { problem: SignatureProblem } | "none";

const problem = (code: SignatureProblem["code"], why: string): Found => ({ problem: { code, why } });
const invalid = (why: string) => problem("SignatureInvalid", why);

interface Subject {
  ref: ImageReference;
  content: Content;
  keys: readonly TrustedKey[];
}

function findKey(subject: Subject, form: "oms" | "cosign", signed: Buffer, signature: Buffer): TrustedKey | undefined {
  const keys = form === "oms" ? subject.keys.filter(isOmsKey) : subject.keys;
  return keys.find((key) => verifySignature(key, form, signed, signature));
}

const UNKNOWN = problem("SignerUnknown", "no trusted key verifies it");

function judgeStatement(bundle: Extract<Bundle, { content: "statement" }>, subject: Subject): Found {
  const { statement, signed, signature } = bundle;
  const { digest } = subject.ref;
  switch (statement.predicateType) {
    case COSIGN_PREDICATE: {
      if (!isAbout(statement, digest)) return invalid("a cosign signature beside it is for another artifact");
      const key = findKey(subject, "cosign", signed, signature);
      if (key === undefined) return UNKNOWN;
      const { signer, keyDigest } = key;
      return { signature: { signer, keyDigest, over: "artifact", form: "cosign-bundle" } };
    }
    case PREDICATE_TYPE: {
      const key = findKey(subject, "oms", signed, signature);
      if (key === undefined) return UNKNOWN;
      if (subject.content.type !== "manifest") return problem("ModelMismatch", "an index holds no model files");
      const match = matchModel(statement, subject.content.manifest);
      if (match.outcome === "differs") return problem("ModelMismatch", match.why);
      const { signer, keyDigest } = key;
      return { signature: { signer, keyDigest, over: "model", form: "oms", files: match.files } };
    }
    default:
      // An attestation of another kind is no signature, whoever made it.
      return "none";
  }
}

function judgeBundle(bytes: Buffer, subject: Subject): Found {
  const bundle = parseBundle(bytes);
  switch (bundle.content) {
    case "keyless":
      return invalid("a keyless signature beside it cannot be verified yet; sign with a key of the policy");
    case "broken":
      return invalid(`a bundle beside it is broken: ${bundle.why}`);
    case "message": {
      const { bytes: signed } = subject.content;
      const isSame = createHash("sha256").update(signed).digest().equals(bundle.digest);
      if (!isSame) return invalid("a cosign signature beside it is for another artifact");
      const key = findKey(subject, "cosign", signed, bundle.signature);
      if (key === undefined) return UNKNOWN;
      const { signer, keyDigest } = key;
      return { signature: { signer, keyDigest, over: "artifact", form: "cosign-bundle" } };
    }
    case "statement":
      return judgeStatement(bundle, subject);
  }
}

async function readReferrer(registry: Registry, subject: Subject, referrer: Descriptor): Promise<Found> {
  const content = await registry.readByDigest({ ...subject.ref, digest: referrer.digest });
  if (content.type !== "manifest") return "none";
  const { manifest } = content;
  const [layer, ...more] = manifest.layers;
  if (layer === undefined || more.length > 0 || !isBundleType(layer.mediaType)) return "none";
  if (manifest.subject?.digest !== subject.ref.digest)
    return invalid("a referrer names another artifact as its subject");
  return judgeBundle(await registry.readBlob(subject.ref, layer), subject);
}

const isBundleType = (type: string) => BUNDLE_TYPE.test(type) || type === OMS_TYPE;

/** What a registry without better knowledge gives as the type: that of the empty config. */
const VAGUE_TYPES = ["application/vnd.oci.empty.v1+json", IN_TOTO_TYPE];

/** Referrers that may hold a bundle; the manifest itself decides. */
const mayHoldBundle = ({ artifactType }: Descriptor) =>
  artifactType === undefined || isBundleType(artifactType) || VAGUE_TYPES.includes(artifactType);

async function readLegacy(registry: Registry, subject: Subject): Promise<Found[]> {
  const content = await registry.readTag(subject.ref, `${subject.ref.digest.replace(":", "-")}.sig`);
  if (content === undefined) return [];
  if (content.type !== "manifest") return [invalid("its .sig tag is no manifest")];
  const found: Found[] = [];
  for (const layer of content.manifest.layers.slice(0, MAX_BUNDLES)) {
    const text = layer.annotations?.[SIGNATURE_ANNOTATION];
    if (layer.mediaType !== SIMPLE_SIGNING || text === undefined) continue;
    const payload = await registry.readBlob(subject.ref, layer);
    if (readSimpleSigning(payload) !== subject.ref.digest) {
      found.push(invalid("a legacy cosign signature beside it is for another artifact"));
      continue;
    }
    const key = findKey(subject, "cosign", payload, Buffer.from(text, "base64"));
    if (key === undefined) found.push(UNKNOWN);
    else {
      const { signer, keyDigest } = key;
      found.push({ signature: { signer, keyDigest, over: "artifact", form: "cosign-legacy" } });
    }
  }
  return found;
}

async function readClosure(registry: Registry, { ref, content }: Subject): Promise<string[]> {
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

async function collect(registry: Registry, ref: ImageReference, keys: readonly TrustedKey[]): Promise<Collected> {
  const subject: Subject = { ref, content: await registry.readByDigest(ref), keys };
  const closure = await readClosure(registry, subject);
  const referrers = (await registry.listReferrers(ref)).filter(mayHoldBundle);
  if (referrers.length > MAX_BUNDLES) {
    throw new RegistryError("TooLarge", `${ref.digest} carries more than ${MAX_BUNDLES} signatures`);
  }
  const found: Found[] = [];
  for (const referrer of referrers) found.push(await readReferrer(registry, subject, referrer));
  found.push(...(await readLegacy(registry, subject)));
  const signatures = found.flatMap((one) => (one !== "none" && "signature" in one ? [one.signature] : []));
  const problems = found.flatMap((one) => (one !== "none" && "problem" in one ? [one.problem] : []));
  return { closure: closure.toSorted(), signatures, problems: problems.slice(0, MAX_PROBLEMS) };
}

/** Collects the signatures of one artifact. A registry that fails is a problem, never an answer. */
export async function collectSignatures(
  registry: Registry,
  ref: ImageReference,
  keys: readonly TrustedKey[],
): Promise<Collected> {
  try {
    return await collect(registry, ref, keys);
  } catch (error) {
    if (!(error instanceof RegistryError)) throw error;
    return { closure: [], signatures: [], problems: [{ code: "RegistryFailed", why: error.message }] };
  }
}
