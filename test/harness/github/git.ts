// Git's object model in memory: blobs, trees and commits named by their real SHA-1, histories of a path as git log
// shows them, and a revert. Nothing here knows HTTP.
import { createHash } from "node:crypto";

export interface Person {
  name: string;
  email: string;
  /** ISO 8601. */
  date: string;
}

export interface TreeEntry {
  path: string;
  mode: string;
  type: "blob" | "tree" | "commit";
  sha: string;
}

export interface GitCommit {
  sha: string;
  tree: string;
  parents: string[];
  author: Person;
  committer: Person;
  message: string;
}

function hash(type: "blob" | "tree" | "commit", content: Buffer): string {
  return createHash("sha1").update(`${type} ${content.length}\0`).update(content).digest("hex");
}

/** Git orders entries by bytes, folders as if their names ended with a slash. */
const orderKey = ({ path, type }: TreeEntry) => (type === "tree" ? `${path}/` : path);
const byGitOrder = (a: TreeEntry, b: TreeEntry) => Buffer.compare(Buffer.from(orderKey(a)), Buffer.from(orderKey(b)));

const toStamp = ({ name, email, date }: Person) => `${name} <${email}> ${Math.floor(Date.parse(date) / 1000)} +0000`;

export function createGitStore() {
  const blobs = new Map<string, Buffer>();
  const trees = new Map<string, TreeEntry[]>();
  const commits = new Map<string, GitCommit>();

  const writeBlob = (content: Buffer): string => {
    const sha = hash("blob", content);
    blobs.set(sha, content);
    return sha;
  };
  const writeTree = (entries: readonly TreeEntry[]): string => {
    const sorted = entries.toSorted(byGitOrder);
    const content = Buffer.concat(
      sorted.flatMap(({ mode, path, sha }) => [
        Buffer.from(`${mode.replace(/^0/, "")} ${path}\0`),
        Buffer.from(sha, "hex"),
      ]),
    );
    const sha = hash("tree", content);
    trees.set(sha, sorted);
    return sha;
  };
  const writeCommit = (commit: Omit<GitCommit, "sha">): GitCommit => {
    const lines = [
      `tree ${commit.tree}`,
      ...commit.parents.map((parent) => `parent ${parent}`),
      `author ${toStamp(commit.author)}`,
      `committer ${toStamp(commit.committer)}`,
      "",
      commit.message,
    ];
    const sha = hash("commit", Buffer.from(lines.join("\n")));
    const stored = { sha, ...commit };
    commits.set(sha, stored);
    return stored;
  };

  /** Changes files of a tree by path; `undefined` takes one away. */
  const changeTree = (
    base: string | undefined,
    changes: ReadonlyMap<string, { mode: string; sha: string } | undefined>,
  ): string => {
    const entries = new Map((base === undefined ? [] : (trees.get(base) ?? [])).map((entry) => [entry.path, entry]));
    const below = new Map<string, Map<string, { mode: string; sha: string } | undefined>>();
    for (const [path, change] of changes) {
      const [first = "", ...rest] = path.split("/");
      if (rest.length > 0) {
        const folder = below.get(first) ?? new Map<string, { mode: string; sha: string } | undefined>();
        below.set(first, folder.set(rest.join("/"), change));
      } else if (change === undefined) entries.delete(first);
      else entries.set(first, { path: first, type: "blob", ...change });
    }
    for (const [name, inside] of below) {
      const old = entries.get(name);
      const sha = changeTree(old?.type === "tree" ? old.sha : undefined, inside);
      if ((trees.get(sha) ?? []).length === 0) entries.delete(name);
      else entries.set(name, { path: name, mode: "040000", type: "tree", sha });
    }
    return writeTree([...entries.values()]);
  };

  /** Every file of a tree, by its whole path. */
  const listFiles = (tree: string, prefix = ""): Map<string, TreeEntry> => {
    const files = new Map<string, TreeEntry>();
    for (const entry of trees.get(tree) ?? []) {
      const path = `${prefix}${entry.path}`;
      if (entry.type === "tree") for (const [name, file] of listFiles(entry.sha, `${path}/`)) files.set(name, file);
      else files.set(path, entry);
    }
    return files;
  };

  /** What stands at a path: the name of its object, or undefined. */
  const findAt = (commit: string, path: string | undefined): string | undefined => {
    let sha = commits.get(commit)?.tree;
    for (const segment of path === undefined ? [] : path.split("/")) {
      sha = trees.get(sha ?? "")?.find((entry) => entry.path === segment)?.sha;
    }
    return sha;
  };

  /** The commits that changed a path, newest first, with git log's default simplification of history. */
  const listHistory = (from: string, path: string | undefined): GitCommit[] => {
    const seen = new Set<string>();
    const shown: GitCommit[] = [];
    const waiting = [from];
    for (let sha = waiting.shift(); sha !== undefined; sha = waiting.shift()) {
      const commit = commits.get(sha);
      if (commit === undefined || seen.has(sha)) continue;
      seen.add(sha);
      const same = commit.parents.find((parent) => findAt(parent, path) === findAt(commit.sha, path));
      if (same === undefined || path === undefined) {
        if (findAt(commit.sha, path) !== undefined || commit.parents.length > 0) shown.push(commit);
        waiting.push(...commit.parents);
      } else waiting.push(same);
    }
    return shown.toSorted((a, b) => Date.parse(b.committer.date) - Date.parse(a.committer.date));
  };

  /** Paths that differ between two trees. */
  const diff = (before: string, after: string): string[] => {
    const [old, now] = [listFiles(before), listFiles(after)];
    const isSame = (a?: TreeEntry, b?: TreeEntry) => a?.sha === b?.sha && a?.mode === b?.mode;
    return [...new Set([...old.keys(), ...now.keys()])]
      .filter((path) => !isSame(old.get(path), now.get(path)))
      .toSorted();
  };

  /** The tree of `head` without what led from `before` to `after`; undefined where a file changed since. */
  const revert = (head: string, before: string, after: string): string | undefined => {
    const [old, now, standing] = [listFiles(before), listFiles(after), listFiles(head)];
    const changes = new Map<string, { mode: string; sha: string } | undefined>();
    for (const path of diff(before, after)) {
      if (standing.get(path)?.sha !== now.get(path)?.sha) return undefined;
      const was = old.get(path);
      changes.set(path, was === undefined ? undefined : { mode: was.mode, sha: was.sha });
    }
    return changeTree(head, changes);
  };

  return { blobs, trees, commits, writeBlob, writeTree, writeCommit, changeTree, listFiles, listHistory, diff, revert };
}
