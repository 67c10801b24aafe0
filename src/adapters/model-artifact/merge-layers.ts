/** Puts layers together: side by side in a pack, one over the other in an image. */
import { isSoundName } from "../model-signing/names.ts";
import { showName, unfit } from "../model-signing/refusal.ts";
import { createFileTree, type FileTree } from "./file-tree.ts";
import type { LayerContents, LayerEntry, LayerFile } from "./layer.ts";
import type { Limits } from "./limits.ts";
import { createPathSet } from "./path-set.ts";
import { isDeep } from "./paths.ts";

function demandSound(path: string, { depth }: Limits): void {
  if (!isSoundName(path)) throw unfit(`${showName(path)} is no path within a model`);
  if (isDeep(path, depth)) throw unfit(`${showName(path)} lies in more than ${depth} folders`);
}

/** All files of layers that lie side by side. No path comes twice. */
export function joinLayers(layers: readonly (readonly LayerEntry[])[], limits: Limits): LayerFile[] {
  const tree = createFileTree(limits.artifactPaths);
  for (const entry of layers.flat()) {
    if (entry.kind === "folder") tree.addFolder(entry.path);
    if (entry.kind !== "file") continue;
    demandSound(entry.path, limits);
    if (tree.tell(entry.path) === "file") throw unfit(`${showName(entry.path)} is packed twice`);
    tree.addFile(entry);
  }
  return tree.files();
}

/** Takes away what a layer hides of those below it: by whiteouts, or by a file where they have a folder. */
function hideBelow(tree: FileTree, entries: readonly LayerEntry[]): void {
  for (const { kind, path } of entries) {
    switch (kind) {
      case "opaque":
        tree.empty(path);
        break;
      case "whiteout":
        tree.remove(path);
        break;
      case "file":
        if (tree.tell(path) === "folder") tree.remove(path);
        break;
      case "folder":
        if (tree.tell(path) === "file") tree.remove(path);
        break;
    }
  }
}

/** What a layer takes away of those below it, and brings itself, depends on the order in which a runtime does both. */
function demandOneWay(entries: readonly LayerEntry[], limits: Limits): void {
  if (!entries.some(({ kind }) => kind === "whiteout")) return;
  const gone = createPathSet(limits.artifactPaths);
  for (const { kind, path } of entries) if (kind === "whiteout") gone.add(path);
  for (const { kind, path } of entries) {
    const over = kind === "whiteout" ? undefined : gone.findOver(path);
    if (over !== undefined) throw unfit(`a layer brings ${showName(path)} and takes ${showName(over)} away`);
  }
}

/** An entry below a symbolic link lies where the link leads, or not, as the runtime has it. */
function demandNoDetour(layers: readonly LayerContents[], limits: Limits): void {
  const links = createPathSet(limits.artifactPaths);
  for (const layer of layers) {
    for (const link of layer.links) links.add(link);
    for (const folder of layer.folders) {
      const link = links.findOver(folder);
      if (link !== undefined)
        throw unfit(`something in ${showName(folder)} lies below the symbolic link ${showName(link)}`);
    }
  }
}

/** The files of an image's layers, each over those before it (OCI image specification, "Image Layer Filesystem Changeset"). */
export function stackLayers(layers: readonly LayerContents[], limits: Limits): LayerFile[] {
  demandNoDetour(layers, limits);
  const tree = createFileTree(limits.artifactPaths);
  for (const { entries } of layers) {
    demandOneWay(entries, limits);
    hideBelow(tree, entries);
    for (const entry of entries) {
      if (entry.kind === "folder") tree.addFolder(entry.path);
      if (entry.kind !== "file") continue;
      demandSound(entry.path, limits);
      tree.addFile(entry);
    }
  }
  return tree.files();
}
