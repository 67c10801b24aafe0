/**
 * Reads commits, trees and files of a repository by their names in Git, which never change: what was read once is
 * kept. Folders are walked from the root, so no path ever becomes part of an address.
 */
import * as z from "zod";
import { dataOf, type GitHub } from "./client.ts";
import { isFailure, toFailure } from "./errors.ts";

const gitName = z.string().regex(/^[a-f0-9]{40}([a-f0-9]{24})?$/);
const gitRef = z.object({ object: z.object({ type: z.string(), sha: gitName }) });
const gitCommit = z.object({
  sha: gitName,
  tree: z.object({ sha: gitName }),
  parents: z.array(z.object({ sha: gitName })).max(64),
});
const treeEntry = z.object({
  path: z.string(),
  mode: z.string(),
  type: z.string(),
  sha: gitName.optional(),
  size: z.number().optional(),
});
const gitTree = z.object({ truncated: z.boolean(), tree: z.array(treeEntry) });
const gitBlob = z.object({ encoding: z.literal("base64"), content: z.string() });

export interface Commit {
  sha: string;
  tree: string;
  parents: string[];
}

/** A file below the governed path. */
export interface FileEntry {
  path: string;
  mode: "100644" | "100755";
  sha: string;
  size: number;
}

export interface TreeReader {
  /** The commit at the end of a branch; undefined where there is no such branch. */
  findBranch(branch: string): Promise<string | undefined>;
  readCommit(sha: string): Promise<Commit>;
  /** Every file below the path, as it was at the commit. */
  listFiles(commit: string, path: string | undefined): Promise<FileEntry[]>;
  /** Bytes of a file as Latin-1, so that writing them back changes none. */
  readFile(entry: FileEntry): Promise<string>;
}

/** Most files below one path, and the longest of them that is read. */
const MAX_FILES = 5000;
const MAX_FILE_BYTES = 1024 * 1024;
/** Most files that one look reads. */
const MAX_READS = 1000;

const isPlain = (mode: string): mode is FileEntry["mode"] => mode === "100644" || mode === "100755";

/** Remembers what a name stands for. */
function remember<T>(read: (name: string) => Promise<T>): (name: string) => Promise<T> {
  const known = new Map<string, Promise<T>>();
  return (name) => {
    const found = known.get(name) ?? read(name);
    known.set(name, found);
    return found;
  };
}

/** Makes a reader for one look at the repository. */
export function createTreeReader({ octokit, owner, repo, ask }: GitHub): TreeReader {
  const where = { owner, repo };
  let reads = 0;
  const readTree = (recursive: boolean) =>
    remember(async (sha) => {
      const params = { ...where, tree_sha: sha, ...(recursive ? { recursive: "1" } : {}) };
      const found = await ask("a folder", () => octokit.rest.git.getTree(params), dataOf(gitTree));
      if (found.truncated || found.tree.length > MAX_FILES) {
        throw toFailure("the path of the AISystem", { code: "Invalid" }, `it has more than ${MAX_FILES} files`);
      }
      return found.tree;
    });
  const readFolder = readTree(false);
  const readWhole = readTree(true);
  const readCommit = remember(async (sha): Promise<Commit> => {
    const request = () => octokit.rest.git.getCommit({ ...where, commit_sha: sha });
    const found = await ask("a commit", request, dataOf(gitCommit));
    return { sha: found.sha, tree: found.tree.sha, parents: found.parents.map((parent) => parent.sha) };
  });
  const readBlob = remember(async (sha) => {
    reads += 1;
    if (reads > MAX_READS) {
      throw toFailure("the path of the AISystem", { code: "Invalid" }, `more than ${MAX_READS} files to read`);
    }
    const found = await ask("a file", () => octokit.rest.git.getBlob({ ...where, file_sha: sha }), dataOf(gitBlob));
    return Buffer.from(found.content, "base64").toString("latin1");
  });

  const toFile = (prefix: string, { path, mode, sha, size = 0 }: z.output<typeof treeEntry>): FileEntry[] =>
    sha === undefined || !isPlain(mode) ? [] : [{ path: prefix === "" ? path : `${prefix}/${path}`, mode, sha, size }];

  return {
    findBranch: async (branch) => {
      const request = () => octokit.rest.git.getRef({ ...where, ref: `heads/${branch}` });
      try {
        const { object } = await ask(`branch ${branch}`, request, dataOf(gitRef));
        return object.sha;
      } catch (error) {
        if (isFailure(error, "NotFound")) return undefined;
        throw error;
      }
    },
    readCommit,
    listFiles: async (commit, path) => {
      let { tree } = await readCommit(commit);
      const segments = path === undefined ? [] : path.split("/");
      for (const [index, segment] of segments.entries()) {
        const entry = (await readFolder(tree)).find((one) => one.path === segment);
        if (entry?.sha === undefined) return [];
        const isLast = index === segments.length - 1;
        if (entry.type === "blob") return isLast ? toFile(segments.slice(0, -1).join("/"), entry) : [];
        if (entry.type !== "tree") return [];
        tree = entry.sha;
      }
      return (await readWhole(tree))
        .filter(({ type }) => type === "blob")
        .flatMap((one) => toFile(segments.join("/"), one));
    },
    readFile: async (entry) => {
      if (entry.size > MAX_FILE_BYTES) {
        throw toFailure(`file ${entry.path}`, { code: "Invalid" }, `longer than ${MAX_FILE_BYTES} bytes`);
      }
      return readBlob(entry.sha);
    },
  };
}
