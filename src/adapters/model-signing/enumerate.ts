/** The files of a model on disk (OMS v1.0, "File enumeration"). A symbolic link is an error, wherever it leads. */
import type { BigIntStats } from "node:fs";
import { lstat, readdir } from "node:fs/promises";
import { basename, join } from "node:path";
import { byCodePoint, isIgnored, isSoundName } from "./names.ts";
import { changed, showName, unfit } from "./refusal.ts";

/** By what a file is known again: another one, or one that was written to, has another. */
export type FileStamp = Pick<BigIntStats, "dev" | "ino" | "size" | "mtimeNs" | "ctimeNs">;

export interface ModelFile {
  /** Relative, with `/`. */
  name: string;
  path: string;
  size: number;
  stamp: FileStamp;
}

/** Left out at the top of a model, and nowhere else. */
export const GIT_FILES: readonly string[] = [".git", ".gitattributes", ".github", ".gitignore"];
const MAX_FILES = 1_000_000;

export const toStamp = ({ dev, ino, size, mtimeNs, ctimeNs }: BigIntStats): FileStamp => ({
  dev,
  ino,
  size,
  mtimeNs,
  ctimeNs,
});

export const isSameFile = (one: FileStamp, other: FileStamp): boolean =>
  one.dev === other.dev &&
  one.ino === other.ino &&
  one.size === other.size &&
  one.mtimeNs === other.mtimeNs &&
  one.ctimeNs === other.ctimeNs;

const toFile = (name: string, path: string, status: BigIntStats): ModelFile => ({
  name,
  path,
  size: Number(status.size),
  stamp: toStamp(status),
});

async function walk(folder: string, prefix: string, listing: Listing, found: ModelFile[]): Promise<void> {
  const { ignored, passed } = listing;
  for (const entry of await readdir(folder, { withFileTypes: true })) {
    const name = `${prefix}${entry.name}`;
    if (isIgnored(name, ignored)) {
      passed?.add(name);
      continue;
    }
    const path = join(folder, entry.name);
    // A name that is no UTF-8 was decoded to something else, and would be looked for in vain.
    if (!isSoundName(name) || name.includes("\ufffd")) throw unfit(`${showName(name)} is no name that can be signed`);
    if (entry.isSymbolicLink())
      throw unfit(`${showName(name)} is a symbolic link: put the file itself there, or ignore it`);
    if (entry.isDirectory()) await walk(path, `${name}/`, listing, found);
    else if (!entry.isFile()) throw unfit(`${showName(name)} is neither a file nor a folder`);
    else {
      if (found.length >= MAX_FILES) throw unfit(`it has more than ${MAX_FILES} files`);
      found.push(toFile(name, path, await lstat(path, { bigint: true })));
    }
  }
}

/** With a slash at its end a link would be followed before anybody sees that it is one. */
const withoutTail = (path: string) => path.replace(/(?:\/\.?)+$/, "") || "/";

/** Where a model is, and how it is listed. */
export interface Listing {
  model: string;
  /** Paths within it that are left out. */
  ignored: readonly string[];
  /** How the file is named where the model is one; by its base name where it is left out. */
  nameOfOne?: string | undefined;
  /** Collects what of that is there, and so was passed by: files, and folders with all that is in them. */
  passed?: Set<string>;
}

/** Every file of the model but those left out, by code point. Throws a ModelRefusal where there is none. */
export async function listFiles(listing: Listing): Promise<ModelFile[]> {
  const { model, nameOfOne } = listing;
  const top = withoutTail(model);
  const status = await lstat(top, { bigint: true });
  if (status.isSymbolicLink()) throw unfit("the model is a symbolic link");
  if (status.isFile()) return [toFile(nameOfOne ?? basename(top), top, status)];
  const found: ModelFile[] = [];
  await walk(top, "", listing, found);
  if (found.length === 0) throw unfit("it has no files");
  return found.toSorted((a, b) => byCodePoint(a.name, b.name));
}

/** Lists anew what was listed before. Throws a ModelRefusal where a file came, went, or is another one now. */
export async function demandUnchanged(before: readonly ModelFile[], listing: Listing): Promise<void> {
  const rest = new Map(before.map((file) => [file.name, file]));
  for (const { name, stamp } of await listFiles(listing)) {
    const known = rest.get(name);
    if (known === undefined || !isSameFile(known.stamp, stamp)) throw changed(name);
    rest.delete(name);
  }
  for (const name of rest.keys()) throw changed(name);
}
