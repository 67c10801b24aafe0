/** Holds the files of an artifact to those that were signed. */
import { GIT_FILES } from "../model-signing/enumerate.ts";
import type { ModelManifest } from "../model-signing/manifest.ts";
import type { Resource } from "../model-signing/resources.ts";
import { isSoundName } from "../model-signing/names.ts";
import { mismatch, showName } from "../model-signing/refusal.ts";
import type { LayerFile } from "./layer.ts";
import { LIMITS } from "./limits.ts";
import { isDeep, listAbove, toParent } from "./paths.ts";
import { createPathSet, type PathSet } from "./path-set.ts";

/** A file, with whether it may go unsigned where it lies apart from the model. */
export type Packed = { file: LayerFile; isAside: boolean };

export interface MatchedFiles {
  /** Files that are what was signed. */
  signed: LayerFile[];
  /** Files that the signer left out on purpose, and those of Git at the top. */
  ignored: LayerFile[];
  /** Files of datasets and documentation apart from the model, and empty files that a list of shards has no place for. */
  unsigned: LayerFile[];
}

/** Resources by file, in the order of their parts. */
function groupResources({ resources }: ModelManifest): Map<string, Resource[]> {
  const groups = new Map<string, Resource[]>();
  for (const resource of resources) {
    const group = groups.get(resource.name);
    if (group === undefined) groups.set(resource.name, [resource]);
    else group.push(resource);
  }
  for (const group of groups.values()) group.sort((a, b) => (a.part?.start ?? 0) - (b.part?.start ?? 0));
  return groups;
}

function demandSame(file: LayerFile, resources: readonly Resource[], { shardSize }: ModelManifest): void {
  const name = showName(file.path);
  const listed = file.listed ?? [file.sha256];
  const end = resources.at(-1)?.part?.end;
  if (shardSize !== undefined && end !== file.size) throw mismatch(`${name} is not as long as what was signed`);
  if (listed.length !== resources.length) throw mismatch(`${name} is not what was signed`);
  for (const [at, { digest }] of resources.entries()) {
    if (digest !== listed[at])
      throw mismatch(`${name} is not what was signed: ${digest} was, and ${listed[at]} is there`);
  }
}

/** What the signer left out, and what belongs to Git. Deeper than any file of an artifact, a path would leave out nothing. */
export function listIgnored({ ignored }: ModelManifest): PathSet {
  const paths = [...GIT_FILES, ...ignored.filter((path) => isSoundName(path) && !isDeep(path, LIMITS.depth))];
  const set = createPathSet(paths.length * (LIMITS.depth + 1));
  for (const path of paths) set.add(path);
  return set;
}

/** Matches. Throws a ModelRefusal with the first difference. */
export function matchFiles(manifest: ModelManifest, packed: ReadonlyMap<string, Packed>): MatchedFiles {
  const ignored = listIgnored(manifest);
  const groups = groupResources(manifest);
  const matched: MatchedFiles = { signed: [], ignored: [], unsigned: [] };
  const rest: Packed[] = [];
  for (const one of packed.values()) {
    const { file } = one;
    const resources = groups.get(file.path);
    if (ignored.findOver(file.path) !== undefined) {
      if (resources !== undefined) throw mismatch(`${showName(file.path)} was signed, and left out of what was signed`);
      matched.ignored.push(file);
    } else if (resources === undefined) rest.push(one);
    else {
      demandSame(file, resources, manifest);
      groups.delete(file.path);
      matched.signed.push(file);
    }
  }
  const [missing] = groups.keys();
  if (missing !== undefined) throw mismatch(`${showName(missing)} was signed and is not there`);
  const modelFolders = new Set(matched.signed.map(({ path }) => toParent(path)));
  for (const { file, isAside } of rest) {
    const isEmptyOfShards = manifest.shardSize !== undefined && file.size === 0;
    const isApart = ![...listAbove(file.path), ""].some((folder) => modelFolders.has(folder));
    if (!isEmptyOfShards && !(isAside && isApart)) throw mismatch(`${showName(file.path)} is there and was not signed`);
    matched.unsigned.push(file);
  }
  return matched;
}

/** Files that are part of the model, all of them. */
export const toPacked = (files: readonly LayerFile[]): Map<string, Packed> =>
  new Map(files.map((file) => [file.path, { file, isAside: false }]));
