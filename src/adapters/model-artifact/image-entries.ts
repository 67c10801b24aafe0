/**
 * What the entries of a container image's layer mean for the model at `root`. Files elsewhere are the image's own; what
 * could lead there from elsewhere, or from there elsewhere, is refused.
 */
import { showName, unfit } from "../model-signing/refusal.ts";
import { isSoundName } from "../model-signing/names.ts";
import { isWithin, toParent } from "./paths.ts";
import type { Sieve, Sifted } from "./sieve.ts";
import type { TarEntry } from "./tar.ts";

const WHITEOUT = ".wh.";
const OPAQUE = ".wh..wh..opq";

const toName = (path: string) => path.slice(path.lastIndexOf("/") + 1);

/** `path` as seen from the model: relative to its root where it lies in it, undefined elsewhere. */
function toInner(path: string, root: string): string | undefined {
  if (!isWithin(path, root)) return undefined;
  return root === "" ? path : path.slice(root.length + 1);
}

/** A whiteout in the model, or of a folder that holds it. */
function siftWhiteout({ kind, size }: TarEntry, path: string, root: string): Sifted {
  const parent = toParent(path);
  const isOpaque = toName(path) === OPAQUE;
  const name = toName(path).slice(WHITEOUT.length);
  const target = isOpaque ? parent : parent === "" ? name : `${parent}/${name}`;
  const inner = toInner(target, root);
  if (inner === undefined && !isWithin(root, target)) return undefined;
  if (
    kind !== "file" ||
    size > 0 ||
    name === "" ||
    name === "." ||
    name === ".." ||
    (!isOpaque && name.startsWith(WHITEOUT))
  )
    throw unfit(`${showName(path)} is no whiteout`);
  // Whatever hides a folder that holds the model hides all of it.
  return { kind: isOpaque || inner === undefined || inner === "" ? "opaque" : "whiteout", path: inner ?? "" };
}

function demandHarmlessLink({ kind, link }: TarEntry, path: string, root: string): void {
  if (kind !== "hardlink") return;
  const target = link.toString("utf8").replace(/^(\.?\/)+/, "");
  const isPlain = isSoundName(target) && !isWithin(target, root);
  if (!isPlain) throw unfit(`${showName(path)} is a hard link into the model`);
}

/** Makes the sieve of one layer. */
export function createImageSieve(root: string): Sieve {
  const links = new Set<string>();
  const folders = new Set<string>();
  let names = 0;
  const keep = (paths: Set<string>, path: string) => {
    if (paths.has(path)) return;
    paths.add(path);
    names += Buffer.byteLength(path);
  };
  return {
    sift: (about, path) => {
      const { kind } = about;
      keep(folders, kind === "folder" ? path : toParent(path));
      if (toName(path).startsWith(WHITEOUT)) return siftWhiteout(about, path, root);
      if (
        toParent(path)
          .split("/")
          .some((part) => part.startsWith(WHITEOUT))
      )
        throw unfit(`${showName(path)} lies in a whiteout`);
      const inner = toInner(path, root);
      if (inner === undefined) {
        if (kind !== "folder" && isWithin(root, path))
          throw unfit(`${showName(path)} stands where the model's folder belongs`);
        if (kind === "symlink") keep(links, path);
        demandHarmlessLink(about, path, root);
        return undefined;
      }
      if (inner === "" && kind !== "folder") throw unfit(`${showName(path)} stands where the model's folder belongs`);
      switch (kind) {
        case "file":
          return { kind, path: inner };
        case "folder":
          return { kind, path: inner };
        case "symlink":
        case "hardlink":
        case "special":
          throw unfit(`${showName(path)} is neither a file nor a folder`);
      }
    },
    names: () => names,
    finish: () => ({ links: [...links], folders: [...folders] }),
  };
}
