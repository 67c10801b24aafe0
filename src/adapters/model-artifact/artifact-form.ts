/** What kind of artifact a manifest describes, and how each of its layers is to be read. */
import { isSoundName } from "../model-signing/names.ts";
import { showName, unfit } from "../model-signing/refusal.ts";
import type { Descriptor, Manifest } from "../registry/registry.ts";
import type { Packing, Reading } from "./layer.ts";

const CONFIG = {
  modelPack: "application/vnd.cncf.model.config.v1+json",
  modelKit: "application/vnd.kitops.modelkit.config.v1+json",
  image: ["application/vnd.oci.image.config.v1+json", "application/vnd.docker.container.image.v1+json"],
};
const MODEL_PACK = "application/vnd.cncf.model.manifest.v1+json";
const PACK_LAYER =
  /^application\/vnd\.cncf\.model\.(weight|weight\.config|doc|code|dataset)\.v1\.(raw|tar|tar\+gzip|tar\+zstd)$/;
const KIT_LAYER = /^application\/vnd\.kitops\.modelkit\.(model|modelpart|dataset|code|docs)\.v1\.(tar|tar\+gzip)$/;
const IMAGE_LAYERS: Record<string, Packing> = {
  "application/vnd.oci.image.layer.v1.tar": "tar",
  "application/vnd.oci.image.layer.v1.tar+gzip": "tar+gzip",
  "application/vnd.oci.image.layer.v1.tar+zstd": "tar+zstd",
  "application/vnd.docker.image.rootfs.diff.tar.gzip": "tar+gzip",
};
const FILE_PATH = "org.cncf.model.filepath";
/** A runtime stacks some 120 layers at most. */
const MAX_IMAGE_LAYERS = 512;

export interface FormLayer {
  descriptor: Descriptor;
  packing: Packing;
  reading: Reading;
  /** The file that a raw layer is; the file or folder that a tar says to hold. */
  at?: string;
  /** Whether its files may be unsigned as long as they lie apart from the model. */
  isAside: boolean;
}

/** What an artifact is by its config alone; undefined where it is of no form that holds models. */
export function tellForm({ config, artifactType }: Manifest): ArtifactForm | undefined {
  const { mediaType } = config;
  if (mediaType === CONFIG.modelPack || artifactType === MODEL_PACK) return "ModelPack";
  if (mediaType === CONFIG.modelKit) return "ModelKit";
  return CONFIG.image.includes(mediaType) ? "Image" : undefined;
}

export type ArtifactForm = "ModelPack" | "ModelKit" | "Image";

export interface FormedArtifact {
  form: ArtifactForm;
  /** The folder that is the model; empty where all of the artifact is. */
  root: string;
  layers: FormLayer[];
}

/** The path that a layer is annotated with; `.` stands for all of the artifact. */
function findPath({ annotations, digest }: Descriptor): string | undefined {
  const path = annotations?.[FILE_PATH];
  if (path === undefined) return undefined;
  const plain = path.replace(/^\.\//, "").replace(/\/$/, "");
  if (plain === "" || plain === ".") return "";
  if (!isSoundName(plain))
    throw unfit(`layer ${digest} is to lie at ${showName(path)}, which is no path within a model`);
  return plain;
}

function readPackLayer(descriptor: Descriptor): FormLayer {
  const packing = PACK_LAYER.exec(descriptor.mediaType)?.[2] as Packing | undefined;
  if (packing === undefined) throw unfit(`layer ${descriptor.digest} is no part of a model`);
  const at = findPath(descriptor);
  if (packing === "raw") {
    if (at === undefined || at === "" || at !== descriptor.annotations?.[FILE_PATH])
      throw unfit(`layer ${descriptor.digest} names no file`);
    return { descriptor, packing, reading: { as: "file" }, at, isAside: false };
  }
  return { descriptor, packing, reading: { as: "pack" }, ...(at === undefined ? {} : { at }), isAside: false };
}

function readKitLayer(descriptor: Descriptor): FormLayer {
  const [, kind, packing] = KIT_LAYER.exec(descriptor.mediaType) ?? [];
  if (kind === undefined) throw unfit(`layer ${descriptor.digest} is of no kind that a ModelKit has`);
  const at = findPath(descriptor);
  return {
    descriptor,
    packing: packing as Packing,
    reading: { as: "pack" },
    ...(at === undefined ? {} : { at }),
    isAside: kind === "dataset" || kind === "docs",
  };
}

function readImageLayer(descriptor: Descriptor, root: string): FormLayer {
  const { mediaType, digest } = descriptor;
  const packing = Object.hasOwn(IMAGE_LAYERS, mediaType) ? IMAGE_LAYERS[mediaType] : undefined;
  if (packing === undefined) throw unfit(`layer ${digest} is of no kind that an image has`);
  return { descriptor, packing, reading: { as: "image", root }, isAside: false };
}

/** Tells what a manifest is. `root`: the folder of an image or ModelKit that holds the model. Throws a ModelRefusal. */
export function readForm({ config, layers, artifactType }: Manifest, root: string | undefined): FormedArtifact {
  if (root !== undefined && root !== "" && !isSoundName(root))
    throw unfit(`${showName(root)} is no folder of an artifact`);
  if (layers.length === 0) throw unfit("it has no layers");
  if (config.mediaType === CONFIG.modelPack) {
    if (root !== undefined && root !== "") throw unfit("a ModelPack is a model as a whole");
    return { form: "ModelPack", root: "", layers: layers.map(readPackLayer) };
  }
  // A type that says one thing beside a config that says another would be one thing to us and another to a runtime.
  if (artifactType === MODEL_PACK) throw unfit("it is a ModelPack by its type, and by its config none");
  if (config.mediaType === CONFIG.modelKit)
    return { form: "ModelKit", root: root ?? "", layers: layers.map(readKitLayer) };
  if (!CONFIG.image.includes(config.mediaType))
    throw unfit(`its config is of type ${showName(config.mediaType)}: it is no ModelPack, ModelKit or image`);
  if (layers.length > MAX_IMAGE_LAYERS) throw unfit(`it has more than ${MAX_IMAGE_LAYERS} layers`);
  const folder = root ?? "models";
  return { form: "Image", root: folder, layers: layers.map((layer) => readImageLayer(layer, folder)) };
}
