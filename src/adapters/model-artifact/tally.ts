/** Counts what the layers of an artifact hold, one with the other; a layer that comes twice counts twice. */
import { unfit } from "../model-signing/refusal.ts";
import type { LayerContents } from "./layer.ts";
import type { Limits } from "./limits.ts";

/** Makes a tally. What it returns adds a layer, and throws a ModelRefusal where that makes too much of anything. */
export function createTally(limits: Limits): (contents: LayerContents) => void {
  let unpacked = 0;
  let paths = 0;
  let names = 0;
  let shards = 0;
  return (contents) => {
    const { entries, links, folders } = contents;
    unpacked += contents.unpacked;
    if (unpacked > limits.artifactBytes) throw unfit(`it unpacks to more than ${limits.artifactBytes} bytes`);
    paths += entries.length + links.length + folders.length;
    if (paths > limits.artifactPaths) throw unfit(`its layers hold more than ${limits.artifactPaths} paths`);
    for (const path of links) names += Buffer.byteLength(path);
    for (const path of folders) names += Buffer.byteLength(path);
    for (const entry of entries) {
      names += Buffer.byteLength(entry.path);
      if (entry.kind === "file") shards += entry.listed?.length ?? 0;
    }
    if (names > limits.artifactNamesBytes)
      throw unfit(`its layers hold more than ${limits.artifactNamesBytes} bytes of names`);
    if (shards > limits.artifactShards) throw unfit(`its layers make more than ${limits.artifactShards} shards`);
  };
}
