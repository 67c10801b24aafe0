// The state of one repository on the fake GitHub: branches, pull requests, reviews, accounts; and how tests set it.
import { createGitStore, type GitCommit } from "./git.ts";

export interface Review {
  id: number;
  login: string;
  state: "APPROVED" | "CHANGES_REQUESTED" | "COMMENTED" | "DISMISSED";
  commit: string;
  submittedAt: string;
}

export interface Pull {
  number: number;
  title: string;
  body: string;
  login: string;
  state: "open" | "closed";
  createdAt: string;
  mergedAt: string | undefined;
  mergeCommit: string | undefined;
  labels: string[];
  headRef: string;
  headSha: string;
  /** Full name of the repository that the branch is in. */
  headRepo: string;
  baseRef: string;
  /** Where the branch left the base. */
  baseSha: string;
  reviews: Review[];
}

/** One commit as a test writes it; `undefined` takes a file away. */
export interface Draft {
  files: Record<string, string | undefined>;
  by?: string;
  message?: string;
  isVerified?: boolean;
  /** Written under an address that belongs to no account. */
  isUnlinked?: boolean;
}

export type Repository = ReturnType<typeof createRepositoryState>;

const WEB_FLOW = "web-flow";

export function createRepositoryState(fullName: string, startsAt = Date.parse("2026-11-01T00:00:00Z")) {
  const git = createGitStore();
  const branches = new Map<string, string>();
  const pulls = new Map<number, Pull>();
  const accounts = new Map<string, number>([[WEB_FLOW, 19_864_447]]);
  const verified = new Set<string>();
  // Every event is a second after the one before.
  let seconds = Math.floor(startsAt / 1000);
  let lastReview = 1000;

  const tick = () => {
    seconds += 1;
    return new Date(seconds * 1000).toISOString().replace(".000", "");
  };
  const accountOf = (login: string): { login: string; id: number } => {
    const id = accounts.get(login) ?? 100 + accounts.size;
    accounts.set(login, id);
    return { login, id };
  };
  const toAddress = (login: string) => `${accountOf(login).id}+${login}@users.noreply.github.com`;
  /** The account of a commit's address, as GitHub links them. */
  const findAccount = (email: string) => {
    const login = /^\d+\+(.+)@users\.noreply\.github\.com$/.exec(email)?.[1];
    return login !== undefined && accounts.has(login) ? accountOf(login) : undefined;
  };
  const personOf = (login: string) => ({ name: login, email: toAddress(login), date: tick() });

  const apply = (tree: string | undefined, files: Draft["files"]) =>
    git.changeTree(
      tree,
      new Map(
        Object.entries(files).map(([path, text]) => [
          path,
          text === undefined ? undefined : { mode: "100644", sha: git.writeBlob(Buffer.from(text, "latin1")) },
        ]),
      ),
    );
  const commitOn = (parent: string | undefined, draft: Draft): GitCommit => {
    const author = { ...personOf(draft.by ?? "dev") };
    if (draft.isUnlinked === true) author.email = "somebody@example.org";
    const commit = git.writeCommit({
      tree: apply(parent === undefined ? undefined : git.commits.get(parent)?.tree, draft.files),
      parents: parent === undefined ? [] : [parent],
      author,
      committer: author,
      message: draft.message ?? "change",
    });
    if (draft.isVerified !== false) verified.add(commit.sha);
    return commit;
  };
  const treeOf = (sha: string) => git.commits.get(sha)?.tree ?? "";
  const headOf = (branch: string) => {
    const sha = branches.get(branch);
    if (sha === undefined) throw new Error(`no branch ${branch}`);
    return sha;
  };

  /** Pushes a commit to a branch. */
  const push = (branch: string, draft: Draft): string => {
    const { sha } = commitOn(branches.get(branch), draft);
    branches.set(branch, sha);
    return sha;
  };

  const addPull = (
    pull: Pick<Pull, "title" | "body" | "login" | "headRef" | "headSha" | "baseRef"> & Partial<Pull>,
  ): Pull => {
    const added: Pull = {
      number: pulls.size + 1,
      state: "open",
      createdAt: tick(),
      mergedAt: undefined,
      mergeCommit: undefined,
      labels: [],
      headRepo: fullName,
      baseSha: headOf(pull.baseRef),
      reviews: [],
      ...pull,
    };
    pulls.set(added.number, added);
    return added;
  };

  /** Opens a pull request with the given commits. */
  const open = (
    commits: Draft[],
    options: { by?: string; title?: string; body?: string; base?: string; fork?: string } = {},
  ) => {
    const base = options.base ?? "main";
    const baseSha = headOf(base);
    const headSha = commits.reduce((parent, draft) => commitOn(parent, draft).sha, baseSha);
    const headRef = `feature-${pulls.size + 1}`;
    if (options.fork === undefined) branches.set(headRef, headSha);
    return addPull({
      title: options.title ?? "A change",
      body: options.body ?? "",
      login: options.by ?? "dev",
      headRef,
      headSha,
      baseRef: base,
      baseSha,
      ...(options.fork === undefined ? {} : { headRepo: options.fork }),
    });
  };

  /** The commits of a pull request, oldest first. */
  const listPullCommits = (pull: Pull): GitCommit[] => {
    const found: GitCommit[] = [];
    for (let sha: string | undefined = pull.headSha; sha !== undefined && sha !== pull.baseSha; ) {
      const commit = git.commits.get(sha);
      if (commit === undefined) break;
      found.unshift(commit);
      sha = commit.parents[0];
    }
    return found;
  };

  const byGitHub = (login: string, commit: Pick<GitCommit, "tree" | "parents" | "message">) => {
    const written = git.writeCommit({ ...commit, author: personOf(login), committer: personOf(WEB_FLOW) });
    verified.add(written.sha);
    return written.sha;
  };
  const replay = (onto: string, pull: Pull): string =>
    listPullCommits(pull).reduce((parent, commit) => {
      const tree = mergeTree(treeOf(parent), treeOf(commit.parents[0] ?? ""), commit.tree);
      return git.writeCommit({ ...commit, tree, parents: [parent], committer: personOf("merger") }).sha;
    }, onto);
  /** `tree` with what changed between two other trees. */
  const mergeTree = (tree: string, before: string, after: string) => {
    const now = git.listFiles(after);
    return git.changeTree(
      tree,
      new Map(
        git.diff(before, after).map((path) => {
          const file = now.get(path);
          return [path, file === undefined ? undefined : { mode: file.mode, sha: file.sha }];
        }),
      ),
    );
  };

  /** Merges a pull request in one of GitHub's three ways. */
  const merge = (pull: Pull, method: "merge" | "squash" | "rebase" = "squash", text?: string): Pull => {
    const base = headOf(pull.baseRef);
    const tree = mergeTree(treeOf(base), treeOf(pull.baseSha), treeOf(pull.headSha));
    const others = new Set(listPullCommits(pull).map(({ author }) => author.email));
    const trailers = [...others].filter((email) => email !== toAddress(pull.login));
    const message =
      text ?? [pull.title, "", ...trailers.map((email) => `Co-authored-by: x <${email}>`)].join("\n").trim();
    const made =
      method === "rebase"
        ? replay(base, pull)
        : byGitHub(pull.login, {
            tree,
            parents: method === "merge" ? [base, pull.headSha] : [base],
            message,
          });
    branches.set(pull.baseRef, made);
    branches.delete(pull.headRef);
    return Object.assign(pull, { state: "closed", mergedAt: tick(), mergeCommit: made });
  };

  return {
    fullName,
    git,
    branches,
    pulls,
    verified,
    tick,
    accountOf,
    findAccount,
    headOf,
    treeOf,
    push,
    open,
    addPull,
    merge,
    listPullCommits,
    /** Adds a review of the last commit. */
    review: (pull: Pull, login: string, state: Review["state"] = "APPROVED", commit = pull.headSha): Review => {
      lastReview += 1;
      const review = { id: lastReview, login: accountOf(login).login, state, commit, submittedAt: tick() };
      pull.reviews.push(review);
      return review;
    },
    /** The files of a branch as text. */
    readFiles: (branch: string): Record<string, string> =>
      Object.fromEntries(
        [...git.listFiles(treeOf(headOf(branch)))].map(([path, { sha }]) => [
          path,
          git.blobs.get(sha)?.toString("latin1") ?? "",
        ]),
      ),
    /** Reverts a merged pull request on a branch of its own, as GitHub does; undefined where it conflicts. */
    revert: (pull: Pull, by: string, text: { title: string; body: string }): Pull | undefined => {
      const merged = pull.mergeCommit;
      if (merged === undefined) return undefined;
      const head = headOf(pull.baseRef);
      const before = git.commits.get(merged)?.parents[0] ?? "";
      const tree = git.revert(treeOf(head), treeOf(before), treeOf(merged));
      if (tree === undefined) return undefined;
      const headSha = byGitHub(by, { tree, parents: [head], message: text.title });
      const headRef = `revert-${pull.number}-${pull.headRef}`;
      branches.set(headRef, headSha);
      return addPull({ ...text, login: by, headRef, headSha, baseRef: pull.baseRef, baseSha: head });
    },
  };
}
