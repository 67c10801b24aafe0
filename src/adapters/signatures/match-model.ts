/** Whether an artifact holds the model of a statement that somebody trusted signed, and what that model is. */
import type { ReleaseArtifact, VerifiedArtifact } from "../../api/model-release.ts";
import { tellForm } from "../model-artifact/artifact-form.ts";
import type { LayerContents, LayerStore, LayerTask } from "../model-artifact/layer.ts";
import type { Meter } from "../model-artifact/meter.ts";
import { type ArtifactMatch, matchArtifact } from "../model-artifact/match-artifact.ts";
import { toManifest } from "../model-signing/manifest.ts";
import { ModelRefusal } from "../model-signing/refusal.ts";
import type { ImageReference } from "../registry/reference.ts";
import type { Content, Registry } from "../registry/registry.ts";
import type { Statement } from "./bundle.ts";

/** How the model of an artifact is looked at. */
export interface ModelSearch {
  /** What it is declared to be; undefined where whatever it is will do. */
  format: ReleaseArtifact["format"] | undefined;
  /** The folder that is the model. */
  path: string | undefined;
  /** Whether every file is read for its format. */
  readsFormats: boolean;
  store?: LayerStore;
  /** Is told how far the layers are read. */
  meter?: Meter;
  /** Hashes a layer in another thread; here where it is left out. */
  hashLayer?: (ref: ImageReference, task: LayerTask) => Promise<LayerContents>;
}

export type ModelFacts = NonNullable<VerifiedArtifact["model"]>;

export type MatchedModel =
  | { outcome: "matches"; files: number; model: ModelFacts }
  | { outcome: "differs"; why: string };

const differs = (why: string): MatchedModel => ({ outcome: "differs", why });

/** An artifact as it was read. */
export interface FoundArtifact {
  ref: ImageReference;
  content: Content;
}

/**
 * Why an artifact is not what it is declared to be; undefined where it is. A model that is declared to be an image would
 * need no signature over its files. Whether an image has a model in it is for its declaration to say.
 */
export function findMisfit(content: Content, declared: ModelSearch["format"]): string | undefined {
  if (declared === undefined) return undefined;
  if (content.type === "index") {
    return declared === "Image" ? undefined : `it is an index, and is declared to be a ${declared}`;
  }
  const form = tellForm(content.manifest);
  const isFit =
    form === "Image" || form === undefined
      ? declared === "Image" || (form === "Image" && declared === "Modelcar")
      : form === declared;
  if (isFit) return undefined;
  const is = form === undefined ? "no model" : form === "Image" ? "an image" : `a ${form}`;
  return `it is ${is}, and is declared to be ${declared === "Image" ? "an Image" : `a ${declared}`}`;
}

function toFacts({
  modelDigest,
  signed,
  ignored,
  unsigned,
}: Extract<ArtifactMatch, { outcome: "matches" }>): ModelFacts {
  // What was left out or lies apart is in the artifact all the same: whoever loads the model may come by it.
  const formats = new Set([...signed, ...ignored, ...unsigned].map(({ format }) => format));
  return { digest: modelDigest, formats: [...formats].toSorted() };
}

function readManifest(statement: Statement) {
  try {
    return toManifest(statement);
  } catch (error) {
    if (error instanceof ModelRefusal) return error.message;
    throw error;
  }
}

/** Matches. Throws a RegistryError where layers cannot be read. */
export async function matchModel(
  statement: Statement,
  { ref, content }: FoundArtifact,
  registry: Registry,
  search: ModelSearch,
): Promise<MatchedModel> {
  if (content.type !== "manifest") return differs("an index holds no model files");
  const signed = readManifest(statement);
  if (typeof signed === "string") return differs(signed);
  const { path, readsFormats, store, meter, hashLayer } = search;
  const match = await matchArtifact({
    manifest: content.manifest,
    signed,
    open: ({ digest, size }) => registry.streamBlob(ref, { mediaType: "application/octet-stream", digest, size }),
    readsAll: readsFormats,
    ...(path === undefined ? {} : { root: path }),
    ...(store === undefined ? {} : { store }),
    ...(meter === undefined ? {} : { meter }),
    ...(hashLayer === undefined ? {} : { hash: (task) => hashLayer(ref, task) }),
  });
  if (match.outcome === "differs") return differs(match.why);
  return { outcome: "matches", files: match.signed.length, model: toFacts(match) };
}
