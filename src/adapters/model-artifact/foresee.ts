/** Tells by its manifest alone that an artifact cannot be what was signed, or asks for too much, before any layer is read. */
import type { ModelManifest } from "../model-signing/manifest.ts";
import { mismatch, showName, unfit } from "../model-signing/refusal.ts";
import type { FormLayer } from "./artifact-form.ts";
import type { Limits } from "./limits.ts";
import { listIgnored } from "./match-files.ts";

/** Refuses layers that are to be read: too many bytes, or raw ones that have no place in what was signed. */
export function demandLikely(layers: readonly FormLayer[], manifest: ModelManifest, limits: Limits): void {
  let packed = 0;
  for (const { descriptor } of layers) {
    packed += descriptor.size;
    if (packed > limits.packedBytes)
      throw unfit(`its layers that have to be read have more than ${limits.packedBytes} bytes`);
  }
  const isSharded = manifest.shardSize !== undefined;
  const ends = new Map<string, number>();
  for (const { name, part } of manifest.resources) ends.set(name, Math.max(ends.get(name) ?? 0, part?.end ?? 0));
  const ignored = listIgnored(manifest);
  for (const { reading, at = "", descriptor } of layers) {
    if (reading.as !== "file" || ignored.findOver(at) !== undefined) continue;
    const end = ends.get(at);
    if (end === undefined && !(isSharded && descriptor.size === 0))
      throw mismatch(`${showName(at)} is there and was not signed`);
    if (isSharded && end !== undefined && end !== descriptor.size)
      throw mismatch(`${showName(at)} is not as long as what was signed`);
  }
}
