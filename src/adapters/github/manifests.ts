/** The manifests below a governed path, and what they make run at one commit. */
import { listGovernedDigests } from "../../domain/governed-text.ts";
import type { FileEntry, TreeReader } from "./tree.ts";

/** Where the manifests of a system live. */
export interface GovernedPath {
  branch: string;
  path: string | undefined;
}

const MANIFEST = /\.(ya?ml|json)$/i;

/** Whether a file is a manifest: by its ending, or because the path names it alone. */
export const isManifest = (file: string, path: string | undefined) => MANIFEST.test(file) || file === path;

/** Whether the path covers a file. */
export const isBelow = (file: string, path: string | undefined) =>
  path === undefined || file === path || file.startsWith(`${path}/`);

/** The manifests below the path as they were at a commit. */
export async function listManifests(
  reader: TreeReader,
  commit: string,
  path: string | undefined,
): Promise<FileEntry[]> {
  return (await reader.listFiles(commit, path)).filter((file) => isManifest(file.path, path));
}

/** Which of `wanted` the manifests make run at a commit. */
export async function findDigests(
  reader: TreeReader,
  at: { commit: string; path: string | undefined },
  wanted: readonly string[],
): Promise<Set<string>> {
  const found = new Set<string>();
  for (const file of await listManifests(reader, at.commit, at.path)) {
    for (const digest of listGovernedDigests(await reader.readFile(file))) found.add(digest);
  }
  return new Set(wanted.filter((digest) => found.has(digest)));
}
