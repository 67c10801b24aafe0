/** The files of a model on disk (OMS v1.0, "File enumeration"). A symbolic link is an error, wherever it leads. */
import { lstat, readdir } from "node:fs/promises";
import { basename, join } from "node:path";
import { byCodePoint, isIgnored, isSoundName } from "./names.ts";
import { ModelRefusal, showName } from "./refusal.ts";

export interface ModelFile {
  /** Relative, with `/`. */
  name: string;
  path: string;
  size: number;
}

/** Left out at the top of a model, and nowhere else. */
export const GIT_FILES: readonly string[] = [".git", ".gitattributes", ".github", ".gitignore"];
const MAX_FILES = 1_000_000;

const unfit = (why: string) => new ModelRefusal("ModelUnfit", why);

async function walk(folder: string, prefix: string, ignored: readonly string[], found: ModelFile[]): Promise<void> {
  for (const entry of await readdir(folder, { withFileTypes: true })) {
    const name = `${prefix}${entry.name}`;
    if (isIgnored(name, ignored)) continue;
    const path = join(folder, entry.name);
    // A name that is no UTF-8 was decoded to something else, and would be looked for in vain.
    if (!isSoundName(name) || name.includes("\ufffd")) throw unfit(`${showName(name)} is no name that can be signed`);
    if (entry.isSymbolicLink())
      throw unfit(`${showName(name)} is a symbolic link: put the file itself there, or ignore it`);
    if (entry.isDirectory()) await walk(path, `${name}/`, ignored, found);
    else if (!entry.isFile()) throw unfit(`${showName(name)} is neither a file nor a folder`);
    else {
      if (found.length >= MAX_FILES) throw unfit(`it has more than ${MAX_FILES} files`);
      found.push({ name, path, size: (await lstat(path)).size });
    }
  }
}

/** Every file of the model but those left out, by code point. Throws a ModelRefusal where there is none. */
export async function listFiles(model: string, ignored: readonly string[]): Promise<ModelFile[]> {
  const status = await lstat(model);
  if (status.isSymbolicLink()) throw unfit("the model is a symbolic link");
  if (status.isFile()) return [{ name: basename(model), path: model, size: status.size }];
  const found: ModelFile[] = [];
  await walk(model, "", [...GIT_FILES, ...ignored], found);
  if (found.length === 0) throw unfit("it has no files");
  return found.toSorted((a, b) => byCodePoint(a.name, b.name));
}
