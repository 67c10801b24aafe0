/** Files in their folders. Each step costs as much as its path is deep, however many files there are. */
import { showName, unfit } from "../model-signing/refusal.ts";
import type { LayerFile } from "./layer.ts";

type Node = Folder | LayerFile;
type Folder = Map<string, Node>;

const isFolder = (node: Node | undefined): node is Folder => node instanceof Map;

export interface FileTree {
  /** What lies at `path`. */
  tell(path: string): "file" | "folder" | undefined;
  /** Takes away `path` and all below it. */
  remove(path: string): void;
  /** Takes away all below `path`, which stays; `""` is everything. */
  empty(path: string): void;
  /** Throws a ModelRefusal where `path` or a folder above it is a file. */
  addFolder(path: string): void;
  /** Puts a file in the place of another. Throws a ModelRefusal where it is a folder, or lies below a file. */
  addFile(file: LayerFile): void;
  files(): LayerFile[];
}

/** Makes a tree that takes at most `most` files and folders in its life. */
export function createFileTree(most: number): FileTree {
  const top: Folder = new Map();
  let nodes = 0;
  const put = (folder: Folder, name: string, node: Node) => {
    nodes += 1;
    if (nodes > most) throw unfit(`it has more than ${most} files and folders`);
    folder.set(name, node);
  };
  const find = (path: string): Node | undefined => {
    let node: Node | undefined = top;
    for (let from = 0; path !== "" && from <= path.length && isFolder(node); ) {
      const slash = path.indexOf("/", from);
      const end = slash === -1 ? path.length : slash;
      node = node.get(path.slice(from, end));
      from = end + 1;
      if (!isFolder(node) && from <= path.length) return undefined;
    }
    return node;
  };
  /** The folder of the first `end` characters of `path`, made where it is not there. */
  const makeFolder = (path: string, end: number): Folder => {
    let folder = top;
    for (let from = 0; from < end; ) {
      const slash = path.indexOf("/", from);
      const to = slash === -1 ? path.length : slash;
      const part = path.slice(from, to);
      const next = folder.get(part);
      if (isFolder(next)) folder = next;
      else if (next === undefined) {
        const made: Folder = new Map();
        put(folder, part, made);
        folder = made;
      } else if (to === path.length) throw unfit(`${showName(path)} is a file and a folder`);
      else throw unfit(`${showName(path)} lies below the file ${showName(next.path)}`);
      from = to + 1;
    }
    return folder;
  };
  return {
    tell: (path) => {
      const node = find(path);
      if (node === undefined) return undefined;
      return isFolder(node) ? "folder" : "file";
    },
    remove: (path) => {
      const slash = path.lastIndexOf("/");
      const parent = find(path.slice(0, Math.max(0, slash)));
      if (isFolder(parent)) parent.delete(path.slice(slash + 1));
    },
    empty: (path) => {
      const folder = find(path);
      if (isFolder(folder)) folder.clear();
    },
    addFolder: (path) => {
      makeFolder(path, path.length);
    },
    addFile: (file) => {
      const { path } = file;
      const slash = path.lastIndexOf("/");
      const folder = makeFolder(path, Math.max(0, slash));
      const name = path.slice(slash + 1);
      if (isFolder(folder.get(name))) throw unfit(`${showName(path)} is a file and a folder`);
      put(folder, name, file);
    },
    files: () => {
      const found: LayerFile[] = [];
      const open: Folder[] = [top];
      for (let folder = open.pop(); folder !== undefined; folder = open.pop()) {
        for (const node of folder.values()) {
          if (isFolder(node)) open.push(node);
          else found.push(node);
        }
      }
      return found;
    },
  };
}
