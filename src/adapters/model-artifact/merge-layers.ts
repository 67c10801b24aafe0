/** Puts layers together: side by side in a pack, one over the other in an image. */
import { isSoundName } from "../model-signing/names.ts";
import { showName } from "../model-signing/refusal.ts";
import type { LayerContents, LayerEntry, LayerFile } from "./layer.ts";
import { listAbove } from "./paths.ts";
import { unfit } from "./refuse.ts";

/** Files by path. */
export type Tree = Map<string, LayerFile>;

interface Growing {
  files: Tree;
  /** Folders that are named, and those that files lie in. */
  folders: Set<string>;
}

function addFolders(folders: Set<string>, { kind, path }: LayerEntry): void {
  if (kind === "folder" && path !== "") folders.add(path);
  if (kind === "folder" || kind === "file") for (const above of listAbove(path)) folders.add(above);
}

/** A file is no folder: nothing lies below one, whichever came first. */
function demandTree({ files, folders }: Growing, added: readonly LayerEntry[]): void {
  for (const { kind, path } of added) {
    const above = [...listAbove(path)].find((one) => files.has(one));
    if (above !== undefined) throw unfit(`${showName(path)} lies below the file ${showName(above)}`);
    if (kind === "file" && folders.has(path)) throw unfit(`${showName(path)} is a file and a folder`);
    if (kind === "folder" && files.has(path)) throw unfit(`${showName(path)} is a file and a folder`);
  }
}

function demandSound(path: string): void {
  if (!isSoundName(path)) throw unfit(`${showName(path)} is no path within a model`);
}

/** All files of layers that lie side by side. No path comes twice. */
export function joinLayers(layers: readonly (readonly LayerEntry[])[]): Tree {
  const tree: Growing = { files: new Map(), folders: new Set() };
  const entries = layers.flat();
  for (const entry of entries) {
    addFolders(tree.folders, entry);
    if (entry.kind !== "file") continue;
    demandSound(entry.path);
    if (tree.files.has(entry.path)) throw unfit(`${showName(entry.path)} is packed twice`);
    tree.files.set(entry.path, entry);
  }
  demandTree(tree, entries);
  return tree.files;
}

/** Takes away what a layer hides of those below it: by whiteouts, or by a file where they have a folder. */
function hideBelow({ files, folders }: Growing, entries: readonly LayerEntry[]): void {
  const gone = new Set<string>();
  const emptied = new Set<string>();
  for (const { kind, path } of entries) {
    if (kind === "opaque") emptied.add(path);
    else if (kind === "whiteout" || (kind === "file" && folders.has(path))) gone.add(path);
    else if (kind === "folder") files.delete(path);
  }
  if (gone.size === 0 && emptied.size === 0) return;
  const isHidden = (path: string) =>
    gone.has(path) || emptied.has("") || [...listAbove(path)].some((above) => gone.has(above) || emptied.has(above));
  for (const path of files.keys()) if (isHidden(path)) files.delete(path);
  for (const path of folders) if (isHidden(path)) folders.delete(path);
}

/** What a layer takes away of those below it, and brings itself, depends on the order in which a runtime does both. */
function demandOneWay(entries: readonly LayerEntry[]): void {
  const gone = new Set(entries.flatMap(({ kind, path }) => (kind === "whiteout" ? [path] : [])));
  for (const { kind, path } of entries) {
    const both = [path, ...listAbove(path)].find((one) => gone.has(one));
    if (kind !== "whiteout" && both !== undefined)
      throw unfit(`a layer brings ${showName(path)} and takes ${showName(both)} away`);
  }
}

/** An entry below a symbolic link lies where the link leads, or not, as the runtime has it. */
function demandNoDetour(layers: readonly LayerContents[]): void {
  const links = new Set<string>();
  for (const layer of layers) {
    for (const link of layer.links) links.add(link);
    for (const folder of layer.folders) {
      const link = [folder, ...listAbove(folder)].find((one) => links.has(one));
      if (link !== undefined)
        throw unfit(`something in ${showName(folder)} lies below the symbolic link ${showName(link)}`);
    }
  }
}

/** The files of an image's layers, each over those before it (OCI image specification, "Image Layer Filesystem Changeset"). */
export function stackLayers(layers: readonly LayerContents[]): Tree {
  demandNoDetour(layers);
  const tree: Growing = { files: new Map(), folders: new Set() };
  for (const { entries } of layers) {
    demandOneWay(entries);
    hideBelow(tree, entries);
    for (const entry of entries) {
      addFolders(tree.folders, entry);
      if (entry.kind !== "file") continue;
      demandSound(entry.path);
      tree.files.set(entry.path, entry);
    }
    demandTree(tree, entries);
  }
  return tree.files;
}
