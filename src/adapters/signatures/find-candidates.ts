/** Finds what may be a signature beside an artifact: by the referrers API or its fallback tag, and by cosign's old tags. */
import { RegistryError } from "../registry/errors.ts";
import type { ImageReference } from "../registry/reference.ts";
import type { Descriptor, Registry } from "../registry/registry.ts";
import { IN_TOTO_TYPE } from "../in-toto.ts";
import {
  type Candidate,
  DSSE_ENVELOPE,
  readLegacyAttestation,
  readLegacySignature,
  type ReadCandidate,
  SIMPLE_SIGNING,
} from "./candidate.ts";

const BUNDLE_TYPE = /^application\/vnd\.dev\.sigstore\.bundle[.+]/;
const OMS_TYPE = "application/vnd.openssf.model-signing.signature.v1+json";
/** Most signatures of one artifact, of each kind. */
const MAX_CANDIDATES = 64;

/** Most bytes of all of them together: parsing them is what an unsigned one costs. */
const MAX_TOTAL = 16 * 1024 * 1024;

const isBundleType = (type: string) => BUNDLE_TYPE.test(type) || type === OMS_TYPE;

/** What a registry without better knowledge gives as the type: that of the empty config. */
const VAGUE_TYPES = ["application/vnd.oci.empty.v1+json", IN_TOTO_TYPE];

/** Referrers that may hold a bundle; the manifest itself decides. */
const mayHoldBundle = ({ artifactType }: Descriptor) =>
  artifactType === undefined || isBundleType(artifactType) || VAGUE_TYPES.includes(artifactType);

async function readReferrer(registry: Registry, ref: ImageReference, { digest }: Descriptor): Promise<ReadCandidate[]> {
  const content = await registry.readByDigest({ ...ref, digest });
  if (content.type !== "manifest") return [];
  const { layers, subject } = content.manifest;
  const [layer, ...more] = layers;
  if (layer === undefined || more.length > 0 || !isBundleType(layer.mediaType)) return [];
  if (subject?.digest !== ref.digest) return [{ why: "a referrer names another artifact as its subject" }];
  return [{ candidate: { form: "bundle", bundle: await registry.readBlob(ref, layer) } }];
}

async function readReferrers(registry: Registry, ref: ImageReference): Promise<ReadCandidate[]> {
  const referrers = (await registry.listReferrers(ref)).filter(mayHoldBundle);
  demandFew(referrers.length, ref);
  const found: ReadCandidate[] = [];
  for (const referrer of referrers) found.push(...(await readReferrer(registry, ref, referrer)));
  return found;
}

const LEGACY = {
  sig: { mediaType: SIMPLE_SIGNING, read: readLegacySignature },
  att: { mediaType: DSSE_ENVELOPE, read: readLegacyAttestation },
} as const;

async function readLegacy(
  registry: Registry,
  ref: ImageReference,
  suffix: keyof typeof LEGACY,
): Promise<ReadCandidate[]> {
  const content = await registry.readTag(ref, `${ref.digest.replace(":", "-")}.${suffix}`);
  if (content === undefined) return [];
  if (content.type !== "manifest") return [{ why: `its .${suffix} tag is no manifest` }];
  const { mediaType, read } = LEGACY[suffix];
  const layers = content.manifest.layers.filter((layer) => layer.mediaType === mediaType);
  demandFew(layers.length, ref);
  const found: ReadCandidate[] = [];
  for (const layer of layers) found.push(read(await registry.readBlob(ref, layer), layer.annotations ?? {}));
  return found;
}

function demandFew(count: number, { digest }: ImageReference): void {
  if (count > MAX_CANDIDATES) {
    throw new RegistryError("TooLarge", `${digest} carries more than ${MAX_CANDIDATES} signatures`);
  }
}

/** All candidates, and what is wrong with those that are none. Throws a RegistryError where the registry fails. */
export async function findCandidates(
  registry: Registry,
  ref: ImageReference,
): Promise<{ candidates: Candidate[]; broken: string[] }> {
  // Side by side: a registry that is far away is waited for once, and not three times.
  const found = (
    await Promise.all([
      readReferrers(registry, ref),
      readLegacy(registry, ref, "sig"),
      readLegacy(registry, ref, "att"),
    ])
  ).flat();
  const total = found.reduce((sum, one) => sum + ("candidate" in one ? one.candidate.bundle.length : 0), 0);
  if (total > MAX_TOTAL) throw new RegistryError("TooLarge", `${ref.digest} carries more than 16 MiB of signatures`);
  return {
    candidates: found.flatMap((one) => ("candidate" in one ? [one.candidate] : [])),
    broken: found.flatMap((one) => ("why" in one ? [one.why] : [])),
  };
}
