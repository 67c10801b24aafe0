/**
 * Whether an artifact holds exactly the model that was signed: a ModelPack, a ModelKit, or an image with the model in one
 * folder. Weights in raw layers are not read where SHA-256 of whole files is listed: a layer's digest is its file's.
 */
import type { ModelManifest } from "../model-signing/manifest.ts";
import { ModelRefusal, type ModelRefusalCode, showName, unfit } from "../model-signing/refusal.ts";
import type { Manifest } from "../registry/registry.ts";
import { type ArtifactForm, type FormedArtifact, type FormLayer, readForm } from "./artifact-form.ts";
import { isPlain, type Listing } from "./digest-file.ts";
import { demandLikely } from "./foresee.ts";
import { hashLayer, type OpenLayer } from "./hash-layer.ts";
import { demandPlainKit } from "./kit-config.ts";
import {
  type LayerContents,
  type LayerEntry,
  type LayerFile,
  type LayerStore,
  type LayerTask,
  toCacheKey,
} from "./layer.ts";
import { LIMITS, type Limits } from "./limits.ts";
import { type MatchedFiles, matchFiles, type Packed, toPacked } from "./match-files.ts";
import { joinLayers, stackLayers } from "./merge-layers.ts";
import type { Meter } from "./meter.ts";
import { digestModel } from "./model-digest.ts";
import { isWithin } from "./paths.ts";
import { readOnce } from "./read-once.ts";
import { createTally } from "./tally.ts";

export interface ArtifactCase {
  manifest: Manifest;
  /** What was signed. Whether the signature holds is for the caller to see to. */
  signed: ModelManifest;
  open: OpenLayer;
  /** The folder of an image (`models` where left out) or ModelKit (all of it) that holds the model. */
  root?: string;
  /** Whether layers are read, too, whose digests are known: only then is the format of their files. */
  readsAll?: boolean;
  store?: LayerStore;
  /** Is told how far the layers are read. */
  meter?: Meter;
  limits?: Limits;
  /** Hashes one layer, such as in a worker thread; here, where left out. */
  hash?: (task: LayerTask) => Promise<LayerContents>;
}

export type ArtifactMatch =
  | ({ outcome: "matches"; form: ArtifactForm; modelDigest: string } & MatchedFiles)
  | { outcome: "differs"; code: ModelRefusalCode; why: string };

const toListing = ({ hash, shardSize }: ModelManifest): Listing => ({
  hash,
  ...(shardSize === undefined ? {} : { shardSize }),
});

function toTask({ descriptor, packing, reading }: FormLayer, listing: Listing, limits: Limits): LayerTask {
  const { digest, size } = descriptor;
  return { digest, size, packing, reading, listing, limits };
}

/** What is known of a raw layer unread. */
const toKnown = ({ digest, size }: LayerTask): LayerContents => ({
  entries: [{ kind: "file", path: "", size, sha256: digest.replace(/^sha256:/, ""), format: "unread" }],
  links: [],
  folders: [],
  unpacked: 0,
});

async function readLayers({ layers }: FormedArtifact, about: ArtifactCase): Promise<LayerContents[]> {
  const { signed, open, store, meter, limits = LIMITS } = about;
  const hash = about.hash ?? ((task: LayerTask) => hashLayer(task, open));
  const listing = toListing(signed);
  const isKnown = ({ packing }: FormLayer) => packing === "raw" && isPlain(listing) && about.readsAll !== true;
  demandLikely(
    layers.filter((layer) => !isKnown(layer)),
    signed,
    limits,
  );
  const asked = layers.map((layer) => {
    const task = toTask(layer, listing, limits);
    return { layer, task, key: toCacheKey(task) };
  });
  const sizes = new Map(asked.flatMap(({ layer, task, key }) => (isKnown(layer) ? [] : [[key, task.size] as const])));
  meter?.begin([...sizes.values()]);
  const done = new Map<string, LayerContents>();
  const read: LayerContents[] = [];
  const tally = createTally(limits);
  for (const { layer, task, key } of asked) {
    let contents = isKnown(layer) ? toKnown(task) : done.get(key);
    if (contents === undefined) {
      contents = await (store === undefined ? hash(task) : readOnce(store, key, () => hash(task)));
      meter?.finish(task.size);
    }
    done.set(key, contents);
    tally(contents);
    read.push(contents);
  }
  return read;
}

/** Names the one file of a raw layer, and holds the names in a tar to what the layer says to hold. */
function placeEntries({ reading, at = "", descriptor }: FormLayer, { entries }: LayerContents): LayerEntry[] {
  if (reading.as === "file") return entries.map((entry) => ({ ...entry, path: at }));
  const stray = entries.find(({ kind, path }) => kind === "file" && !isWithin(path, at));
  if (stray !== undefined)
    throw unfit(`layer ${descriptor.digest} is to hold ${showName(at)} and holds ${showName(stray.path)}`);
  return entries;
}

/** The model's files of a pack, as seen from its root; what lies elsewhere has to be of a kind that may. */
function gatherPack(
  { layers, root }: FormedArtifact,
  contents: readonly LayerContents[],
  limits: Limits,
): Map<string, Packed> {
  const placed = layers.map((layer, at) =>
    placeEntries(layer, contents[at] ?? { entries: [], links: [], folders: [], unpacked: 0 }),
  );
  const aside = new Set(layers.flatMap(({ isAside }, at) => (isAside ? (placed[at] ?? []) : [])));
  const packed = new Map<string, Packed>();
  for (const file of joinLayers(placed, limits)) {
    const isAside = aside.has(file);
    if (isWithin(file.path, root)) {
      const inner: LayerFile = root === "" ? file : { ...file, path: file.path.slice(root.length + 1) };
      packed.set(inner.path, { file: inner, isAside });
    } else if (!isAside) throw unfit(`${showName(file.path)} lies outside ${showName(root)}`);
  }
  return packed;
}

async function match(about: ArtifactCase): Promise<ArtifactMatch> {
  const { limits = LIMITS } = about;
  const artifact = readForm(about.manifest, about.root);
  if (artifact.form === "ModelKit") await demandPlainKit(about.manifest, about.open);
  const contents = await readLayers(artifact, about);
  const packed =
    artifact.form === "Image" ? toPacked(stackLayers(contents, limits)) : gatherPack(artifact, contents, limits);
  const matched = matchFiles(about.signed, packed);
  return { outcome: "matches", form: artifact.form, modelDigest: digestModel(matched.signed), ...matched };
}

/** Matches an artifact against what was signed. What cannot be read is thrown; what does not hold is a difference. */
export async function matchArtifact(about: ArtifactCase): Promise<ArtifactMatch> {
  try {
    return await match(about);
  } catch (error) {
    if (error instanceof ModelRefusal) return { outcome: "differs", code: error.code, why: error.message };
    throw error;
  }
}
