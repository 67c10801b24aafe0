// What the fake GitHub does for each operation of the description that the product uses.
import * as z from "zod";
import { showCommit, showGitCommit, showPull, showReview } from "./answers.ts";
import type { Pull, Repository } from "./repository.ts";

export interface Call {
  repository: Repository;
  params: Record<string, string>;
  query: URLSearchParams;
  body: unknown;
  /** Whose credential it is. */
  login: string;
}

export interface Reply {
  status: number;
  /** What the fake knows; the schema fills the rest. */
  body: unknown;
}

const ok = (body: unknown, status = 200): Reply => ({ status, body });
export const refuse = (status: number, message: string, rest: object = {}): Reply => ({
  status,
  body: { message, documentation_url: "https://docs.github.com/rest", ...rest },
});
const NOT_FOUND = refuse(404, "Not Found");
const invalid = (message: string) =>
  refuse(422, "Validation Failed", { errors: [{ resource: "PullRequest", code: "custom", message }] });

function paginate<T>(all: readonly T[], query: URLSearchParams): T[] {
  const size = Math.min(100, Number(query.get("per_page") ?? 30));
  const page = Number(query.get("page") ?? 1);
  return all.slice((page - 1) * size, page * size);
}

function withPull(call: Call, show: (pull: Pull) => unknown): Reply {
  const pull = call.repository.pulls.get(Number(call.params.pull_number));
  return pull === undefined ? NOT_FOUND : ok(show(pull));
}

/** Whether a commit is reachable from another. */
function isAncestor({ git }: Repository, sha: string, from: string): boolean {
  const waiting = [from];
  const seen = new Set<string>();
  for (let next = waiting.pop(); next !== undefined; next = waiting.pop()) {
    if (next === sha) return true;
    if (seen.has(next)) continue;
    seen.add(next);
    waiting.push(...(git.commits.get(next)?.parents ?? []));
  }
  return false;
}

const blobBody = z.object({ content: z.string(), encoding: z.string().default("utf-8") });
const treeBody = z.object({
  base_tree: z.string().optional(),
  tree: z.array(z.object({ path: z.string(), mode: z.string(), type: z.literal("blob"), sha: z.string() })),
});
const person = z.object({ name: z.string(), email: z.string(), date: z.string() });
const commitBody = z.object({
  message: z.string(),
  tree: z.string(),
  parents: z.array(z.string()),
  author: person,
  committer: person,
});
const refBody = z.object({ ref: z.string(), sha: z.string() });
const pullBody = z.object({ title: z.string(), head: z.string(), base: z.string(), body: z.string().default("") });
const labelBody = z.object({ labels: z.array(z.string()) });

export const ROUTES: Record<string, (call: Call) => Reply> = {
  "GET /repos/{owner}/{repo}/git/ref/{ref}": ({ repository, params }) => {
    const ref = params.ref ?? "";
    const sha = ref.startsWith("heads/") ? repository.branches.get(ref.slice("heads/".length)) : undefined;
    return sha === undefined ? NOT_FOUND : ok({ ref: `refs/${ref}`, object: { type: "commit", sha } });
  },
  "GET /repos/{owner}/{repo}/git/commits/{commit_sha}": ({ repository, params }) => {
    const commit = repository.git.commits.get(params.commit_sha ?? "");
    return commit === undefined ? NOT_FOUND : ok(showGitCommit(repository, commit));
  },
  "GET /repos/{owner}/{repo}/git/trees/{tree_sha}": ({ repository, params, query }) => {
    const { git } = repository;
    const sha = params.tree_sha ?? "";
    const entries = git.trees.get(sha);
    if (entries === undefined) return NOT_FOUND;
    const sizeOf = (blob: string) => git.blobs.get(blob)?.length ?? 0;
    const files = query.has("recursive")
      ? [...git.listFiles(sha)].map(([path, entry]) => ({ ...entry, path }))
      : entries;
    const tree = files.map((entry) => (entry.type === "blob" ? { ...entry, size: sizeOf(entry.sha) } : entry));
    return ok({ sha, truncated: false, tree });
  },
  "GET /repos/{owner}/{repo}/git/blobs/{file_sha}": ({ repository, params }) => {
    const sha = params.file_sha ?? "";
    const content = repository.git.blobs.get(sha);
    if (content === undefined) return NOT_FOUND;
    // GitHub breaks base64 into lines.
    const text = content.toString("base64").replace(/.{60}/g, "$&\n");
    return ok({ sha, size: content.length, encoding: "base64", content: `${text}\n` });
  },
  "GET /repos/{owner}/{repo}/commits": ({ repository, query }) => {
    const from = repository.branches.get(query.get("sha") ?? "main") ?? query.get("sha") ?? "";
    if (!repository.git.commits.has(from)) return NOT_FOUND;
    const history = repository.git.listHistory(from, query.get("path") ?? undefined);
    return ok(paginate(history, query).map((commit) => showCommit(repository, commit)));
  },
  "GET /repos/{owner}/{repo}/commits/{commit_sha}/pulls": ({ repository, params, query }) => {
    const sha = params.commit_sha ?? "";
    const found = [...repository.pulls.values()].filter(
      (pull) => pull.mergeCommit === sha || repository.listPullCommits(pull).some((commit) => commit.sha === sha),
    );
    return ok(paginate(found, query).map((pull) => showPull(repository, pull)));
  },
  "GET /repos/{owner}/{repo}/pulls": ({ repository, query }) => {
    const state = query.get("state") ?? "open";
    const [base, head] = [query.get("base"), query.get("head")];
    const found = [...repository.pulls.values()]
      .filter((pull) => state === "all" || pull.state === state)
      .filter((pull) => base === null || pull.baseRef === base)
      .filter((pull) => head === null || `${pull.headRepo.split("/")[0]}:${pull.headRef}` === head)
      .toSorted((a, b) => b.number - a.number);
    const ordered = query.get("direction") === "asc" ? found.toReversed() : found;
    return ok(paginate(ordered, query).map((pull) => showPull(repository, pull)));
  },
  "GET /repos/{owner}/{repo}/pulls/{pull_number}/files": (call) =>
    withPull(call, (pull) => {
      const { git, treeOf } = call.repository;
      const [before, after] = [treeOf(pull.baseSha), treeOf(pull.headSha)];
      const [old, now] = [git.listFiles(before), git.listFiles(after)];
      const files = git.diff(before, after).map((filename) => ({
        filename,
        status: !old.has(filename) ? "added" : now.has(filename) ? "modified" : "removed",
        sha: now.get(filename)?.sha ?? old.get(filename)?.sha,
      }));
      return paginate(files, call.query);
    }),
  "GET /repos/{owner}/{repo}/pulls/{pull_number}/commits": (call) =>
    withPull(call, (pull) =>
      paginate(call.repository.listPullCommits(pull), call.query).map((commit) => showCommit(call.repository, commit)),
    ),
  "GET /repos/{owner}/{repo}/pulls/{pull_number}/reviews": (call) =>
    withPull(call, (pull) => paginate(pull.reviews, call.query).map((one) => showReview(call.repository, pull, one))),

  "POST /repos/{owner}/{repo}/git/blobs": ({ repository, body }) => {
    const { content, encoding } = blobBody.parse(body);
    const sha = repository.git.writeBlob(Buffer.from(content, encoding === "base64" ? "base64" : "utf8"));
    return ok({ sha }, 201);
  },
  "POST /repos/{owner}/{repo}/git/trees": ({ repository, body }) => {
    const { base_tree, tree } = treeBody.parse(body);
    const { git } = repository;
    if (base_tree !== undefined && !git.trees.has(base_tree)) return invalid("base_tree is not a valid tree oid");
    if (tree.some(({ sha }) => !git.blobs.has(sha))) return invalid("tree.sha is not a valid blob");
    const sha = git.changeTree(
      base_tree,
      new Map(tree.map((entry) => [entry.path, { mode: entry.mode, sha: entry.sha }])),
    );
    return ok({ sha, truncated: false, tree: git.trees.get(sha) ?? [] }, 201);
  },
  "POST /repos/{owner}/{repo}/git/commits": ({ repository, body }) => {
    const commit = commitBody.parse(body);
    if (!repository.git.trees.has(commit.tree)) return invalid("Tree SHA does not exist");
    if (commit.parents.some((sha) => !repository.git.commits.has(sha))) return invalid("Parent SHA does not exist");
    return ok(showGitCommit(repository, repository.git.writeCommit(commit)), 201);
  },
  "POST /repos/{owner}/{repo}/git/refs": ({ repository, body }) => {
    const { ref, sha } = refBody.parse(body);
    if (!/^refs\/heads\/[A-Za-z0-9]/.test(ref) || /\.\.|\/\/|\.lock$|[~^: ?*[\\]/.test(ref)) {
      return refuse(422, "Reference name is not valid");
    }
    const branch = ref.slice("refs/heads/".length);
    if (repository.branches.has(branch)) return refuse(422, "Reference already exists");
    if (!repository.git.commits.has(sha)) return refuse(422, "Object does not exist");
    repository.branches.set(branch, sha);
    return ok({ ref, object: { type: "commit", sha } }, 201);
  },
  "POST /repos/{owner}/{repo}/pulls": ({ repository, body, login }) => {
    const { title, head, base, body: text } = pullBody.parse(body);
    const branch = head.includes(":") ? (head.split(":")[1] ?? "") : head;
    const [headSha, baseSha] = [repository.branches.get(branch), repository.branches.get(base)];
    if (headSha === undefined || baseSha === undefined) return invalid("head or base is not a branch");
    const isOpen = [...repository.pulls.values()].some(
      (pull) => pull.state === "open" && pull.headRef === branch && pull.baseRef === base,
    );
    if (isOpen) return invalid(`A pull request already exists for ${repository.fullName.split("/")[0]}:${branch}.`);
    if (isAncestor(repository, headSha, baseSha)) return invalid(`No commits between ${base} and ${branch}`);
    const left = repository.git.commits.get(headSha)?.parents[0] ?? baseSha;
    const pull = repository.addPull({
      title,
      body: text,
      login,
      headRef: branch,
      headSha,
      baseRef: base,
      baseSha: left,
    });
    return ok(showPull(repository, pull), 201);
  },
  "POST /repos/{owner}/{repo}/issues/{issue_number}/labels": ({ repository, params, body }) => {
    const pull = repository.pulls.get(Number(params.issue_number));
    if (pull === undefined) return NOT_FOUND;
    pull.labels = [...new Set([...pull.labels, ...labelBody.parse(body).labels])];
    return ok(pull.labels.map((name) => ({ name })));
  },
};
